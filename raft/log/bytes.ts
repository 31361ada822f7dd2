const TWO_32 = 4294967296;

/** Writes big-endian numbers and bytes into a buffer of known size. */
export class ByteWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  /** Into a new buffer of that length, or over these bytes. */
  constructor(room: number | Uint8Array) {
    this.bytes = typeof room === 'number' ? new Uint8Array(room) : room;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  u8(value: number): void {
    this.#view.setUint8(this.offset, value);
    this.offset += 1;
  }

  u32(value: number): void {
    this.#view.setUint32(this.offset, value);
    this.offset += 4;
  }

  /** A safe integer >= 0. */
  u64(value: number): void {
    this.#view.setUint32(this.offset, Math.floor(value / TWO_32));
    this.#view.setUint32(this.offset + 4, value % TWO_32);
    this.offset += 8;
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.offset);
    this.offset += bytes.length;
  }
}

/** The counterpart of `ByteWriter`; throws a `RangeError` past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  get left(): number {
    return this.#bytes.length - this.offset;
  }

  u8(): number {
    const value = this.#view.getUint8(this.offset);
    this.offset += 1;
    return value;
  }

  u32(): number {
    const value = this.#view.getUint32(this.offset);
    this.offset += 4;
    return value;
  }

  u64(): number {
    const value = this.u32() * TWO_32 + this.u32();
    if (!Number.isSafeInteger(value)) throw new RangeError('number beyond 2^53');
    return value;
  }

  /** A view, not a copy. */
  raw(lengthBytes: number): Uint8Array {
    if (lengthBytes > this.left) throw new RangeError('past the end');
    const bytes = this.#bytes.subarray(this.offset, this.offset + lengthBytes);
    this.offset += lengthBytes;
    return bytes;
  }
}
