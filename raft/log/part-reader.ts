import { ByteWriter } from './bytes.ts';
import { lost } from './replay.ts';

/** Cuts a stream of chunks of any size into pieces of a wanted size. */
export class PartReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #left: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#source = chunks[Symbol.asyncIterator]();
  }

  /** Throws `DATA_LOSS` when the stream ends before; what the stream throws. */
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
