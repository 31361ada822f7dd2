import { ClusterError } from '#lib';
import { RaftBatch } from '#proto';
import type { RaftWireMessage } from '#proto';

/** The protocol that a connection names (ALPN) when it carries Raft's messages and nothing else. */
export const raftLinkProtocol = 'tessera-raft/1';

/**
 * No frame is larger, length excluded: an entry fits with room to spare, and batches are cut
 * long before.
 */
export const frameBytesMax = 4 << 20;
const lengthBytes = 4;

/** One frame: the length of what follows, big-endian, then a RaftBatch. */
export function encodeFrame(messages: readonly RaftWireMessage[]): Uint8Array {
  const body = RaftBatch.encode(RaftBatch.create({ messages: [...messages] }));
  const frame = new Uint8Array(lengthBytes + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, lengthBytes);
  return frame;
}

/** Cuts what a socket brings, in pieces of any size, back into batches. */
export class FrameReader {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** The batches that `piece` completes, in order. INVALID_ARGUMENT for what is no frame. */
  *read(piece: Uint8Array): Generator<RaftBatch> {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    for (;;) {
      if (this.#bytes < lengthBytes) return;
      const head = this.#joined(lengthBytes);
      const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
      if (length > frameBytesMax)
        throw new ClusterError('INVALID_ARGUMENT', `a frame of ${length} bytes is no frame`);
      if (this.#bytes < lengthBytes + length) return;
      const frame = this.#take(lengthBytes + length);
      yield RaftBatch.decode(frame.subarray(lengthBytes));
    }
  }

  /** The first piece holds at least `bytes` afterwards: pieces are joined only when they must be. */
  #joined(bytes: number): Uint8Array {
    const first = this.#pieces[0];
    if (first !== undefined && first.length >= bytes) return first;
    const all = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [all];
    return all;
  }

  #take(bytes: number): Uint8Array {
    const first = this.#joined(bytes);
    const rest = first.subarray(bytes);
    if (rest.length === 0) this.#pieces.shift();
    else this.#pieces[0] = rest;
    this.#bytes -= bytes;
    return first.subarray(0, bytes);
  }
}
