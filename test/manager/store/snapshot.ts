import test from 'ava';
import fc from 'fast-check';
import { hasCode } from '#lib';
import { TaskStatus } from '#proto';
import type { Task } from '#proto';
import type { ClusterStore } from '#manager/store/cluster-store';
import { snapshotChunkBytes } from '#manager/store/snapshot';
import type { Commit } from '#manager/store/types';
import { aCluster, aNode, aService, aTask } from '../../_support/objects.ts';
import { makeTestStore } from '../../_support/test-store.ts';

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** The same bytes in pieces of other sizes. */
function recut(chunks: readonly Uint8Array[], sizes: readonly number[]): Uint8Array[] {
  const bytes = Buffer.concat(chunks);
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    pieces.push(new Uint8Array(bytes.subarray(at, at + size)));
    at += size;
  }
  return pieces;
}

function everything(store: ClusterStore): unknown {
  return store.view((tx) => ({
    version: tx.version,
    clusters: [...tx.list('cluster')],
    nodes: [...tx.list('node')],
    services: [...tx.list('service')],
    tasks: [...tx.list('task')],
    named: tx.serviceByName('web')?.id,
    ofService: [...tx.tasksOfService('s1')].map((task) => task.id),
  }));
}

async function filled(tasks: number, note = ''): Promise<ClusterStore> {
  const { store } = makeTestStore({ isFrozen: false });
  await store.update((tx) => {
    tx.create('cluster', aCluster());
    tx.create('node', aNode('n1'));
    tx.create('service', aService('s1', 'web'));
  });
  const ids = Array.from({ length: tasks }, (_, i) => `t${String(i).padStart(6, '0')}`);
  await store.batch(ids, (tx, id) =>
    tx.create('task', aTask({ id, serviceId: 's1', labels: { note } })),
  );
  return store;
}

test('a restored store equals the one the snapshot was taken of', async (t) => {
  const source = await filled(3_000, 'x'.repeat(300));
  const chunks = await collect(source.snapshot());
  t.true(chunks.length > 2);
  t.true(chunks.slice(0, -1).every((chunk) => chunk.length === snapshotChunkBytes));
  const { store } = makeTestStore();
  await store.restore(10_000, streamOf(chunks));
  t.deepEqual(everything(store), everything(source));
});

test('chunks may be cut anywhere', async (t) => {
  const source = await filled(20, 'hello');
  const chunks = await collect(source.snapshot());
  const expected = everything(source);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
      async (sizes) => {
        const { store } = makeTestStore();
        await store.restore(1_000, streamOf(recut(chunks, sizes)));
        t.deepEqual(everything(store), expected);
      },
    ),
    { numRuns: 50, seed: 7 },
  );
});

test('a snapshot shows its moment, whatever is written while it is read', async (t) => {
  const source = await filled(2_000, 'x'.repeat(200));
  const before = everything(source);
  const reading = source.snapshot()[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let i = 0; ; i++) {
    const next = await reading.next();
    if (next.done === true) break;
    chunks.push(next.value);
    await source.update((tx) => {
      tx.remove('task', `t00000${i}`);
      tx.create('task', aTask({ id: `new${i}`, serviceId: 's1' }));
    });
  }
  const { store } = makeTestStore();
  await store.restore(10_000, streamOf(chunks));
  t.deepEqual(everything(store), before);
});

test('watchers are told the difference in one commit', async (t) => {
  const source = await filled(3);
  const { store } = makeTestStore();
  await store.restore(100, streamOf(await collect(source.snapshot())));
  const kept = store.view((tx) => tx.get('task', 't000000'));
  await source.update((tx) => {
    const task = tx.get('task', 't000001') as Task;
    tx.update('task', { ...task, status: TaskStatus.create({ message: 'new' }) });
    tx.remove('task', 't000002');
    tx.create('task', aTask({ id: 't000009' }));
  });
  const commits: Commit[] = [];
  store.watch((commit) => commits.push(commit));
  await store.restore(200, streamOf(await collect(source.snapshot())));
  t.is(commits.length, 1);
  t.is(
    commits[0]?.version,
    source.view((tx) => tx.version),
  );
  t.deepEqual(
    commits[0]?.events.map((event) => `${event.kind} ${event.object.id}`),
    ['remove t000002', 'update t000001', 'create t000009'],
  );
  t.deepEqual(
    store.view((tx) => tx.get('task', 't000000')),
    kept,
  );
});

test('a damaged snapshot is refused and the state stays as it was', async (t) => {
  const source = await filled(50, 'some text');
  const [whole = new Uint8Array(0)] = await collect(source.snapshot());
  const { store } = makeTestStore();
  await store.update((tx) => tx.create('task', aTask({ id: 'mine' })));
  const torn = store.restore(1_000, streamOf([whole.subarray(0, whole.length - 3)]));
  t.true(hasCode(await t.throwsAsync(torn), 'DATA_LOSS'));
  const huge = new Uint8Array(8).fill(255);
  t.true(hasCode(await t.throwsAsync(store.restore(1_000, streamOf([huge]))), 'DATA_LOSS'));
  t.true(hasCode(await t.throwsAsync(store.restore(1_000, streamOf([]))), 'DATA_LOSS'));
  const future = store.restore(1, streamOf([whole]));
  t.is(source.view((tx) => tx.version) > 1, true);
  t.true(hasCode(await t.throwsAsync(future), 'DATA_LOSS'));
  t.deepEqual(
    store.view((tx) => [...tx.list('task')].map((task) => task.id)),
    ['mine'],
  );
});
