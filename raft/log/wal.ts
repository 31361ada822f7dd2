import type { Disk, DiskFile } from '../ports.ts';
import type { HardState } from '../types.ts';
import type { WalRecord } from './records.ts';
import type { LogCipher, Sealer } from './cipher.ts';
import { assert } from '../assert.ts';
import { Unsealer } from './cipher.ts';
import { FrameEncoder, decodeFrame, hasLaterFrame, sequenceAt } from './frame.ts';
import { lost, Replay } from './replay.ts';
import { ReplayPauses } from './replay-pauses.ts';
import { RaftError } from '../errors.ts';
import { recordsOf } from './unframe.ts';
import { refuseOtherFormat } from './format.ts';

const DIRECTORY = 'wal';
const NAME = /^(\d{12})\.wal$/;

interface Segment {
  readonly number: number;
  /** All entries in earlier segments are below this index. */
  readonly nextIndex: number;
  /** Of the key that its frames are sealed with; empty: not encrypted. */
  readonly keyId: string;
}

interface Position {
  /** Sequence of the next frame. */
  sequence: number;
  checksum: number;
}

export interface WalOptions {
  readonly segmentBytesMax: number;
  readonly cipher?: LogCipher | undefined;
  readonly pause?: (() => Promise<void>) | undefined;
}

function pathOf(number: number): string {
  return `${DIRECTORY}/${String(number).padStart(12, '0')}.wal`;
}

/**
 * The write-ahead log: frames in numbered segments, one frame and one synced write a time. A write
 * that a crash tore off the end is cut; damage before the end is refused with `DATA_LOSS`.
 * Limit of any such log: when the very last frame is damaged, a torn write cannot be told from rot.
 *
 * Recovery holds one segment in memory at a time, whole. After a write that failed nothing more is
 * written: what is on the disk is then not known (nor may its number be sealed a second time).
 */
export class Wal {
  readonly #disk: Disk;
  readonly #segmentBytesMax: number;
  readonly #cipher: LogCipher | undefined;
  readonly #pauses: ReplayPauses;
  readonly #unsealer: Unsealer;
  readonly #segments: Segment[] = [];
  readonly #position: Position = { sequence: 1, checksum: 0 };
  /** Above every entry in any segment, replaced ones too. */
  #nextIndex = 1;
  /** The newest durable one: a new segment begins with it, so that older ones may go. */
  #hardState: HardState = { term: 0, vote: 0, commit: 0 };
  readonly #frames = new FrameEncoder();
  #file: DiskFile | null = null;
  #fileBytes = 0;
  /** Used for the frames of this opening of the log and for one key only. */
  #sealer: Sealer | undefined;
  /** The last write, settled or not: writes come one after another. */
  #last: Promise<unknown> = Promise.resolve();
  #isBroken = false;

  private constructor(disk: Disk, options: WalOptions) {
    this.#disk = disk;
    this.#segmentBytesMax = options.segmentBytesMax;
    this.#cipher = options.cipher;
    this.#pauses = new ReplayPauses(options.pause);
    this.#unsealer = new Unsealer(options.cipher);
  }

  /** Reads all segments. Throws `DATA_LOSS`, `WRONG_KEY`, or what the disk throws. */
  static async open(
    disk: Disk,
    options: WalOptions,
  ): Promise<{ readonly wal: Wal; readonly replay: Replay }> {
    const wal = new Wal(disk, options);
    const replay = await wal.#recover();
    return { wal, replay };
  }

  /** The last index that a segment under another key than the present one holds; null when none is. */
  get staleUntil(): number | null {
    const keyId = this.#cipher?.keyId ?? '';
    const at = this.#segments.findLastIndex((segment) => segment.keyId !== keyId);
    if (at === -1) return null;
    return (this.#segments[at + 1]?.nextIndex ?? this.#nextIndex) - 1;
  }

  /** Makes the hard state and `records` durable in one write; returns its bytes. */
  append(hardState: HardState, records: readonly WalRecord[]): Promise<number> {
    return this.#exclusively(async () => {
      if (this.#mustBegin()) await this.#begin();
      return this.#write([{ kind: 'hard-state', hardState }, ...records]);
    });
  }

