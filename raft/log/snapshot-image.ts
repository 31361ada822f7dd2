import type { DiskFile } from '../ports.ts';
import type { Opener, Sealer, Unsealer } from './cipher.ts';
import type { PartReader } from './part-reader.ts';
import type { SnapshotMeta } from '../types.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { crc32c } from './crc32c.ts';
import { decodeMembership, encodeMembership } from '../core/membership.ts';
import { lost } from './replay.ts';
import { magics, refuseOtherFormat } from './format.ts';
import { SEAL_HEADER_BYTES, TAG_BYTES, writeSealHeader } from './cipher.ts';

/**
 * A snapshot file:
 *
 *   magic u32 | index u64 | term u64 | membership bytes u32 | checksum u32 | [key id, salt] | membership
 *   parts: length u32 | checksum u32 | bytes
 *   end: 0xffffffff u32 | checksum u32 | bytes (none, or the seal of nothing)
 *
 * Each checksum is seeded with the one before. In a sealed file membership, parts and end are
 * encrypted one by one, numbered in order and bound to the header and to what they are: none can be
 * left out, moved, or put into another file, and the file cannot be ended early.
 */
const HEADER_BYTES = 28;
const CHECKED_BYTES = HEADER_BYTES - 4;
const PART_BYTES_MAX = 1 << 20;
/** In the place of a part's length: the image is complete. */
const END = 0xffffffff;
const META_BYTES_MAX = 1 << 20;

const kinds = { membership: 0, part: 1, end: 2 } as const;
type Kind = keyof typeof kinds;

function associatedWith(head: Uint8Array, kind: Kind): Uint8Array {
  const out = new ByteWriter(CHECKED_BYTES + 1);
  out.raw(head.subarray(0, CHECKED_BYTES));
  out.u8(kinds[kind]);
  return out.bytes;
}

export interface ImageHeader {
  readonly meta: SnapshotMeta;
  /** Empty: not encrypted. */
  readonly keyId: string;
  readonly checksum: number;
  readonly head: Uint8Array;
  readonly opener: Opener | undefined;
}

/** Writes a whole image from offset 0 on; returns its bytes. The caller syncs. */
export async function writeImage(
  file: DiskFile,
  meta: SnapshotMeta,
  chunks: AsyncIterable<Uint8Array>,
  sealer: Sealer | undefined,
): Promise<number> {
  const writer = new ImageWriter(file, sealer);
  await writer.header(meta);
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += PART_BYTES_MAX) {
      await writer.part(chunk.subarray(from, from + PART_BYTES_MAX));
    }
  }
  return writer.end();
}

class ImageWriter {
  readonly #file: DiskFile;
  readonly #sealer: Sealer | undefined;
  #head: Uint8Array = new Uint8Array(0);
  #checksum = 0;
  #offset = 0;
  #sequence = 0;

  constructor(file: DiskFile, sealer: Sealer | undefined) {
    this.#file = file;
    this.#sealer = sealer;
  }

