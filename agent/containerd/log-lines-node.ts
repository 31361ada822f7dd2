/** Lines of one log file, from an offset on, with the time of their last byte. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { LogRecord } from '../runtime/port.ts';
import type { LogStream } from '#proto';
import { timeAt } from './log-index.ts';
import type { LogMark } from './log-index.ts';

/** Longest line, bytes; a longer one comes in pieces. */
export const lineBytesMax = 64 << 10;
const readBytes = 64 << 10;
const newline = 0x0a;

/** Where the `count`-th line from the end begins, not before `begin`. */
export async function tailOffset(
  path: string,
  begin: number,
  end: number,
  count: number,
): Promise<number> {
  if (count === 0) return end;
  const handle = await openOrUndefined(path);
  if (handle === undefined) return begin;
  try {
    let lines = 0;
    for (let stop = end; stop > begin; ) {
      const start = Math.max(begin, stop - readBytes);
      const bytes = await readAt(handle, start, stop - start);
      for (let at = bytes.length - 1; at >= 0; at--) {
        // The newline that ends the last line begins no other.
        if (bytes[at] !== newline || start + at === end - 1) continue;
        lines++;
        if (lines === count) return start + at + 1;
      }
      stop = start;
    }
    return begin;
  } finally {
    await handle.close();
  }
}

/** The begin of the line that `offset` is in, not before `begin`. */
export async function lineStart(path: string, begin: number, offset: number): Promise<number> {
  if (offset <= begin) return begin;
  return await tailOffset(path, begin, offset, 1);
}

async function openOrUndefined(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch {
    return undefined;
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(length), position });
  return buffer.subarray(0, bytesRead);
}

/** Reads on where it stopped; what is not ended by a newline is held back until `isLast`. */
export class LineReader {
  readonly #path: string;
  readonly #stream: LogStream;
  #offset: number;
  #held = Buffer.alloc(0);

  constructor(path: string, stream: LogStream, offset: number) {
    this.#path = path;
    this.#stream = stream;
    this.#offset = offset;
  }

  /** Lines up to the offset `end` (bytes); `isLast`: an unfinished line counts as one. */
  async *lines(end: number, marks: readonly LogMark[], isLast: boolean): AsyncGenerator<LogRecord> {
    // A log that was emptied behind us begins anew; one that was shortened goes on later.
    if (end < this.#offset) this.#restart(0);
    const begin = marks[0]?.offset ?? 0;
    if (begin > this.#offset) this.#restart(begin);
    const handle = await openOrUndefined(this.#path);
    if (handle === undefined) return;
    const record = (line: Uint8Array, lastByte: number): LogRecord => ({
      stream: this.#stream,
      atMs: timeAt(marks, lastByte),
      line: line.at(-1) === 0x0d ? line.subarray(0, -1) : line,
    });
    try {
      while (this.#offset < end) {
        const part = await readAt(handle, this.#offset, Math.min(readBytes, end - this.#offset));
        if (part.length === 0) break;
        let bytes = Buffer.concat([this.#held, part]);
        let position = this.#offset - this.#held.length;
        this.#offset += part.length;
        for (;;) {
          const found = bytes.indexOf(newline);
          if (found < 0 && bytes.length <= lineBytesMax) break;
          const length = found < 0 || found > lineBytesMax ? lineBytesMax : found;
          const skipped = length === found ? found + 1 : length;
          const line = bytes.subarray(0, length);
          bytes = bytes.subarray(skipped);
          this.#held = bytes;
          yield record(line, position + skipped - 1);
          position += skipped;
        }
        this.#held = bytes;
      }
    } finally {
      await handle.close();
    }
    if (!isLast || this.#held.length === 0) return;
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    yield record(rest, this.#offset - 1);
  }

  #restart(offset: number): void {
    this.#offset = offset;
    this.#held = Buffer.alloc(0);
  }
}
