/** Which transactions go into one entry. */
import test from 'ava';
import { aTask } from '../../_support/objects.ts';
import { handClock } from '../../_support/hand-clock.ts';
import { makeTestStore } from '../../_support/test-store.ts';

test('updates asked for in one turn share one entry; those during a commit the next', async (t) => {
  const { store, replicator } = makeTestStore({ clock: handClock(), commitDelayMs: 5 });
  const started: Promise<unknown>[] = [];
  for (let i = 0; i < 50; i++) {
    started.push(store.update((tx) => tx.create('task', aTask({ id: `a${i}` }))));
  }
  await Promise.resolve();
  await Promise.resolve();
  for (let i = 0; i < 50; i++) {
    started.push(store.update((tx) => tx.create('task', aTask({ id: `b${i}` }))));
  }
  await Promise.all(started);
  t.is(replicator.entries.length, 2);
  t.is(
    store.view((tx) => tx.count('task')),
    100,
  );
});

test('transactions that take long go into several entries, at least one into each', async (t) => {
  const clock = handClock();
  const { store, replicator } = makeTestStore({ clock });
  const slow = (id: string, tookMs: number): Promise<unknown> =>
    store.update((tx) => {
      clock.at += tookMs;
      tx.create('task', aTask({ id }));
    });
  const took = [2, 2, 2, 2, 30, 30];
  const done = await Promise.all(took.map((tookMs, i) => slow(`t${i}`, tookMs)));
  t.is(done.length, took.length);
  t.is(replicator.entries.length, 3, 'after 6 ms, after 32, and the last');
  t.is(
    store.view((tx) => tx.count('task')),
    took.length,
  );
});

test('transactions that do not fit one entry go into the next, each run once', async (t) => {
  const { store, replicator } = makeTestStore({ clock: handClock() });
  let runs = 0;
  const many = (prefix: string): Promise<unknown> =>
    store.update((tx) => {
      runs++;
      for (let i = 0; i < 350; i++) tx.create('task', aTask({ id: `${prefix}${i}` }));
    });
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(many));
  t.is(runs, 5);
  t.is(replicator.entries.length, 3, 'two of 350 actions fit 1,000, three do not');
  t.is(
    store.view((tx) => tx.count('task')),
    1_750,
  );
});