  async header(meta: SnapshotMeta): Promise<void> {
    const sealer = this.#sealer;
    const plain = encodeMembership(meta.membership);
    const length = plain.length + (sealer === undefined ? 0 : TAG_BYTES);
    const sealBytes = sealer === undefined ? 0 : SEAL_HEADER_BYTES;
    const out = new ByteWriter(HEADER_BYTES + sealBytes + length);
    out.u32(sealer === undefined ? magics.snapshot : magics.sealedSnapshot);
    out.u64(meta.index);
    out.u64(meta.term);
    out.u32(length);
    this.#head = out.bytes.subarray(0, CHECKED_BYTES);
    out.offset = HEADER_BYTES;
    if (sealer !== undefined) writeSealHeader(out, sealer);
    out.raw(this.#sealed(plain, 'membership'));
    this.#checksum = crc32c(out.bytes.subarray(HEADER_BYTES), crc32c(this.#head));
    out.offset = CHECKED_BYTES;
    out.u32(this.#checksum);
    await this.#write(out.bytes);
  }

  async part(plain: Uint8Array): Promise<void> {
    const bytes = this.#sealed(plain, 'part');
    this.#checksum = crc32c(bytes, this.#checksum);
    const out = new ByteWriter(8 + bytes.length);
    out.u32(bytes.length);
    out.u32(this.#checksum);
    out.raw(bytes);
    await this.#write(out.bytes);
  }

  async end(): Promise<number> {
    const bytes = this.#sealed(new Uint8Array(0), 'end');
    const out = new ByteWriter(8 + bytes.length);
    out.u32(END);
    out.u32(crc32c(bytes, this.#checksum));
    out.raw(bytes);
    await this.#write(out.bytes);
    return this.#offset;
  }

  #sealed(plain: Uint8Array, kind: Kind): Uint8Array {
    if (this.#sealer === undefined) return plain;
    const out = new Uint8Array(plain.length + TAG_BYTES);
    this.#sealer.seal(this.#sequence++, associatedWith(this.#head, kind), plain, out);
    return out;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes, this.#offset);
    this.#offset += bytes.length;
  }
}

/** Throws `DATA_LOSS`, `WRONG_KEY` or `UNKNOWN_FORMAT`. `path` is for the texts. */
export async function readHeader(
  parts: PartReader,
  path: string,
  unsealer: Unsealer,
): Promise<ImageHeader> {
  const bytes = await parts.exactly(HEADER_BYTES);
  refuseOtherFormat(bytes, path);
  const head = bytes.subarray(0, CHECKED_BYTES);
  const input = new ByteReader(bytes);
  const magic = input.u32();
  const isSealed = magic === magics.sealedSnapshot;
  if (!isSealed && magic !== magics.snapshot) throw lost(`header of ${path}`);
  const tail = new ByteReader(bytes, CHECKED_BYTES - 4);
  const length = tail.u32();
  const checksum = tail.u32();
  if (length > META_BYTES_MAX) throw lost(`header of ${path}`);
  const rest = await parts.exactly((isSealed ? SEAL_HEADER_BYTES : 0) + length);
  if (crc32c(rest, crc32c(head)) !== checksum) throw lost(`header of ${path}`);
  if (!isSealed) unsealer.expectClear(path);
  const opener = isSealed
    ? unsealer.openerFor(rest.subarray(0, SEAL_HEADER_BYTES), path)
    : undefined;
  const sealed = isSealed ? rest.subarray(SEAL_HEADER_BYTES) : rest;
  const plain = opened(opener, 0, head, 'membership', sealed);
  if (plain === undefined) throw lost(`${path} was not written with this key`);
  const index = input.u64();
  const meta = { index, term: input.u64(), membership: decodeMembership(plain) };
  return { meta, keyId: isSealed ? unsealer.keyId : '', checksum, head, opener };
}

/** The parts behind the header; throws `DATA_LOSS` where they are damaged. */
export async function* readParts(
  parts: PartReader,
  header: ImageHeader,
  path: string,
): AsyncGenerator<Uint8Array> {
  const { head, opener } = header;
  const tagBytes = opener === undefined ? 0 : TAG_BYTES;
  let { checksum } = header;
  for (let sequence = 1; ; sequence++) {
    const prefix = new ByteReader(await parts.exactly(8));
    const length = prefix.u32();
    const stored = prefix.u32();
    const isEnd = length === END;
    if (!isEnd && length > PART_BYTES_MAX + tagBytes) throw lost(path);
    const bytes = await parts.exactly(isEnd ? tagBytes : length);
    checksum = crc32c(bytes, checksum);
    if (stored !== checksum) throw lost(path);
    const plain = opened(opener, sequence, head, isEnd ? 'end' : 'part', bytes);
    if (plain === undefined) throw lost(`${path} was not written with this key`);
    if (isEnd) return;
    yield plain;
  }
}

function opened(
  opener: Opener | undefined,
  sequence: number,
  head: Uint8Array,
  kind: Kind,
  bytes: Uint8Array,
): Uint8Array | undefined {
  if (opener === undefined) return bytes;
  return opener.open(sequence, associatedWith(head, kind), bytes);
}
