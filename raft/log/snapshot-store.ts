import type { Disk } from '../ports.ts';
import type { ImageHeader } from './snapshot-image.ts';
import type { LogCipher } from './cipher.ts';
import type { SnapshotMeta } from '../types.ts';
import { lost } from './replay.ts';
import { PartReader } from './part-reader.ts';
import { readHeader, readParts, writeImage } from './snapshot-image.ts';
import { Unsealer } from './cipher.ts';

const DIRECTORY = 'snap';
const NAME = /^(\d{16})-(\d{16})\.snap$/;
const READ_BYTES = 256 << 10;

function nameOf(meta: SnapshotMeta): string {
  return `${String(meta.index).padStart(16, '0')}-${String(meta.term).padStart(16, '0')}.snap`;
}

/**
 * Snapshot files: written aside, fdatasynced, renamed, directory synced: a file with a final name
 * is whole. At no time is more of one in memory than a part (1 MiB) and what is read ahead.
 */
export class SnapshotStore {
  readonly #disk: Disk;
  readonly #cipher: LogCipher | undefined;
  #asideCount = 0;
  /** Final name -> the key it is sealed with; of all files there are. */
  readonly #keyIds = new Map<string, string>();

  constructor(disk: Disk, cipher: LogCipher | undefined) {
    this.#disk = disk;
    this.#cipher = cipher;
  }

  /** The newest snapshot's meta, or null. Removes what an interrupted write left behind. */
  async open(): Promise<SnapshotMeta | null> {
    const names = await this.#disk.list(DIRECTORY);
    for (const name of names.filter((one) => one.endsWith('.tmp'))) {
      await this.#disk.remove(`${DIRECTORY}/${name}`);
    }
    const stored = names.filter((name) => NAME.test(name)).sort();
    const newest = stored.at(-1);
    if (newest === undefined) return null;
    // Older ones are left by a crash before they were removed: the next compaction does it.
    for (const name of stored) this.#keyIds.set(name, 'unknown');
    const parts = this.#reader(newest);
    try {
      const { meta, keyId } = await this.#header(newest, parts);
      if (nameOf(meta) !== newest) throw lost(`snapshot ${newest} has another's header`);
      this.#keyIds.set(newest, keyId);
      return meta;
    } finally {
      await parts.close();
    }
  }

  /** Whether a file here is under another key than the present one. */
  get isStale(): boolean {
    const keyId = this.#cipher?.keyId ?? '';
    return [...this.#keyIds.values()].some((one) => one !== keyId);
  }

  /** Makes a snapshot durable; returns its size in bytes. An error of `chunks` leaves no file. */
  async save(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    const aside = `${DIRECTORY}/${nameOf(meta)}.${++this.#asideCount}.tmp`;
    const sealer = this.#cipher?.sealer();
    const file = await this.#disk.open(aside);
    let bytes: number;
    try {
      await file.truncate(0);
      bytes = await writeImage(file, meta, chunks, sealer);
      await file.sync();
    } catch (error) {
      // The first error says what is wrong; a disk that refuses the clearing up has nothing to add.
      await file.close().catch(() => undefined);
      await this.#disk.remove(aside).catch(() => undefined);
      throw error;
    }
    await file.close();
    await this.#disk.rename(aside, `${DIRECTORY}/${nameOf(meta)}`);
    await this.#disk.syncDirectory(DIRECTORY);
    this.#keyIds.set(nameOf(meta), sealer?.keyId ?? '');
    return bytes;
  }

  /** The image, checked on the way; throws `DATA_LOSS` where it is damaged. */
  async *read(meta: SnapshotMeta): AsyncGenerator<Uint8Array> {
    const name = nameOf(meta);
    const parts = this.#reader(name);
    try {
      const header = await this.#header(name, parts);
      yield* readParts(parts, header, `${DIRECTORY}/${name}`);
    } finally {
      await parts.close();
    }
  }

  /** Removes all snapshots older than `meta`. */
  async removeBefore(meta: SnapshotMeta): Promise<void> {
    const names = await this.#disk.list(DIRECTORY);
    const old = names.filter((name) => NAME.test(name) && name < nameOf(meta));
    for (const name of old) {
      await this.#disk.remove(`${DIRECTORY}/${name}`);
      this.#keyIds.delete(name);
    }
    if (old.length > 0) await this.#disk.syncDirectory(DIRECTORY);
  }

  #reader(name: string): PartReader {
    return new PartReader(this.#disk.readChunks(`${DIRECTORY}/${name}`, READ_BYTES));
  }

  #header(name: string, parts: PartReader): Promise<ImageHeader> {
    return readHeader(parts, `${DIRECTORY}/${name}`, new Unsealer(this.#cipher));
  }
}
