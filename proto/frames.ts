/**
 * Messages on a connection that carries nothing else: each after its length. Told apart from gRPC, on the same port, by
 * the protocol that the connection names in its handshake (ALPN).
 */
import { ClusterError } from '#lib';

/** An agent's session: `AgentMessage` up, `ManagerMessage` down. */
export const sessionProtocol = 'tessera-session/1';

/** No frame is larger, length excluded. */
export const frameBytesMax = 4 << 20;
const lengthBytes = 4;

/** One frame: the length of what follows, big-endian, then the message. */
export function frameOf(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(lengthBytes + message.length);
  frame.writeUInt32BE(message.length);
  frame.set(message, lengthBytes);
  return frame;
}

/** Cuts what a socket brings, in pieces of any size, back into messages. */
export class FrameReader {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** Bytes that are not read yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The messages that `piece` completes, in order. INVALID_ARGUMENT for what is no frame. */
  *read(piece: Uint8Array): Generator<Uint8Array> {
    this.push(piece);
    for (let frame = this.next(); frame !== undefined; frame = this.next()) yield frame;
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  /** The next message that is there whole, without its length. INVALID_ARGUMENT for what is no frame. */
  next(): Uint8Array | undefined {
    if (this.#bytes < lengthBytes) return undefined;
    const head = this.#joined(lengthBytes);
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
    if (length > frameBytesMax)
      throw new ClusterError('INVALID_ARGUMENT', `a frame of ${length} bytes is no frame`);
    if (this.#bytes < lengthBytes + length) return undefined;
    return this.#take(lengthBytes + length).subarray(lengthBytes);
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
