import type { Disk, DiskFile } from '../ports.ts';
import type { SnapshotMeta } from '../types.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { crc32 } from './checksum-node.ts';
import { decodeMembership, encodeMembership } from '../core/membership.ts';
import { lost } from './replay.ts';

const DIRECTORY = 'snap';
const NAME = /^(\d{16})-(\d{16})\.snap$/;
const MAGIC = 0x72615331;
const HEADER_BYTES = 28;
const PART_BYTES_MAX = 1 << 20;
const READ_BYTES = 256 << 10;
/** In the place of a part's length: the image is complete. */
const END = 0xffffffff;
const META_BYTES_MAX = 1 << 20;

function nameOf(meta: SnapshotMeta): string {
  return `${String(meta.index).padStart(16, '0')}-${String(meta.term).padStart(16, '0')}.snap`;
}

/**
 * Snapshot files: written aside, fdatasynced, renamed, directory synced: a file with a final name
 * is whole. Layout: magic u32 | index u64 | term u64 | membership bytes u32 | checksum u32 |
 * membership; then parts (length u32 | checksum u32 | bytes) and an end mark. Each checksum is
 * seeded with the one before.
 */
export class SnapshotStore {
  readonly #disk: Disk;
  #asideCount = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The newest snapshot's meta, or null. Removes what an interrupted write left behind. */
  async open(): Promise<SnapshotMeta | null> {
    const names = await this.#disk.list(DIRECTORY);
    for (const name of names.filter((one) => one.endsWith('.tmp'))) {
      await this.#disk.remove(`${DIRECTORY}/${name}`);
    }
    const newest = names
      .filter((name) => NAME.test(name))
      .sort()
      .at(-1);
    if (newest === undefined) return null;
    const parts = new PartReader(this.#disk.readChunks(`${DIRECTORY}/${newest}`, READ_BYTES));
    try {
      const { meta } = await readHeader(parts);
      if (nameOf(meta) !== newest) throw lost(`snapshot ${newest} has another's header`);
      return meta;
    } finally {
      await parts.close();
    }
  }

  /** Makes a snapshot durable; returns its size in bytes. An error of `chunks` leaves no file. */
  async save(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    const aside = `${DIRECTORY}/${nameOf(meta)}.${++this.#asideCount}.tmp`;
    const file = await this.#disk.open(aside);
    let bytes: number;
    try {
      await file.truncate(0);
      bytes = await writeImage(file, meta, chunks);
      await file.sync();
    } catch (error) {
      await file.close();
      await this.#disk.remove(aside);
      throw error;
    }
    await file.close();
    await this.#disk.rename(aside, `${DIRECTORY}/${nameOf(meta)}`);
    await this.#disk.syncDirectory(DIRECTORY);
    return bytes;
  }

  /** The image, checked on the way; throws `DATA_LOSS` where it is damaged. */
  async *read(meta: SnapshotMeta): AsyncGenerator<Uint8Array> {
    const parts = new PartReader(this.#disk.readChunks(`${DIRECTORY}/${nameOf(meta)}`, READ_BYTES));
    try {
      let { checksum } = await readHeader(parts);
      for (;;) {
        const head = new ByteReader(await parts.exactly(8));
        const length = head.u32();
        const stored = head.u32();
        if (length === END) {
          if (stored !== checksum) throw lost(`end of snapshot ${meta.index}`);
          return;
        }
        if (length > PART_BYTES_MAX) throw lost(`snapshot ${meta.index}`);
        const part = await parts.exactly(length);
        checksum = crc32(part, checksum);
        if (stored !== checksum) throw lost(`snapshot ${meta.index}`);
        yield part;
      }
    } finally {
      await parts.close();
    }
  }

  /** Removes all snapshots older than `meta`. */
  async removeBefore(meta: SnapshotMeta): Promise<void> {
    const names = await this.#disk.list(DIRECTORY);
    const old = names.filter((name) => NAME.test(name) && name < nameOf(meta));
    for (const name of old) await this.#disk.remove(`${DIRECTORY}/${name}`);
    if (old.length > 0) await this.#disk.syncDirectory(DIRECTORY);
  }
}

async function writeImage(
  file: DiskFile,
  meta: SnapshotMeta,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  const membership = encodeMembership(meta.membership);
  const header = new ByteWriter(HEADER_BYTES + membership.length);
  header.u32(MAGIC);
  header.u64(meta.index);
  header.u64(meta.term);
  header.u32(membership.length);
  let checksum = crc32(membership, crc32(header.bytes.subarray(0, HEADER_BYTES - 4)));
  header.u32(checksum);
  header.raw(membership);
  await file.write(header.bytes, 0);
  let offset = header.bytes.length;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += PART_BYTES_MAX) {
      const part = chunk.subarray(from, from + PART_BYTES_MAX);
      checksum = crc32(part, checksum);
      const out = new ByteWriter(8 + part.length);
      out.u32(part.length);
      out.u32(checksum);
      out.raw(part);
      await file.write(out.bytes, offset);
      offset += out.bytes.length;
    }
  }
  const end = new ByteWriter(8);
  end.u32(END);
  end.u32(checksum);
  await file.write(end.bytes, offset);
  return offset + end.bytes.length;
}

async function readHeader(
  parts: PartReader,
): Promise<{ readonly meta: SnapshotMeta; readonly checksum: number }> {
  const head = await parts.exactly(HEADER_BYTES);
  const input = new ByteReader(head, HEADER_BYTES - 8);
  const length = input.u32();
  const stored = input.u32();
  if (length > META_BYTES_MAX) throw lost('header of a snapshot');
  const membership = await parts.exactly(length);
  const checksum = crc32(membership, crc32(head.subarray(0, HEADER_BYTES - 4)));
  const numbers = new ByteReader(head);
  if (stored !== checksum || numbers.u32() !== MAGIC) throw lost('header of a snapshot');
  const index = numbers.u64();
  const meta = { index, term: numbers.u64(), membership: decodeMembership(membership) };
  return { meta, checksum };
}

/** Cuts a stream of chunks of any size into pieces of a wanted size. */
class PartReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #left: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#source = chunks[Symbol.asyncIterator]();
  }

  async exactly(lengthBytes: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let missing = lengthBytes;
    while (missing > 0) {
      if (this.#left.length === 0) {
        const next = await this.#source.next();
        if (next.done === true) throw lost('a snapshot ends too early');
        this.#left = next.value;
      }
      const piece = this.#left.subarray(0, missing);
      this.#left = this.#left.subarray(piece.length);
      missing -= piece.length;
      pieces.push(piece);
    }
    if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
    const out = new ByteWriter(lengthBytes);
    for (const piece of pieces) out.raw(piece);
    return out.bytes;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
