/** DNS over TCP: every message after its length in two bytes (RFC 7766). Pure. */

export function framed(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + message.length);
  frame[0] = message.length >> 8;
  frame[1] = message.length & 0xff;
  frame.set(message, 2);
  return frame;
}

/** Cuts a stream into messages. Keeps at most one that is not whole yet: 64 KiB. */
export class MessageReader {
  #rest: Uint8Array = new Uint8Array(0);

  read(bytes: Uint8Array): readonly Uint8Array[] {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at + 2 <= all.length) {
      const length = ((all[at] ?? 0) << 8) | (all[at + 1] ?? 0);
      if (at + 2 + length > all.length) break;
      messages.push(all.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    this.#rest = all.slice(at);
    return messages;
  }
}
