/**
 * Follows the log files that the shims write: notes when bytes came (log-index.ts), keeps each file
 * within its bound, and wakes readers. Costs nothing while nothing is written: one inotify watch on the
 * folder. Why not a logging process or a fifo: docs/decisions/0080-container-logs.md.
 */
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '#lib';
import type { Clock, Logger, Timer } from '#lib';
import { runCommand } from './command-node.ts';
import { decodeMarks, encodeMark, encodeMarks } from './log-index.ts';
import type { LogMark } from './log-index.ts';

export interface LogKeeperOptions {
  /** Holds one file per container and stream; the marks are in its subfolder `marks`. */
  readonly folder: string;
  /** A file that is larger loses its oldest third. */
  readonly fileBytesMax: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Times of lines are as coarse as this while a container writes. */
const scanEveryMs = 50;
/** After this long without a byte the folder is watched instead of scanned. */
const quietMs = 1_000;
const blockBytes = 4_096;

interface LogFile {
  /** Bytes before it are gone. */
  begin: number;
  /** What has been noted. */
  sizeBytes: number;
  last: LogMark | undefined;
  isShrinking: boolean;
}

export class LogKeeper {
  readonly #options: LogKeeperOptions;
  readonly #marksFolder: string;
  readonly #files = new Map<string, LogFile>();
  readonly #listeners = new Set<() => void>();
  #watcher: FSWatcher | undefined;
  #timer: Timer | undefined;
  #isRunning = false;
  #lastChangeMs = 0;

  constructor(options: LogKeeperOptions) {
    this.#options = options;
    this.#marksFolder = join(options.folder, 'marks');
  }

