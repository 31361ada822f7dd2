/** A replicated map behind one call: what a person would build on raft-ts to have an etcd. */
import { grpc } from '#proto/rpc';
import type { Entry, StateMachine } from 'raft-ts';

const CHUNK_BYTES = 256 << 10;

/** Request: the key's length (two bytes), the key, the value. Answer: the index, eight bytes. */
const asIs = (bytes: Buffer): Buffer => bytes;
export const putMethod: grpc.MethodDefinition<Buffer, Buffer> = {
  path: '/bench.Map/Put',
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

export function encodePut(key: string, value: Uint8Array): Buffer {
  const name = Buffer.from(key);
  const bytes = Buffer.allocUnsafe(2 + name.length + value.length);
  bytes.writeUInt16BE(name.length);
  bytes.set(name, 2);
  bytes.set(value, 2 + name.length);
  return bytes;
}

export class MapMachine implements StateMachine {
  #values = new Map<string, Uint8Array>();

  apply({ data }: Entry): void {
    const length = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
    const key = Buffer.from(data.buffer, data.byteOffset + 2, length).toString('latin1');
    this.#values.set(key, data.subarray(2 + length));
  }

  /** Records after their lengths, in chunks of about 256 KiB: each chunk is a write to the disk. */
  async *snapshot(): AsyncGenerator<Uint8Array> {
    const values = [...this.#values];
    let chunk: Uint8Array[] = [];
    let bytes = 0;
    for (const [key, value] of values) {
      const record = encodePut(key, value);
      const head = Buffer.alloc(4);
      head.writeUInt32BE(record.length);
      chunk.push(head, record);
      bytes += head.length + record.length;
      if (bytes < CHUNK_BYTES) continue;
      yield Buffer.concat(chunk);
      chunk = [];
      bytes = 0;
    }
    if (bytes > 0) yield Buffer.concat(chunk);
  }

  async restore(): Promise<void> {
    throw new Error('nobody falls behind here');
  }
}

/** What the benchmark asks a member's process. */
export type MemberQuestion =
  | { readonly kind: 'role' }
  /** Propose in its own process for a while; answered with a `LoadResult`. */
  | {
      readonly kind: 'load';
      readonly inFlight: number;
      readonly durationMs: number;
      readonly valueBytes: number;
    };