  /** Begins a new segment when the present one is under another key than the present one. */
  async turn(): Promise<void> {
    await this.#exclusively(async () => {
      if (this.#segments.length > 0 && this.#mustBegin()) await this.#begin();
    });
  }

  /** Removes the segments that hold only entries below `index`. */
  async removeBefore(index: number): Promise<void> {
    for (;;) {
      const [first, second] = this.#segments;
      if (first === undefined || second === undefined || second.nextIndex > index) break;
      await this.#disk.remove(pathOf(first.number));
      this.#segments.shift();
      // After each one: a directory need not make removals durable in the order they were made.
      await this.#disk.syncDirectory(DIRECTORY);
    }
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    await this.#file?.close();
    this.#file = null;
  }

  async #exclusively<Result>(run: () => Promise<Result>): Promise<Result> {
    const before = this.#last;
    const done = before.then(async () => {
      if (this.#isBroken) throw new RaftError('DISK_FAILED', 'an earlier write to the log failed');
      try {
        return await run();
      } catch (error) {
        this.#isBroken = true;
        throw error;
      }
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** One call writes and syncs: each call of its own would be a trip to another thread and back. */
  #openSynced(path: string): Promise<DiskFile> {
    return this.#disk.open(path, { isSynced: true });
  }

  #mustBegin(): boolean {
    const keyId = this.#cipher?.keyId ?? '';
    const isFull = this.#fileBytes >= this.#segmentBytesMax;
    return this.#file === null || isFull || this.#segments.at(-1)?.keyId !== keyId;
  }

  async #write(
    records: readonly WalRecord[],
    segment = this.#segments.at(-1)?.number ?? 0,
  ): Promise<number> {
    const file = this.#file;
    assert(file !== null, 'a segment is open');
    const { sequence, checksum: seed } = this.#position;
    const frame = this.#frames.encode(records, { segment, sequence, seed }, this.#sealer);
    await file.write(frame.bytes, this.#fileBytes);
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
    this.#file = await this.#openSynced(pathOf(number));
    this.#fileBytes = 0;
    this.#position.checksum = 0;
    this.#sealer = this.#cipher?.sealer();
    const keyId = this.#sealer?.keyId ?? '';
    const header: WalRecord = { kind: 'segment', number, previousChecksum, nextIndex };
    await this.#write([header, { kind: 'hard-state', hardState: this.#hardState }], number);
    await this.#disk.syncDirectory(DIRECTORY);
    this.#segments.push({ number, nextIndex, keyId });
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
    refuseOtherFormat(bytes, path);
    while (offset < bytes.length) {
      const place = { segment: number, sequence: position.sequence, seed: checksum };
      const frame = decodeFrame(bytes, offset, place);
      if (frame === null) break;
      const records = recordsOf(frame, { bytes, path, offset, ...place }, this.#unsealer);
      if (offset === 0) this.#checkHeader(records[0], number, previousChecksum, isFirst, path);
      for (const record of records) {
        replay.add(record);
        this.#seen(record);
      }
      checksum = frame.checksum;
      position.sequence++;
      if (this.#pauses.areDue(records.length, frame.end - offset)) await this.#pauses.pause();
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
    this.#segments.push({ number, nextIndex: record.nextIndex, keyId: this.#unsealer.keyId });
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
    this.#file = await this.#openSynced(path);
    this.#fileBytes = end;
    this.#sealer = this.#cipher?.sealer();
    if (end < size) await this.#file.truncate(end);
    // A process that was killed may have written what it had not synced: from here on it counts.
    await this.#file.sync();
  }
}