  /** Notes what was written while nobody watched, at the time of the last write. */
  start(): void {
    mkdirSync(this.#marksFolder, { recursive: true, mode: 0o700 });
    this.#isRunning = true;
    for (const entry of readdirSync(this.#options.folder, { withFileTypes: true }))
      if (entry.isFile()) this.#adopt(entry.name);
    this.#scan();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  path(name: string): string {
    return join(this.#options.folder, name);
  }

  /** A file that a shim is about to write. */
  add(name: string): void {
    if (!this.#files.has(name)) this.#adopt(name);
  }

  async forget(name: string): Promise<void> {
    this.#files.delete(name);
    await rm(this.path(name), { force: true });
    await rm(this.#marksPath(name), { force: true });
  }

  /** Marks up to now; the first says where the log begins. */
  marks(name: string): readonly LogMark[] {
    this.#note(name);
    return this.#readMarks(name);
  }

  /** Calls `listener` after bytes were noted. Returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #readMarks(name: string): readonly LogMark[] {
    try {
      return decodeMarks(readFileSync(this.#marksPath(name)));
    } catch {
      // None yet.
      return [];
    }
  }

  #marksPath(name: string): string {
    return join(this.#marksFolder, name);
  }

  #adopt(name: string): void {
    const marks = this.#readMarks(name);
    const last = marks.at(-1);
    const begin = marks[0]?.offset ?? 0;
    const file = { begin, sizeBytes: last?.offset ?? 0, last, isShrinking: false };
    this.#files.set(name, file);
    try {
      const stat = statSync(this.path(name));
      if (stat.size > file.sizeBytes) this.#mark(name, file, stat.size, Math.floor(stat.mtimeMs));
    } catch {
      // The shim has not made it yet.
    }
  }

  /** True when there is more than before. */
  #note(name: string): boolean {
    const file = this.#files.get(name);
    if (file === undefined) return false;
    const stat = statSync(this.path(name), { throwIfNoEntry: false });
    if (stat === undefined || stat.size <= file.sizeBytes) return false;
    this.#mark(name, file, stat.size, this.#options.clock.now());
    this.#bound(name, file);
    return true;
  }

  #bound(name: string, file: LogFile): void {
    const isTooLarge = file.sizeBytes - file.begin > this.#options.fileBytesMax;
    if (isTooLarge && !file.isShrinking) void this.#shrink(name, file);
  }

  #mark(name: string, file: LogFile, sizeBytes: number, atMs: number): void {
    const path = this.#marksPath(name);
    try {
      if (file.last === undefined) {
        const begin = { offset: 0, atMs };
        appendFileSync(path, encodeMarks([begin]), { mode: 0o600 });
        file.last = begin;
      }
      appendFileSync(path, encodeMark({ offset: sizeBytes, atMs }, file.last));
      file.last = { offset: sizeBytes, atMs: Math.max(atMs, file.last.atMs) };
    } catch (error) {
      this.#options.log.warn('log marks cannot be written', { file: name, err: error });
    }
    file.sizeBytes = sizeBytes;
  }

  #scan(): void {
    if (!this.#isRunning) return;
    const { clock } = this.#options;
    let hasChanged = false;
    for (const name of this.#files.keys()) hasChanged = this.#note(name) || hasChanged;
    const now = clock.monotonic();
    if (hasChanged) {
      this.#lastChangeMs = now;
      for (const listener of this.#listeners) listener();
    }
    if (this.#watcher !== undefined) return;
    if (now - this.#lastChangeMs < quietMs) {
      this.#timer = clock.after(scanEveryMs, () => this.#scan());
      return;
    }
    this.#watch();
    // What came between the last look and the watch.
    this.#scan();
  }

  #watch(): void {
    const { folder, clock, log } = this.#options;
    const wake = (): void => {
      if (this.#watcher === undefined) return;
      // One event is enough: a container that writes much would wake us for every line.
      this.#watcher.close();
      this.#watcher = undefined;
      this.#lastChangeMs = clock.monotonic();
      this.#scan();
    };
    try {
      this.#watcher = watch(folder, { persistent: false }, wake);
      this.#watcher.on('error', wake);
    } catch (error) {
      log.warn('log folder cannot be watched, looking every second', { err: messageOf(error) });
      this.#timer = clock.after(quietMs, () => this.#scan());
    }
  }

  /**
   * Gives the oldest part's blocks back to the file system. The file keeps its length, so that
   * the shim's writes, our offsets and readers go on undisturbed and no byte is lost.
   */
  async #shrink(name: string, file: LogFile): Promise<void> {
    file.isShrinking = true;
    let isShorter = false;
    const { fileBytesMax, log } = this.#options;
    try {
      const keptFrom = file.sizeBytes - Math.floor((fileBytesMax * 2) / 3);
      const begin = await this.#nextLine(name, keptFrom);
      const length = Math.floor(begin / blockBytes) * blockBytes;
      // First the marks: a reader must never be sent into the hole.
      this.#dropMarks(name, file, begin);
      const punched = await runCommand([
        'fallocate',
        '--punch-hole',
        '--offset=0',
        `--length=${length}`,
        this.path(name),
      ]);
      isShorter = punched.exitCode === 0;
      if (isShorter) return;
      log.warn('file system cannot free part of a file, log emptied', {
        file: name,
        err: punched.stderr.trim(),
      });
      await truncate(this.path(name), 0);
      await rm(this.#marksPath(name), { force: true });
      Object.assign(file, { begin: 0, sizeBytes: 0, last: undefined });
    } catch (error) {
      log.warn('log cannot be shortened', { file: name, err: error });
    } finally {
      file.isShrinking = false;
      // What was written meanwhile, by a container that may not write again.
      if (isShorter && this.#files.get(name) === file) this.#bound(name, file);
    }
  }

  #dropMarks(name: string, file: LogFile, begin: number): void {
    const marks = this.#readMarks(name);
    const atMs = marks.findLast((mark) => mark.offset <= begin)?.atMs ?? 0;
    const kept = marks.filter((mark) => mark.offset > begin);
    const path = this.#marksPath(name);
    writeFileSync(`${path}.new`, encodeMarks([{ offset: begin, atMs }, ...kept]), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    file.begin = begin;
  }

  /** Offset of the first line that begins at or after `offset`, looking one block far. */
  async #nextLine(name: string, offset: number): Promise<number> {
    const handle = await open(this.path(name), 'r');
    try {
      const { buffer, bytesRead } = await handle.read({
        buffer: Buffer.alloc(16 * blockBytes),
        position: offset,
      });
      const newline = buffer.subarray(0, bytesRead).indexOf(0x0a);
      return newline < 0 ? offset : offset + newline + 1;
    } finally {
      await handle.close();
    }
  }
}
