/** Other programs of this machine: run to their end, with a deadline and the error text kept. */
import { execFile } from 'node:child_process';
import { ClusterError } from '#lib';

export interface RunOptions {
  /** Given on standard input. */
  readonly input?: string;
  /** Killed after this long; default 30 s. */
  readonly deadlineMs?: number;
}

const outputBytesMax = 64 << 20;
/** A path that begins with node_modules/.bin, as under npm, has an `nft` of another kind. */
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Standard output of `command`; rejects with FAILED_PRECONDITION when it cannot be started, fails
 * or is too slow, naming the command line and its last words.
 */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      {
        timeout: options.deadlineMs ?? 30_000,
        maxBuffer: outputBytesMax,
        killSignal: 'SIGKILL',
        env: { ...process.env, PATH: systemPath },
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(commandFailed(command, args, error, stderr));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

function commandFailed(
  command: string,
  args: readonly string[],
  error: Error & { code?: unknown; killed?: boolean },
  stderr: string,
): ClusterError {
  const line = [command, ...args].join(' ').slice(0, 200);
  const words = stderr.trim().split('\n').at(-1) ?? '';
  const why =
    error.code === 'ENOENT'
      ? `${command} is not installed: run 'make setup'`
      : error.killed
        ? 'it took too long and was killed'
        : words || `it ended with ${String(error.code)}`;
  return new ClusterError('FAILED_PRECONDITION', `'${line}' failed: ${why}`, { cause: error });
}
