import type { Sealer } from './cipher.ts';
import type { WalRecord } from './records.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { crc32c } from './crc32c.ts';
import { SEAL_HEADER_BYTES, TAG_BYTES, writeSealHeader } from './cipher.ts';
import { magics } from './format.ts';
import { recordBytes, writeRecord } from './records.ts';

/**
 * A frame is what one write makes durable: a header, records, zeros up to a multiple of 8.
 *
 *   magic u32 | payload bytes u32 | sequence u64 | checksum u32 | header checksum u32 | payload
 *
 * `checksum` covers magic, length, sequence and payload, and is seeded with the checksum of the
 * frame before, so that frames cannot change places. `header checksum` covers the 20 bytes before
 * it: after damage it finds the frames that follow, which tells damage from a torn tail.
 *
 * A sealed frame's payload is key id, salt, and the records encrypted (see `LogCipher`), bound to
 * the segment's number and the header. The checksum is of the encrypted bytes: damage is told from
 * a torn write before any key is needed, and a wrong key is told from damage.
 */
const FRAME_HEADER_BYTES = 24;
const CHECKED_BYTES = 16;
const ALIGN_BYTES = 8;
const MAGIC_BYTE = magics.frame >>> 24;

export interface Frame {
  readonly payload: Uint8Array;
  readonly isSealed: boolean;
  readonly checksum: number;
  /** Where the next frame begins. */
  readonly end: number;
}

/** Where a frame stands. */
export interface FramePlace {
  readonly segment: number;
  readonly sequence: number;
  /** The checksum of the frame before it in the segment; 0 for the first. */
  readonly seed: number;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}

/** Larger ones are not kept for the next frame. */
const KEPT_BYTES_MAX = 1 << 20;

/** A buffer that each frame fills anew. */
class Scratch {
  #bytes = new Uint8Array(0);

  /** `lengthBytes` of it, with whatever was written there before. */
  room(lengthBytes: number): ByteWriter {
    if (lengthBytes > KEPT_BYTES_MAX) return new ByteWriter(lengthBytes);
    if (lengthBytes > this.#bytes.length)
      this.#bytes = new Uint8Array(Math.min(KEPT_BYTES_MAX, 2 * lengthBytes));
    return new ByteWriter(this.#bytes.subarray(0, lengthBytes));
  }
}

/**
 * Makes frames one after another, each in the place of the one before: large buffers that are new for every write are what
 * the collector of a busy member hurries for.
 */
export class FrameEncoder {
  readonly #plain = new Scratch();
  readonly #frame = new Scratch();

  /** One frame with these records, encrypted when there is a `sealer`; the next call may overwrite its bytes. */
  encode(
    records: readonly WalRecord[],
    place: FramePlace,
    sealer: Sealer | undefined,
  ): { readonly bytes: Uint8Array; readonly checksum: number } {
    const recordsBytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    const sealBytes = sealer === undefined ? 0 : SEAL_HEADER_BYTES + TAG_BYTES;
    const payloadBytes = recordsBytes + sealBytes;
    const out = this.#frame.room(aligned(FRAME_HEADER_BYTES + payloadBytes));
    out.u32(sealer === undefined ? magics.frame : magics.sealedFrame);
    out.u32(payloadBytes);
    out.u64(place.sequence);
    const head = out.bytes.subarray(0, CHECKED_BYTES);
    const payload = out.bytes.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + payloadBytes);
    out.offset = FRAME_HEADER_BYTES;
    if (sealer === undefined) {
      for (const record of records) writeRecord(out, record);
    } else {
      const plain = this.#plain.room(recordsBytes);
      for (const record of records) writeRecord(plain, record);
      writeSealHeader(out, sealer);
      const associated = associatedWith(place.segment, head);
      sealer.seal(place.sequence, associated, plain.bytes, payload.subarray(SEAL_HEADER_BYTES));
    }
    out.bytes.fill(0, FRAME_HEADER_BYTES + payloadBytes);
    const checksum = crc32c(payload, crc32c(head, place.seed));
    out.offset = CHECKED_BYTES;
    out.u32(checksum);
    out.u32(crc32c(out.bytes.subarray(0, CHECKED_BYTES + 4)));
    return { bytes: out.bytes, checksum };
  }
}

/** The frame at `offset` with exactly this sequence and seed; null when it is not whole. */
export function decodeFrame(file: Uint8Array, offset: number, place: FramePlace): Frame | null {
  const header = decodeHeader(file, offset);
  if (header === null || header.sequence !== place.sequence) return null;
  const start = offset + FRAME_HEADER_BYTES;
  const end = offset + aligned(FRAME_HEADER_BYTES + header.payloadBytes);
  if (end > file.length) return null;
  const payload = file.subarray(start, start + header.payloadBytes);
  const head = crc32c(file.subarray(offset, offset + CHECKED_BYTES), place.seed);
  if (crc32c(payload, head) !== header.checksum) return null;
  return { payload, isSealed: header.isSealed, checksum: header.checksum, end };
}

/** What a sealed frame at `offset` of this segment was bound to. */
export function frameAssociated(file: Uint8Array, offset: number, segment: number): Uint8Array {
  return associatedWith(segment, file.subarray(offset, offset + CHECKED_BYTES));
}

function associatedWith(segment: number, head: Uint8Array): Uint8Array {
  const out = new ByteWriter(8 + CHECKED_BYTES);
  out.u64(segment);
  out.raw(head);
  return out.bytes;
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

interface FrameHeader {
  readonly isSealed: boolean;
  readonly payloadBytes: number;
  readonly sequence: number;
  readonly checksum: number;
}

function decodeHeader(file: Uint8Array, offset: number): FrameHeader | null {
  if (offset + FRAME_HEADER_BYTES > file.length) return null;
  // The cheap test first: a scan asks this of every eighth byte.
  if (file[offset] !== MAGIC_BYTE) return null;
  const input = new ByteReader(file, offset);
  const magic = input.u32();
  if (magic !== magics.frame && magic !== magics.sealedFrame) return null;
  const covered = file.subarray(offset, offset + CHECKED_BYTES + 4);
  const stored = new ByteReader(file, offset + CHECKED_BYTES + 4).u32();
  if (crc32c(covered) !== stored) return null;
  const payloadBytes = input.u32();
  const isSealed = magic === magics.sealedFrame;
  // A sealed payload shorter than its header was never written by us.
  if (isSealed && payloadBytes < SEAL_HEADER_BYTES + TAG_BYTES) return null;
  return { isSealed, payloadBytes, sequence: input.u64(), checksum: input.u32() };
}
