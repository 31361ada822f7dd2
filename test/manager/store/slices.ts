/** Large states are read, written and compared in slices: the event loop is never held up for long. */
import test from 'ava';
import type { ClusterStore } from '#manager/store/cluster-store';
import { snapshotSlice } from '#manager/store/snapshot';
import { aTask } from '../../_support/objects.ts';
import { makeTestStore } from '../../_support/test-store.ts';
import { VirtualClock } from '../../_support/virtual-clock.ts';

const objectCount = 6_000;

async function fill(store: ClusterStore, prefix: string, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(6, '0')}`);
  await store.batch(ids, (tx, id) => tx.create('task', aTask({ id, serviceId: 's1' })));
}

async function collect(clock: VirtualClock, store: ClusterStore): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  const reading = (async () => {
    for await (const chunk of store.snapshot()) all.push(chunk);
  })();
  await clock.resolve(reading, 60_000);
  return all;
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

test('a snapshot is encoded in slices', async (t) => {
  const clock = new VirtualClock();
  const { store } = makeTestStore({ clock, isFrozen: false });
  await fill(store, 't', objectCount);
  const before = clock.eventCount;
  await collect(clock, store);
  t.true(clock.eventCount - before >= objectCount / snapshotSlice.itemsMax);
});

test('a snapshot is restored in slices, and readers have the old state until it is whole', async (t) => {
  const clock = new VirtualClock();
  const source = makeTestStore({ clock, isFrozen: false }).store;
  await fill(source, 't', objectCount);
  const chunks = await collect(clock, source);
  const version = source.view((tx) => tx.version);

  let inSlice = 0;
  let inSliceMax = 0;
  const { store } = makeTestStore({
    clock,
    seal: (object) => {
      inSliceMax = Math.max(inSliceMax, ++inSlice);
      return object;
    },
  });
  await fill(store, 'old', 10);
  let commits = 0;
  store.watch(({ events }) => {
    commits++;
    t.is(events.length, 10 + objectCount);
    t.is(
      store.view((tx) => tx.count('task')),
      objectCount,
    );
  });
  inSlice = 0;
  inSliceMax = 0;
  const seen = new Set<number>();
  const look = (): void => {
    inSlice = 0;
    seen.add(store.view((tx) => tx.count('task')));
  };
  clock.onEvent(look);
  const turnsBefore = clock.eventCount;
  await clock.resolve(store.restore(version, streamOf(chunks)), 60_000);
  look();
  t.deepEqual([...seen], [10, objectCount]);
  // The first slice is over before the first event is, so that it is counted with the second.
  t.true(inSliceMax <= 2 * snapshotSlice.itemsMax, `${inSliceMax} objects in one slice`);
  // Once to decode, once to compare.
  const turns = clock.eventCount - turnsBefore;
  t.true(turns >= (2 * objectCount) / snapshotSlice.itemsMax, `${turns} turns`);
  t.is(commits, 1);
});

test('large objects make shorter slices', async (t) => {
  const clock = new VirtualClock();
  const { store } = makeTestStore({ clock, isFrozen: false });
  const bytes = 20_000;
  const count = 60;
  const labels = { large: 'x'.repeat(bytes) };
  for (let i = 0; i < count; i++)
    await store.update((tx) => tx.create('task', aTask({ id: `t${i}`, labels })));
  const before = clock.eventCount;
  await collect(clock, store);
  const turns = clock.eventCount - before;
  // A slice is full with the object that fills it: so each is longer by one at most.
  t.true(count < snapshotSlice.itemsMax);
  t.true(turns >= Math.floor((count * bytes) / (snapshotSlice.bytesMax + bytes)), `${turns} turns`);
});
