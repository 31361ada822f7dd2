/**
 * A small shell that stays and starts the host's own tools, one after the other. To start a process from the
 * daemon copies the tables of all its memory, 3 to 10 ms in which it does nothing else; from the shell it
 * takes a tenth of that.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { ClusterError } from '#lib';
import { commandDeadlineMs, toolEnvironment } from './command-node.ts';
import type { CommandOptions, CommandResult } from './command-node.ts';

/** Output of a command, characters of each stream; the shell of one that says more is killed. */
const outputMax = 4 << 20;

export type ShellOptions = Pick<CommandOptions, 'stdin' | 'deadlineMs'>;

export class Shell {
  readonly #enter: readonly string[];
  #process: ShellProcess | undefined;
  /** The end of the line of those that wait. */
  #last: Promise<unknown> = Promise.resolve();

  /** `enter`: a command that runs what follows it in another namespace. */
  constructor(enter: readonly string[] = []) {
    this.#enter = enter;
  }

  /**
   * The result whatever the exit code, 127 = no such tool. DEADLINE_EXCEEDED when it takes longer (15 s) than it
   * may, waiting for its turn not included; RUNTIME_ERROR when the shell ends under it. The next command
   * gets a new shell.
   */
  run(argv: readonly string[], options: ShellOptions = {}): Promise<CommandResult> {
    const result = this.#last.then(() => {
      if (this.#process === undefined || this.#process.isOver)
        this.#process = new ShellProcess(this.#enter);
      return this.#process.run(argv, options);
    });
    // The caller hears of a failure; those behind it only wait for its end.
    this.#last = result.catch(() => undefined);
    return result;
  }
}

interface Pending {
  readonly settle: (result: CommandResult | ClusterError) => void;
  stdout: string;
  stderr: string;
}

class ShellProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  /** Nothing that a tool prints, or that it is given, has a line like it. */
  readonly #mark = `::${randomUUID()}`;
  #pending: Pending | undefined;
  isOver = false;

  constructor(enter: readonly string[]) {
    const [file, ...args] = [...enter, 'sh'];
    // A group of its own: what the shell has started ends with it.
    this.#child = spawn(file, args, { detached: true, env: toolEnvironment });
    this.#child.on('error', (error) => this.#end(`cannot be run: ${error.message}`));
    this.#child.on('close', (code, signal) => this.#end(`ended: ${signal ?? code}`));
    for (const name of ['stdout', 'stderr'] as const)
      this.#child[name].setEncoding('utf8').on('data', (text: string) => this.#hear(name, text));
    this.#child.stdin.on('error', () => undefined);
    this.#hold(false);
  }

  run(argv: readonly string[], options: ShellOptions): Promise<CommandResult> {
    const { stdin = '', deadlineMs = commandDeadlineMs } = options;
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
    const timer = setTimeout(() => {
      const text = `'${argv.join(' ')}' took longer than ${deadlineMs} ms`;
      this.#kill(new ClusterError('DEADLINE_EXCEEDED', text));
    }, deadlineMs);
    const settle = (result: CommandResult | ClusterError): void => {
      clearTimeout(timer);
      this.#pending = undefined;
      this.#hold(false);
      if (result instanceof ClusterError) reject(result);
      else resolve(result);
    };
    this.#pending = { settle, stdout: '', stderr: '' };
    this.#hold(true);
    const input = stdin === '' || stdin.endsWith('\n') ? stdin : `${stdin}\n`;
    // Whatever the command said last ends with a new line here, which is taken off again.
    const marks = `printf '\\n%s %d\\n' '${this.#mark}' $?; printf '\\n%s\\n' '${this.#mark}' >&2`;
    this.#child.stdin.write(
      `${argv.map(quoted).join(' ')} <<'${this.#mark}'\n${input}${this.#mark}\n${marks}\n`,
    );
    return promise;
  }

  #hear(name: 'stdout' | 'stderr', text: string): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    pending[name] += text;
    if (pending[name].length > outputMax)
      this.#kill(
        new ClusterError('RUNTIME_ERROR', `a tool printed more than ${outputMax} characters`),
      );
    const ending = `\n${this.#mark}`;
    const at = pending.stdout.lastIndexOf(ending);
    if (at < 0 || !pending.stdout.endsWith('\n') || !pending.stderr.endsWith(`${ending}\n`)) return;
    pending.settle({
      stdout: pending.stdout.slice(0, at),
      stderr: pending.stderr.slice(0, -ending.length - 1),
      exitCode: Number(pending.stdout.slice(at + ending.length)),
    });
  }

  #kill(reason: ClusterError): void {
    this.isOver = true;
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
    this.#pending?.settle(reason);
  }

  #end(how: string): void {
    this.isOver = true;
    this.#pending?.settle(
      new ClusterError('RUNTIME_ERROR', `the shell for the host's tools ${how}`),
    );
  }

  /** The daemon does not stay for a shell that has nothing to do. */
  #hold(isHeld: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const one of [this.#child, stdin as Socket, stdout as Socket, stderr as Socket])
      if (isHeld) one.ref();
      else one.unref();
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
