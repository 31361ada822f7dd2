import type { Disk, DiskFile } from '../ports.ts';
import type { HardState } from '../types.ts';
import type { WalRecord } from './records.ts';
import { assert } from '../assert.ts';
import { decodeFrame, encodeFrame, hasLaterFrame, sequenceAt } from './frame.ts';
import { lost, Replay } from './replay.ts';
import { readRecords } from './records.ts';

const DIRECTORY = 'wal';
const NAME = /^(\d{12})\.wal$/;

interface Segment {
  readonly number: number;
  /** All entries in earlier segments are below this index. */
  readonly nextIndex: number;
}

interface Position {
  /** Sequence of the next frame. */
  sequence: number;
  checksum: number;
}

function pathOf(number: number): string {
  return `${DIRECTORY}/${String(number).padStart(12, '0')}.wal`;
}

/**
 * The write-ahead log: frames in numbered segments, one frame and one fdatasync per write. A write
 * that a crash tore off the end is cut; damage before the end is refused with `DATA_LOSS`.
 * Limit of any such log: when the very last frame is damaged, a torn write cannot be told from rot.
 */
export class Wal {
  readonly #disk: Disk;
  readonly #segmentBytesMax: number;
  readonly #segments: Segment[] = [];
  readonly #position: Position = { sequence: 1, checksum: 0 };
  /** Above every entry in any segment, replaced ones too. */
  #nextIndex = 1;
  /** The newest durable one: a new segment begins with it, so that older ones may go. */
  #hardState: HardState = { term: 0, vote: 0, commit: 0 };
  #file: DiskFile | null = null;
  #fileBytes = 0;

  private constructor(disk: Disk, segmentBytesMax: number) {
    this.#disk = disk;
    this.#segmentBytesMax = segmentBytesMax;
  }

  /** Reads all segments. Throws `DATA_LOSS`, or what the disk throws. */
  static async open(
    disk: Disk,
    options: { readonly segmentBytesMax: number },
  ): Promise<{ readonly wal: Wal; readonly replay: Replay }> {
    const wal = new Wal(disk, options.segmentBytesMax);
    const replay = await wal.#recover();
    return { wal, replay };
  }

  /** False before the first `begin`: nothing was ever durable here. */
  get hasSegments(): boolean {
    return this.#segments.length > 0;
  }

  /** Makes the hard state and `records` durable in one write; returns its bytes. */
  async append(hardState: HardState, records: readonly WalRecord[]): Promise<number> {
    if (this.#file === null || this.#fileBytes >= this.#segmentBytesMax) await this.#begin();
    return this.#write([{ kind: 'hard-state', hardState }, ...records]);
  }

  /** Removes the segments that hold only entries below `index`. */
  async removeBefore(index: number): Promise<void> {
    let isAny = false;
    for (;;) {
      const [first, second] = this.#segments;
      if (first === undefined || second === undefined || second.nextIndex > index) break;
      await this.#disk.remove(pathOf(first.number));
      this.#segments.shift();
      isAny = true;
    }
    if (isAny) await this.#disk.syncDirectory(DIRECTORY);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  async #write(records: readonly WalRecord[]): Promise<number> {
    const file = this.#file;
    assert(file !== null, 'a segment is open');
    const frame = encodeFrame(records, this.#position.sequence, this.#position.checksum);
    await file.write(frame.bytes, this.#fileBytes);
    await file.sync();
    this.#position.sequence++;
    this.#position.checksum = frame.checksum;
    this.#fileBytes += frame.bytes.length;
    for (const record of records) this.#seen(record);
    return frame.bytes.length;
  }

  #seen(record: WalRecord): void {
    if (record.kind === 'hard-state') this.#hardState = record.hardState;
    if (record.kind === 'entry') {
      this.#nextIndex = Math.max(this.#nextIndex, record.entry.index + 1);
    }
  }

  async #begin(): Promise<void> {
    await this.#file?.close();
    const number = (this.#segments.at(-1)?.number ?? 0) + 1;
    const nextIndex = this.#nextIndex;
    const previousChecksum = this.#position.checksum;
    this.#file = await this.#disk.open(pathOf(number));
    this.#fileBytes = 0;
    this.#position.checksum = 0;
    await this.#write([
      { kind: 'segment', number, previousChecksum, nextIndex },
      { kind: 'hard-state', hardState: this.#hardState },
    ]);
    await this.#disk.syncDirectory(DIRECTORY);
    this.#segments.push({ number, nextIndex });
  }

  async #recover(): Promise<Replay> {
    const replay = new Replay();
    const names = await this.#disk.list(DIRECTORY);
    const numbers = names
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    for (const [i, number] of numbers.entries()) {
      if (i > 0 && number !== (numbers[i - 1] ?? 0) + 1)
        throw lost(`${pathOf(number - 1)} is missing`);
      await this.#recoverSegment(number, i === 0, i === numbers.length - 1, replay);
    }
    return replay;
  }

