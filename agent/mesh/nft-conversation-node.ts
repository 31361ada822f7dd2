/**
 * One `nft -i` that stays and takes transactions, a line each. To start `nft` costs ten times what a change of a few
 * elements does.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { ClusterError, messageOf } from '#lib';
import type { Ms } from '#lib';
import { toolEnvironment } from '../containerd/command-node.ts';

/** It keeps each line it was given. */
const linesMax = 1_000;
/** Longer ones are for `nft -f`, characters. */
export const lineLengthMax = 16 << 10;
/** What it complains of at most, characters. */
const complaintMax = 1 << 20;

/** How long it may take to show that it can talk. */
const firstWordMs: Ms = 10_000;

/** A transaction for `nft -f -`, as one line. */
export function asLine(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => (line.endsWith('{') ? `${line} ` : `${line}; `))
    .join('');
}

/** A warning is none: the transaction is done. */
const isRefusal = /^(?:\S+: )?(?:Error|BUG|internal)\b/m;

/** What nft found wrong and where, without the line that it repeats. */
export function complaints(said: string): string {
  const lines = said.split('\n');
  return lines
    .flatMap((line, i) => {
      if (!isRefusal.test(line)) return [];
      const marks = /^( *)(\^+)$/.exec(lines[i + 2] ?? '');
      if (marks === null) return [line];
      const [, before = '', under = ''] = marks;
      return [`${line}: ${lines[i + 1]?.slice(before.length, before.length + under.length)}`];
    })
    .join('; ');
}

export class NftConversation {
  readonly #enter: readonly string[];
  readonly #cannotTalk: (reason: string) => void;
  #process: NftProcess | undefined;
  /** The end of the line of those that wait. */
  #last: Promise<unknown> = Promise.resolve();
  /** Undefined until it has answered, or could not. */
  #canTalk: boolean | undefined;

  /**
   * `enter`: a command that runs what follows it in another namespace. `cannotTalk`: told once, and why, when this
   * nft holds no conversations.
   */
  constructor(
    enter: readonly string[] = [],
    cannotTalk: (reason: string) => void = () => undefined,
  ) {
    this.#enter = enter;
    this.#cannotTalk = cannotTalk;
  }

  /**
   * What nft said of the transaction: empty = it is done, else nothing of it is. Undefined when this nft holds no
   * conversations; nothing is done then. DEADLINE_EXCEEDED and RUNTIME_ERROR (nft has ended) say nothing of what was
   * done. `line`: without line breaks.
   */
  say(line: string, deadlineMs: Ms): Promise<string | undefined> {
    const said = this.#last.then(() => this.#say(line, deadlineMs));
    // The caller hears of a failure; those behind it only wait for its end.
    this.#last = said.catch(() => undefined);
    return said;
  }

  async #say(line: string, deadlineMs: Ms): Promise<string | undefined> {
    if (this.#canTalk === undefined)
      this.#canTalk = await this.#tries(Math.min(firstWordMs, deadlineMs));
    if (!this.#canTalk) return undefined;
    const said = await this.#open().ask(line, deadlineMs);
    return isRefusal.test(said) ? complaints(said) || said : '';
  }

  async #tries(deadlineMs: Ms): Promise<boolean> {
    try {
      const said = await this.#open().ask('', deadlineMs);
      if (said === '') return true;
      this.#cannotTalk(complaints(said) || said);
    } catch (error) {
      this.#cannotTalk(messageOf(error));
    }
    return false;
  }

  #open(): NftProcess {
    if (this.#process?.isSpent === true) this.#process.end();
    if (this.#process?.isOver !== false) this.#process = new NftProcess(this.#enter);
    return this.#process;
  }
}

class NftProcess {
  readonly #child: ChildProcessByStdio<Writable, null, Readable>;
  /** A table that there is not: what nft says of it ends an answer. */
  readonly #nothing = `asked_${randomUUID().replaceAll('-', '')}`;
  #heard = '';
  #settle: ((result: string | ClusterError) => void) | undefined;
  #lines = 0;
  isOver = false;

  constructor(enter: readonly string[]) {
    const [file, ...args] = [...enter, 'nft', '-i'] as const;
    // It would keep its history where the user is at home.
    const env = { ...toolEnvironment, HOME: '/dev/null' };
    this.#child = spawn(file, args, { env, stdio: ['pipe', 'ignore', 'pipe'] });
    this.#child.on('error', (error) => this.#ended(`cannot be run: ${error.message}`));
    this.#child.on('close', (code, signal) => this.#ended(`ended: ${signal ?? code}`));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.#child.stdin.on('error', () => undefined);
    this.#hold(false);
  }

  get isSpent(): boolean {
    return this.#lines >= linesMax;
  }

  ask(line: string, deadlineMs: Ms): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#lines++;
    this.#heard = '';
    const timer = setTimeout(() => {
      this.#kill(new ClusterError('DEADLINE_EXCEEDED', `nft -i took longer than ${deadlineMs} ms`));
    }, deadlineMs);
    this.#settle = (result) => {
      clearTimeout(timer);
      this.#settle = undefined;
      this.#hold(false);
      if (result instanceof ClusterError) reject(result);
      else resolve(result);
    };
    this.#hold(true);
    if (this.isOver) this.#ended('ended');
    else this.#child.stdin.write(`${line}\nlist table inet ${this.#nothing}\n`);
    return promise;
  }

  /** It has its time to end. */
  end(): void {
    this.isOver = true;
    this.#child.stdin.end();
  }

  #hear(text: string): void {
    this.#heard += text;
    if (this.#heard.length > complaintMax)
      this.#kill(new ClusterError('RUNTIME_ERROR', 'nft -i complained without an end'));
    // Its error, the line that it was in, and the place in it.
    const at = this.#heard.indexOf(`\nlist table inet ${this.#nothing}\n`);
    if (at < 0 || !this.#heard.endsWith('^\n')) return;
    this.#settle?.(this.#heard.slice(0, this.#heard.lastIndexOf('Error:', at)));
  }

  #kill(reason: ClusterError): void {
    this.isOver = true;
    this.#child.kill('SIGKILL');
    this.#settle?.(reason);
  }

  #ended(how: string): void {
    this.isOver = true;
    this.#settle?.(new ClusterError('RUNTIME_ERROR', `nft -i ${how}`));
  }

  /** The daemon does not stay for an nft that has nothing to do. */
  #hold(isHeld: boolean): void {
    const { stdin, stderr } = this.#child;
    for (const one of [this.#child, stdin as Socket, stderr as Socket])
      if (isHeld) one.ref();
      else one.unref();
  }
}
