/** Steps of a script: each is announced, timed, and its failure ends the script with one line. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SilenceWatch } from './silence.ts';
import type { SilenceLimits } from './silence.ts';

export const project = join(import.meta.dirname, '..');
const bin = join(project, 'node_modules/.bin');
export const node = join(bin, 'node');

/** The path of a program that came with the npm packages. */
export const tool = (name: string): string => join(bin, name);

/** Throws unless this process is the pinned Node: another one would fail in stranger ways. */
export function requireNode(): void {
  if (Number(process.versions.node.split('.')[0]) >= 26) return;
  console.error(`this script runs on Node 26, not ${process.version}: use 'make', or ${node}`);
  process.exit(1);
}

export interface RunResult {
  readonly code: number;
  readonly output: string;
}

export interface RunOptions {
  /** Called with each line as it comes. */
  readonly onLine?: (line: string) => void;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the project's folder. */
  readonly cwd?: string;
  /** The program is killed after this; never by default. */
  readonly timeoutMs?: number;
  /** When a silent program is ended; never by default. */
  readonly silence?: SilenceLimits;
}

/** Runs a program in the project's folder with the pinned Node first in PATH; never through a shell. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? project,
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      env: { ...process.env, ...options.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const silence = options.silence && new SilenceWatch(child, options.silence);
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        silence?.heard();
        chunks.push(text);
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) options.onLine?.(line);
      });
      stream.on('end', () => {
        if (rest !== '') options.onLine?.(rest);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output: chunks.join('') }));
  });
}

export const secondsSince = (startedAt: number): string =>
  `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;

/** Standard output and error; throws with their end when the exit code is not 0. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, output } = await run(argv, options);
  if (code === 0) return output;
  throw new Error(`${argv.join(' ')} ended with ${code}:\n${output.slice(-4000)}`);
}
