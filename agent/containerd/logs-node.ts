/** Logs of containers: the shim appends to one file per stream, also while no agent runs. */
import { existsSync } from 'node:fs';
import { mkdir, open as openFile } from 'node:fs/promises';
import { Bell, ClusterError, sleep } from '#lib';
import type { Clock, Logger } from '#lib';
import { LogStream } from '#proto';
import type { LogOptions } from '#proto';
import type { LogRecord } from '../runtime/port.ts';
import { offsetSince } from './log-index.ts';
import { LogKeeper } from './log-keeper-node.ts';
import { LineReader, lineStart, tailOffset } from './log-lines-node.ts';

export interface ContainerLogsOptions {
  readonly folder: string;
  /** Bound of one stream of one container, bytes; default 30 MiB. */
  readonly fileBytesMax?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const defaultFileBytesMax = 30 << 20;
/** The shim copies what is left in the pipe after the exit was reported. */
const lastWordsMs = 100;
const streams = [LogStream.STDOUT, LogStream.STDERR] as const;

/** What the shim is told; stderr of a terminal is its stdout. */
export interface LogTargets {
  readonly stdout: string;
  readonly stderr: string;
}

export class ContainerLogs {
  readonly #options: ContainerLogsOptions;
  readonly #keeper: LogKeeper;
  /** Containers whose log may still grow: a follower stays. */
  readonly #live = new Set<string>();

  constructor(options: ContainerLogsOptions) {
    this.#options = options;
    const { fileBytesMax = defaultFileBytesMax } = options;
    this.#keeper = new LogKeeper({ ...options, fileBytesMax });
  }

  /** Before anything else, once. */
  start(): void {
    this.#keeper.start();
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
  }

  /** Makes the files that the shim appends to. */
  async open(id: string, tty: boolean): Promise<LogTargets> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const names = tty ? [nameOf(id, LogStream.STDOUT)] : streams.map((one) => nameOf(id, one));
    for (const name of names) {
      const handle = await openFile(this.#keeper.path(name), 'a', 0o600);
      await handle.close();
      this.#keeper.add(name);
    }
    this.#live.add(id);
    // A plain path of a regular file is appended to. With file:// the shim puts both streams into one.
    const [stdout = '', stderr = ''] = names.map((name) => this.#keeper.path(name));
    return { stdout, stderr };
  }

  /** How the paths of its files begin. */
  prefix(id: string): string {
    return this.#keeper.path(`${id}.`);
  }

  /** Whether the container was started once, as far as its log tells. */
  wasOpened(id: string): boolean {
    return existsSync(this.#keeper.path(nameOf(id, LogStream.STDOUT)));
  }

  /** `isLive`: it runs, so that followers wait for more. */
  setLive(id: string, isLive: boolean): void {
    if (isLive) this.#live.add(id);
    else this.#live.delete(id);
  }

  async remove(id: string): Promise<void> {
    this.#live.delete(id);
    for (const stream of streams) await this.#keeper.forget(nameOf(id, stream));
  }

  /**
   * Lines of both streams by time. With `follow` it ends when the container has ended and all of its
   * output was given. NOT_FOUND when the container was never started or its log was removed.
   */
  async *read(id: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<LogRecord> {
    if (!this.wasOpened(id))
      throw new ClusterError('NOT_FOUND', `no log of container ${id} on this host`);
    const bell = new Bell();
    const stopListening = this.#keeper.onChange(() => bell.ring());
    try {
      const readers = await this.#open(id, options);
      let isLast = !options.follow || !this.#live.has(id);
      let skip = await this.#surplus(id, options);
      for (;;) {
        for await (const record of this.#merge(id, readers, isLast)) {
          signal.throwIfAborted();
          if (record.atMs < options.sinceMs) continue;
          if (skip > 0) skip--;
          else yield record;
        }
        skip = 0;
        if (isLast) return;
        await this.#more(bell, signal);
        if (this.#live.has(id)) continue;
        await sleep(this.#options.clock, lastWordsMs, signal);
        isLast = true;
      }
    } finally {
      stopListening();
    }
  }

  /** Until there is more, or it is time to see whether the container still runs. */
  async #more(bell: Bell, signal: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    const timer = this.#options.clock.after(500, () => waiting.abort(new Error('time to look')));
    try {
      await bell.wait(AbortSignal.any([signal, waiting.signal]));
    } catch {
      signal.throwIfAborted();
    } finally {
      timer.cancel();
    }
  }

  /** With a tail, both streams begin so far back that one of them alone could fill it. */
  async #open(id: string, options: LogOptions): Promise<readonly LineReader[]> {
    return await Promise.all(
      streams.map(async (stream) => {
        const name = nameOf(id, stream);
        const path = this.#keeper.path(name);
        const marks = this.#keeper.marks(name);
        const begin = marks[0]?.offset ?? 0;
        const end = marks.at(-1)?.offset ?? 0;
        const since = await lineStart(path, begin, offsetSince(marks, options.sinceMs));
        const tail =
          options.tail === undefined ? begin : await tailOffset(path, begin, end, options.tail);
        return new LineReader(path, stream, Math.max(since, tail));
      }),
    );
  }

  /** How many of the first lines are more than the tail that was asked for. */
  async #surplus(id: string, options: LogOptions): Promise<number> {
    if (options.tail === undefined || options.tail === 0) return 0;
    let count = 0;
    const readers = await this.#open(id, options);
    for await (const record of this.#merge(id, readers, true))
      if (record.atMs >= options.sinceMs) count++;
    return Math.max(0, count - options.tail);
  }

  async *#merge(
    id: string,
    readers: readonly LineReader[],
    isLast: boolean,
  ): AsyncGenerator<LogRecord> {
    const sources = readers.map((reader, i) => {
      const marks = this.#keeper.marks(nameOf(id, streams[i] ?? LogStream.STDOUT));
      return reader.lines(marks.at(-1)?.offset ?? 0, marks, isLast);
    });
    const heads = await Promise.all(sources.map((source) => source.next()));
    for (;;) {
      let best = -1;
      let bestAtMs = Number.POSITIVE_INFINITY;
      for (const [i, head] of heads.entries()) {
        if (head.done === true || head.value.atMs >= bestAtMs) continue;
        best = i;
        bestAtMs = head.value.atMs;
      }
      const chosen = heads[best];
      const source = sources[best];
      if (chosen === undefined || chosen.done === true || source === undefined) return;
      yield chosen.value;
      heads[best] = await source.next();
    }
  }
}

function nameOf(id: string, stream: LogStream): string {
  return `${id}.${stream === LogStream.STDOUT ? 'out' : 'err'}`;
}
