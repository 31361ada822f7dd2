import type { WalRecord } from './records.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { crc32 } from './checksum-node.ts';
import { recordBytes, writeRecord } from './records.ts';

/**
 * A frame is what one fdatasync makes durable: a header, records, zeros up to a multiple of 8.
 *
 *   magic u32 | payload bytes u32 | sequence u64 | checksum u32 | header checksum u32 | payload
 *
 * `checksum` covers magic, length, sequence and payload, and is seeded with the checksum of the
 * frame before, so that frames cannot change places. `header checksum` covers the 20 bytes before
 * it: after damage it finds the frames that follow, which tells damage from a torn tail.
 */
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x72614c31;
const CHECKED_BYTES = 16;
const ALIGN_BYTES = 8;

export interface Frame {
  readonly payload: Uint8Array;
  readonly checksum: number;
  /** Where the next frame begins. */
  readonly end: number;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}

/** One frame with these records. `seed` is the checksum of the frame before it in the segment. */
export function encodeFrame(
  records: readonly WalRecord[],
  sequence: number,
  seed: number,
): { readonly bytes: Uint8Array; readonly checksum: number } {
  const payloadBytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
  const out = new ByteWriter(aligned(FRAME_HEADER_BYTES + payloadBytes));
  out.u32(MAGIC);
  out.u32(payloadBytes);
  out.u64(sequence);
  out.offset = FRAME_HEADER_BYTES;
  for (const record of records) writeRecord(out, record);
  const payload = out.bytes.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + payloadBytes);
  const checksum = crc32(payload, crc32(out.bytes.subarray(0, CHECKED_BYTES), seed));
  out.offset = CHECKED_BYTES;
  out.u32(checksum);
  out.u32(crc32(out.bytes.subarray(0, CHECKED_BYTES + 4)));
  return { bytes: out.bytes, checksum };
}

/** The frame at `offset` with exactly this sequence and seed; null when it is not whole. */
export function decodeFrame(
  file: Uint8Array,
  offset: number,
  sequence: number,
  seed: number,
): Frame | null {
  const header = decodeHeader(file, offset);
  if (header === null || header.sequence !== sequence) return null;
  const start = offset + FRAME_HEADER_BYTES;
  const end = offset + aligned(FRAME_HEADER_BYTES + header.payloadBytes);
  if (end > file.length) return null;
  const payload = file.subarray(start, start + header.payloadBytes);
  const head = crc32(file.subarray(offset, offset + CHECKED_BYTES), seed);
  if (crc32(payload, head) !== header.checksum) return null;
  return { payload, checksum: header.checksum, end };
}

/** Sequence of the frame whose whole header stands at `offset`; null when there is none. */
export function sequenceAt(file: Uint8Array, offset: number): number | null {
  return decodeHeader(file, offset)?.sequence ?? null;
}

/**
 * Does a frame later than `sequence` begin behind `offset`? Each frame is durable before the next
 * is written, so a later one proves that the damage at `offset` is not a torn write.
 */
export function hasLaterFrame(file: Uint8Array, offset: number, sequence: number): boolean {
  const from = aligned(offset + 1);
  for (let at = from; at + FRAME_HEADER_BYTES <= file.length; at += ALIGN_BYTES) {
    const header = decodeHeader(file, at);
    if (header !== null && header.sequence > sequence) return true;
  }
  return false;
}

function decodeHeader(
  file: Uint8Array,
  offset: number,
): { payloadBytes: number; sequence: number; checksum: number } | null {
  if (offset + FRAME_HEADER_BYTES > file.length) return null;
  // The cheap test first: a scan asks this of every eighth byte.
  if (file[offset] !== MAGIC >>> 24) return null;
  const input = new ByteReader(file, offset);
  if (input.u32() !== MAGIC) return null;
  const covered = file.subarray(offset, offset + CHECKED_BYTES + 4);
  const stored = new ByteReader(file, offset + CHECKED_BYTES + 4).u32();
  if (crc32(covered) !== stored) return null;
  const payloadBytes = input.u32();
  return { payloadBytes, sequence: input.u64(), checksum: input.u32() };
}
