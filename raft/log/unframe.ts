import type { Frame, FramePlace } from './frame.ts';
import type { Unsealer } from './cipher.ts';
import type { WalRecord } from './records.ts';
import { frameAssociated } from './frame.ts';
import { lost } from './replay.ts';
import { readRecords } from './records.ts';
import { SEAL_HEADER_BYTES } from './cipher.ts';

interface FrameSource extends FramePlace {
  readonly bytes: Uint8Array;
  readonly path: string;
  readonly offset: number;
}

/** The records of a whole frame, decrypted where they are. Throws `DATA_LOSS` or `WRONG_KEY`. */
export function recordsOf(
  frame: Frame,
  source: FrameSource,
  unsealer: Unsealer,
): readonly WalRecord[] {
  const plain = frame.isSealed ? unsealed(frame, source, unsealer) : frame.payload;
  if (!frame.isSealed) unsealer.expectClear(source.path);
  try {
    return readRecords(plain);
  } catch (error) {
    throw lost(`${source.path} at byte ${source.offset}: ${(error as Error).message}`);
  }
}

function unsealed(frame: Frame, source: FrameSource, unsealer: Unsealer): Uint8Array {
  const { bytes, path, offset, segment, sequence } = source;
  const opener = unsealer.openerFor(frame.payload.subarray(0, SEAL_HEADER_BYTES), path);
  const associated = frameAssociated(bytes, offset, segment);
  const plain = opener.open(sequence, associated, frame.payload.subarray(SEAL_HEADER_BYTES));
  if (plain === undefined) throw lost(`${path} at byte ${offset} was not written with this key`);
  return plain;
}
