import type protobuf from 'protobufjs';

/** Slots of one field; a power of two. */
const slotsMax = 256;
/** A longer value is read anew each time: what is kept stays bounded. */
const bytesMax = 8_192;

interface Slot<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
}

/**
 * Values of one message field that many messages have alike, as tasks of one service have their spec. Bytes that were read
 * a short while ago are not read again: all who have them get the same object, which nobody may change.
 */
export class SharedValues<T> {
  readonly #slots: (Slot<T> | undefined)[] = Array.from({ length: slotsMax }, () => undefined);

  /** Reads a length and the message after it, as `read` does from the position to the end that it is given. */
  read(reader: protobuf.Reader, read: (reader: protobuf.Reader, end: number) => T): T {
    const length = reader.uint32();
    const { buf, pos } = reader;
    const end = pos + length;
    if (length > bytesMax || end > reader.len) return read(reader, end);
    const at = hash(buf, pos, end) & (slotsMax - 1);
    const slot = this.#slots[at];
    if (slot !== undefined && isSame(slot.bytes, buf, pos, length)) {
      reader.pos = end;
      return slot.value;
    }
    const value = read(reader, end);
    this.#slots[at] = { bytes: Uint8Array.from(buf.subarray(pos, end)), value };
    return value;
  }
}

/** FNV-1a. */
function hash(bytes: Uint8Array, from: number, end: number): number {
  let result = 0x811c9dc5;
  for (let at = from; at < end; at++) result = Math.imul(result ^ (bytes[at] ?? 0), 0x01000193);
  return result ^ (result >>> 16);
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = 0; at < length; at++) if (known[at] !== bytes[from + at]) return false;
  return true;
}
