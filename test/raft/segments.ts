/** What segments of the log promise when a crash meets their change. */
import type { Entry, MemoryDisk } from 'raft-ts';
import test from 'ava';
import { DurableLog, isRaftError, memoryDisk } from 'raft-ts';
import { seededRandom } from '#lib';

const membership = { members: [{ id: 1, role: 'voter', context: '' }] } as const;
const small = { segmentBytesMax: 400 };
const large = { segmentBytesMax: 100_000 };
const hang = new Promise<never>(() => {});

function entryAt(index: number): Entry {
  return { index, term: 7, kind: 'data', data: new Uint8Array(100) };
}

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(10);
}

test('term and vote outlive a crash in which a new segment is all that is left', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    let syncsLeft = Infinity;
    const disk = memoryDisk({
      before: (operation, path) =>
        operation === 'sync' && path.endsWith('.wal') && syncsLeft-- <= 0
          ? hang
          : Promise.resolve(),
    });
    const { log } = await DurableLog.open(disk, { ...small, bootstrap: membership });
    const write = (index: number): Promise<number> =>
      log.append({
        hardState: { term: 7, vote: 3, commit: index - 1 },
        entries: [entryAt(index)],
        snapshot: null,
        messages: [],
      });
    // One sync a write, until one needs a second: the new segment is there, its first write is not.
    let index = 1;
    for (; ; index++) {
      // The log's first write makes the first segment.
      syncsLeft = index === 1 ? 2 : 1;
      const isDone = await Promise.race([write(index).then(() => true), turns()]);
      if (isDone !== true) break;
    }
    const meta = { index: index - 1, term: 7, membership };
    await log.saveSnapshot(meta, chunks());
    await log.compact(meta, index);
    t.is((await disk.list('wal')).length, 1);
    disk.crash(seededRandom(seed));
    syncsLeft = Infinity;
    const { recovered } = await DurableLog.open(disk, small);
    t.is(recovered.hardState.term, 7, `seed ${seed}`);
    t.is(recovered.hardState.vote, 3, `seed ${seed}`);
  }
});

test('after a write that failed nothing more is written, though the disk is well again', async (t) => {
  let isFailing = false;
  const disk = memoryDisk({
    before: (operation) =>
      isFailing && operation === 'sync' ? Promise.reject(new Error('EIO')) : Promise.resolve(),
  });
  const { log } = await DurableLog.open(disk, { ...small, bootstrap: membership });
  const write = (index: number): Promise<number> =>
    log.append({
      hardState: { term: 7, vote: 0, commit: 0 },
      entries: [entryAt(index)],
      snapshot: null,
      messages: [],
    });
  await write(1);
  isFailing = true;
  await t.throwsAsync(write(2), { message: /EIO/ });
  isFailing = false;
  // What the system had of that write may be gone, and no later sync would tell.
  await t.throwsAsync(write(2));
});

test('what a killed process had written but not synced is durable before it counts', async (t) => {
  for (let seed = 0; seed < 20; seed++) {
    let isStuck = false;
    const before = (operation: string): Promise<void> =>
      isStuck && operation === 'sync' ? hang : Promise.resolve();
    const disk = memoryDisk({ before });
    const { log } = await DurableLog.open(disk, { ...large, bootstrap: membership });
    isStuck = true;
    const hardState = { term: 7, vote: 1, commit: 0 };
    const write = { hardState, entries: [entryAt(1)], snapshot: null, messages: [] };
    t.is(await Promise.race([log.append(write), turns()]), undefined);
    isStuck = false;
    // The process is gone, the system is not: what it has in memory is read like anything else.
    const { recovered } = await DurableLog.open(disk, large);
    t.is(recovered.entries.length, 1);
    disk.crash(seededRandom(seed));
    const again = await DurableLog.open(disk, large);
    t.deepEqual(again.recovered, recovered, `seed ${seed}`);
  }
});

test('a frame of another history with the same number does not fit in', async (t) => {
  const one = await historyOf('a');
  const other = await historyOf('b');
  t.is(one.bytes.length, other.bytes.length);
  const [, , third = 0, fourth = 0] = one.ends;
  const mixed = one.bytes.slice();
  mixed.set(other.bytes.subarray(third, fourth), third);
  one.disk.overwrite(one.path, mixed);
  const error = await t.throwsAsync(DurableLog.open(one.disk, large));
  t.true(isRaftError(error, 'DATA_LOSS'), String(error));
});

/** Five writes, the second of which holds `text`, and where each ends in the file. */
async function historyOf(text: string): Promise<{
  readonly disk: MemoryDisk;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}> {
  const disk = memoryDisk();
  const { log } = await DurableLog.open(disk, { ...large, bootstrap: membership });
  const ends: number[] = [];
  const file = (): [string, Uint8Array] => [...disk.files()][0] ?? ['', new Uint8Array(0)];
  for (let index = 1; index <= 5; index++) {
    const data = new TextEncoder().encode(index === 2 ? text : 'same');
    const entries = [{ index, term: 7, kind: 'data', data } as const];
    const hardState = { term: 7, vote: 0, commit: 0 };
    await log.append({ hardState, entries, snapshot: null, messages: [] });
    ends.push(file()[1].length);
  }
  const [path, bytes] = file();
  return { disk, path, bytes, ends };
}

/** Long enough for everything that does not hang. */
async function turns(): Promise<undefined> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  return undefined;
}
