/**
 * What a proposal and its outcome are on a connection. A frame is the length of what follows (four
 * bytes, big-endian, as all numbers here), the call's number (four), then a body: of a call the
 * proposed bytes, of an answer an outcome.
 */
import { RaftError } from '../errors.ts';
import { ByteReader, ByteWriter } from '../log/bytes.ts';
import type { ProposeOutcome, RejectReason } from '../types.ts';

const LENGTH_BYTES = 4;
const NUMBER_BYTES = 4;

/** The first byte of an outcome; then its index or leader (eight bytes), then a reason in UTF-8. */
const kinds = ['committed', 'rejected', 'unknown'] as const;
const OUTCOME_HEAD_BYTES = 9;
/** No outcome is longer. */
export const OUTCOME_BYTES_MAX = 4_096;

const reasons: readonly string[] = [
  'not-leader',
  'queue-full',
  'too-large',
  'membership-change-in-progress',
  'invalid-membership-change',
  'learner-behind',
  'stopped',
] satisfies readonly RejectReason[];

export function frame(number: number, body: Uint8Array): Uint8Array {
  const writer = new ByteWriter(LENGTH_BYTES + NUMBER_BYTES + body.length);
  writer.u32(NUMBER_BYTES + body.length);
  writer.u32(number);
  writer.raw(body);
  return writer.bytes;
}

function numberOf(outcome: ProposeOutcome): number {
  if (outcome.kind === 'committed') return outcome.index;
  return outcome.kind === 'rejected' ? outcome.leaderId : 0;
}

export function encodeOutcome(outcome: ProposeOutcome): Uint8Array {
  const text = outcome.kind === 'committed' ? '' : outcome.reason;
  const reason = new TextEncoder().encode(text).subarray(0, OUTCOME_BYTES_MAX - OUTCOME_HEAD_BYTES);
  const writer = new ByteWriter(OUTCOME_HEAD_BYTES + reason.length);
  writer.u8(kinds.indexOf(outcome.kind));
  writer.u64(numberOf(outcome));
  writer.raw(reason);
  return writer.bytes;
}

/** Throws `BAD_INPUT` for bytes that are no outcome. */
export function decodeOutcome(bytes: Uint8Array): ProposeOutcome {
  const kind = kinds[bytes[0] ?? kinds.length];
  if (kind === undefined || bytes.length < OUTCOME_HEAD_BYTES)
    throw new RaftError('BAD_INPUT', 'an answer is no outcome');
  const reader = new ByteReader(bytes, 1);
  const number = reader.u64();
  if (kind === 'committed') return { kind, index: number };
  const reason = new TextDecoder().decode(reader.raw(reader.left));
  if (kind === 'unknown') return { kind, reason };
  if (!reasons.includes(reason)) throw new RaftError('BAD_INPUT', `no reason to reject: ${reason}`);
  return { kind, reason: reason as RejectReason, leaderId: number };
}

export interface Frame {
  readonly number: number;
  readonly body: Uint8Array;
}

/** Cuts what a connection brings, in pieces of any size, back into frames. */
export class FrameCutter {
  readonly #bodyBytesMax: number;
  #rest: Uint8Array = new Uint8Array(0);
  /** Pieces of a frame that `#rest` begins, not joined before all are there. */
  #later: Uint8Array[] = [];
  #missing = 0;

  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax;
  }

  /** The frames that `piece` completes, in order. Throws `BAD_INPUT` where there is none. */
  *cut(piece: Uint8Array): Generator<Frame> {
    if (piece.length < this.#missing) {
      this.#later.push(piece);
      this.#missing -= piece.length;
      return;
    }
    let bytes = this.#joined(piece);
    for (;;) {
      const length = bytes.length < LENGTH_BYTES ? 0 : this.#lengthOf(bytes);
      const end = LENGTH_BYTES + length;
      if (length === 0 || bytes.length < end) {
        this.#rest = bytes;
        this.#missing = Math.max(1, (length === 0 ? LENGTH_BYTES : end) - bytes.length);
        return;
      }
      const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(LENGTH_BYTES);
      yield { number, body: bytes.subarray(LENGTH_BYTES + NUMBER_BYTES, end) };
      bytes = bytes.subarray(end);
    }
  }

  #joined(piece: Uint8Array): Uint8Array {
    const pieces = [this.#rest, ...this.#later, piece];
    this.#later = [];
    if (this.#rest.length === 0 && pieces.length === 2) return piece;
    const writer = new ByteWriter(pieces.reduce((sum, one) => sum + one.length, 0));
    for (const one of pieces) writer.raw(one);
    return writer.bytes;
  }

  #lengthOf(bytes: Uint8Array): number {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (length < NUMBER_BYTES || length - NUMBER_BYTES > this.#bodyBytesMax)
      throw new RaftError('BAD_INPUT', `a frame of ${length} bytes is none`);
    return length;
  }
}