  async #recoverSegment(
    number: number,
    isFirst: boolean,
    isLast: boolean,
    replay: Replay,
  ): Promise<void> {
    const path = pathOf(number);
    const bytes = await this.#disk.read(path);
    const position = this.#position;
    if (isFirst) position.sequence = sequenceAt(bytes, 0) ?? position.sequence;
    const previousChecksum = position.checksum;
    let checksum = 0;
    let offset = 0;
    while (offset < bytes.length) {
      const frame = decodeFrame(bytes, offset, position.sequence, checksum);
      if (frame === null) break;
      const records = recordsOf(frame.payload, path, offset);
      if (offset === 0) this.#checkHeader(records[0], number, previousChecksum, isFirst, path);
      for (const record of records) {
        replay.add(record);
        this.#seen(record);
      }
      checksum = frame.checksum;
      position.sequence++;
      offset = frame.end;
    }
    if (offset < bytes.length || offset === 0) {
      if (!isLast || hasLaterFrame(bytes, offset, position.sequence)) {
        throw lost(`${path} at byte ${offset}`);
      }
      if (offset === 0) return this.#dropTornSegment(path, isFirst, number);
    }
    position.checksum = checksum;
    if (isLast) await this.#openLast(path, offset, bytes.length);
  }

  #checkHeader(
    record: WalRecord | undefined,
    number: number,
    previousChecksum: number,
    isFirst: boolean,
    path: string,
  ): void {
    if (record?.kind !== 'segment' || record.number !== number) throw lost(`header of ${path}`);
    if (!isFirst && record.previousChecksum !== previousChecksum) {
      throw lost(`${path} does not continue the segment before it`);
    }
    this.#segments.push({ number, nextIndex: record.nextIndex });
  }

  /** The crash came while the segment was being created: nothing in it was ever acknowledged. */
  async #dropTornSegment(path: string, isFirst: boolean, number: number): Promise<void> {
    if (isFirst && number > 1) throw lost(`header of ${path}`);
    await this.#disk.remove(path);
    await this.#disk.syncDirectory(DIRECTORY);
    const last = this.#segments.at(-1);
    if (last === undefined) return;
    const lastPath = pathOf(last.number);
    const size = (await this.#disk.read(lastPath)).length;
    await this.#openLast(lastPath, size, size);
  }

  async #openLast(path: string, end: number, size: number): Promise<void> {
    this.#file = await this.#disk.open(path);
    this.#fileBytes = end;
    if (end === size) return;
    await this.#file.truncate(end);
    await this.#file.sync();
  }
}

function recordsOf(payload: Uint8Array, path: string, offset: number): readonly WalRecord[] {
  try {
    return readRecords(payload);
  } catch (error) {
    throw lost(`${path} at byte ${offset}: ${(error as Error).message}`);
  }
}
