import test from 'ava';
import { FrameEncoder } from '../../raft/log/frame.ts';
import type { WalRecord } from '../../raft/log/records.ts';

const entry = (lengthBytes: number, fill: number): WalRecord => ({
  kind: 'entry',
  entry: { index: 1, term: 1, kind: 'data', data: new Uint8Array(lengthBytes).fill(fill) },
});

test('what a frame holds does not depend on those that were made before it', (t) => {
  const encoder = new FrameEncoder();
  for (const [at, lengthBytes] of [5, 9_000, 0, 1, 2, 3, 4, 70_000, 3 << 20, 6, 1].entries()) {
    const records = [entry(lengthBytes, 255), entry(at, at)];
    const place = { segment: 3, sequence: at + 1, seed: at };
    const frame = encoder.encode(records, place, undefined);
    const alone = new FrameEncoder().encode(records, place, undefined);
    t.is(frame.checksum, alone.checksum);
    t.deepEqual(Buffer.compare(frame.bytes, alone.bytes), 0, `${lengthBytes} bytes`);
  }
});
