/** What segments of the log promise when a crash meets their change. */
import type { Entry } from 'raft-ts';
import test from 'ava';
import { DurableLog, memoryDisk } from 'raft-ts';
import { seededRandom } from '#lib';

const membership = { members: [{ id: 1, role: 'voter', context: '' }] } as const;
const small = { segmentBytesMax: 400 };
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

/** Long enough for everything that does not hang. */
async function turns(): Promise<undefined> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  return undefined;
}
