/** Runs programs for tests and benchmarks; never through a shell. */
import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Killed after this; default 120 s. */
  readonly deadlineMs?: number;
}

/** The result, whatever the exit code; -1 when it was killed by a signal. */
export function attempt(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: options.deadlineMs ?? 120_000,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
        tookMs: performance.now() - startedAt,
      }),
    );
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });
}

/** Standard output; an exit code other than 0 is an error that shows what was printed. */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  return succeeded(argv, await attempt(argv, options));
}

/** The same of a result that is there already. */
export function succeeded(argv: readonly string[], result: CommandResult): string {
  const { code, stdout, stderr } = result;
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}\n${stderr}${stdout}`);
  return stdout;
}
