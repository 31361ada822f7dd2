/** Runs the host's own tools (ip, nft, fallocate): bounded in time, output and number. */
import { spawn } from 'node:child_process';
import { ClusterError } from '#lib';

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface CommandOptions {
  /** Written to the standard input, which is then closed. */
  readonly stdin?: string;
  /** Default 15 s; the command is killed then. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export const commandDeadlineMs = 15_000;
/** Output kept of each stream, bytes; a command that says more is killed. */
const outputBytesMax = 32 << 20;
/** Commands that run at the same time; more wait for their turn. */
const commandsMax = 16;

/**
 * The system's folders only: a path that begins with node_modules/.bin has an `nft` of another kind.
 * Messages in English, as they are parsed.
 */
export const toolEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

let running = 0;
const waiting: (() => void)[] = [];

async function takeTurn(): Promise<void> {
  if (running < commandsMax) {
    running++;
    return;
  }
  await new Promise<void>((resolve) => waiting.push(resolve));
}
function endTurn(): void {
  const next = waiting.shift();
  if (next === undefined) running--;
  else next();
}

/** The result whatever the exit code. DEADLINE_EXCEEDED, CANCELLED, INTERNAL when it cannot start. */
export async function runCommand(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  await takeTurn();
  try {
    options.signal?.throwIfAborted();
    return await spawnCommand(argv, options);
  } finally {
    endTurn();
  }
}

function spawnCommand(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const [file = '', ...args] = argv;
  const { stdin, signal, deadlineMs = commandDeadlineMs } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: toolEnvironment });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      const text = `'${argv.join(' ')}' took longer than ${deadlineMs} ms`;
      reject(new ClusterError('DEADLINE_EXCEEDED', text));
    }, deadlineMs);
    const onAbort = (): void => {
      child.kill('SIGKILL');
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const collect = (stream: NodeJS.ReadableStream): (() => string) => {
      const parts: Buffer[] = [];
      let size = 0;
      stream.on('data', (part: Buffer) => {
        size += part.length;
        if (size > outputBytesMax) child.kill('SIGKILL');
        else parts.push(part);
      });
      return () => Buffer.concat(parts).toString('utf8');
    };
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    child.on('error', (error) => {
      settle();
      const text = `'${file}' cannot be run: ${error.message}; is it installed?`;
      reject(new ClusterError('INTERNAL', text, { cause: error }));
    });
    child.on('close', (code) => {
      settle();
      resolve({ stdout: stdout(), stderr: stderr(), exitCode: code ?? 137 });
    });
    // A command may end without reading what it was given.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '');
  });
}
