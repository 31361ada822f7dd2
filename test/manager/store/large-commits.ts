/** A commit as large as an entry may be: it arrives whole, and as one. */
import test from 'ava';
import { entryActionsMax } from '#manager/store/replicator';
import type { Commit } from '#manager/store/types';
import { handClock } from '../../_support/hand-clock.ts';
import { aTask } from '../../_support/objects.ts';
import { makeTestStore } from '../../_support/test-store.ts';

test('a watcher hears of every change of the largest commit, in the order of the writes', async (t) => {
  const { store, replicator } = makeTestStore();
  const ids = Array.from({ length: entryActionsMax }, (_, i) => `t${(i * 37) % entryActionsMax}`);
  const heard: Commit[] = [];
  store.watch((commit) => heard.push(commit));
  await store.update((tx) => {
    for (const id of ids) tx.create('task', aTask({ id }));
  });
  t.is(replicator.entries.length, 1);
  t.is(heard.length, 1);
  t.deepEqual(
    heard[0]?.events.map(({ object }) => object.id),
    ids,
  );
});

test('nobody ever sees a part of a transaction, however full the entry before it is', async (t) => {
  const { store } = makeTestStore({ clock: handClock(), commitDelayMs: 1 });
  const size = 350;
  const counts: number[] = [];
  store.watch(() => counts.push(store.view((tx) => tx.count('task'))));
  const write = (prefix: string): Promise<unknown> =>
    store.update((tx) => {
      for (let i = 0; i < size; i++) tx.create('task', aTask({ id: `${prefix}${i}` }));
    });
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(write));
  t.is(counts.at(-1), 5 * size);
  t.deepEqual(
    counts.filter((count) => count % size !== 0),
    [],
  );
});
