/** A long log is read back in slices: a process that starts must not hold its event loop. */
import type { Entry, MemoryDisk } from 'raft-ts';
import test from 'ava';
import { DurableLog, memoryDisk } from 'raft-ts';
import { replaySlice } from '../../raft/log/replay-pauses.ts';

const membership = { members: [{ id: 1, role: 'voter', context: '' }] } as const;
const segmentBytesMax = 16 << 20;
const entriesPerWrite = 50;

async function logOf(count: number, bytes: number): Promise<MemoryDisk> {
  const disk = memoryDisk();
  const { log } = await DurableLog.open(disk, { segmentBytesMax, bootstrap: membership });
  const hardState = { term: 1, vote: 1, commit: 0 };
  for (let from = 1; from <= count; from += entriesPerWrite) {
    const entries = Array.from({ length: Math.min(entriesPerWrite, count - from + 1) }, (_, i) => {
      const entry: Entry = { index: from + i, term: 1, kind: 'data', data: new Uint8Array(bytes) };
      return entry;
    });
    await log.append({ hardState, entries, snapshot: null, messages: [] });
  }
  await log.close();
  return disk;
}

/** How often others could run while the log was read, and that it was read whole. */
async function pausesOf(disk: MemoryDisk, count: number): Promise<number> {
  let pauses = 0;
  const pause = async (): Promise<void> => void pauses++;
  const { recovered } = await DurableLog.open(disk, { segmentBytesMax, pause });
  return recovered.entries.length === count ? pauses : -1;
}

test('between two pauses no more than a slice of records is read back', async (t) => {
  const count = 12_000;
  const pauses = await pausesOf(await logOf(count, 10), count);
  // Each slice may be longer by what is left of its last write.
  t.true(pauses >= Math.floor(count / (replaySlice.recordsMax + entriesPerWrite)), String(pauses));
});

test('large entries make shorter slices', async (t) => {
  const count = 400;
  const bytes = 20_000;
  const pauses = await pausesOf(await logOf(count, bytes), count);
  const most = replaySlice.bytesMax + entriesPerWrite * (bytes + 100);
  t.true(pauses >= Math.floor((count * bytes) / most), String(pauses));
});

test('a short log is read back at once', async (t) => {
  t.is(await pausesOf(await logOf(100, 100), 100), 0);
});
