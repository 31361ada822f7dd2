/** An update travels as what it changes, and every member comes to the same object. */
import test from 'ava';
import fc from 'fast-check';
import {
  NetworkAddress,
  PreemptedBy,
  StoreAction,
  StoreActionKind,
  StoreEntry,
  Task,
  TaskStatus,
} from '#proto';
import { patched, patchOf } from '#manager/store/patch';
import { aTask } from '../../_support/objects.ts';
import { makeTestStore } from '../../_support/test-store.ts';

/** Parts of a task, at their defaults too, so that a change may also take something away. */
const parts: fc.Arbitrary<Partial<Task>> = fc.record(
  {
    nodeId: fc.constantFrom('', 'n1', 'n2'),
    slot: fc.nat({ max: 2 }),
    assignedAtMs: fc.constantFrom(0, 5, 2 ** 50),
    labels: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('', 'x')),
    networks: fc.array(fc.constant(NetworkAddress.create({ networkId: 'net' }))),
    preemptedBy: fc.constantFrom(undefined, PreemptedBy.create({ taskId: 't9' })),
    status: fc.constantFrom(undefined, TaskStatus.create({ message: 'waits' })),
  },
  { requiredKeys: [] },
);

test('what a patch makes of an object is what the update made of it', (t) => {
  fc.assert(
    fc.property(parts, parts, (first, second) => {
      const before = aTask(first);
      const after = { ...before, ...second };
      const patch = patchOf('task', before, after);
      const travelled = { ...patch, object: Task.decode(Task.encode(patch.object as Task)) };
      t.deepEqual(
        Task.encode(patched('task', before, travelled) as Task),
        Task.encode(after),
        `${patch.changed.join()}`,
      );
    }),
    { numRuns: 500, seed: 11 },
  );
});

test('an entry has of an update only what changes; a member that reads it keeps the rest', async (t) => {
  const { store, replicator } = makeTestStore();
  const follower = makeTestStore().store;
  const labels = { filler: 'x'.repeat(10_000) };
  await store.update((tx) => tx.create('task', aTask({ labels, nodeId: 'n1', slot: 3 })));
  await store.update((tx) => {
    const task = tx.get('task', 't1');
    if (task !== undefined) tx.update('task', { ...task, nodeId: '', slot: 4 });
  });
  const [created, updated] = replicator.entries;
  if (created === undefined || updated === undefined) return t.fail('two entries');
  t.true(updated.entry.length < 60, `${updated.entry.length} bytes`);
  follower.apply(created.version, created.entry);
  const before = follower.view((tx) => tx.get('task', 't1'));
  follower.apply(updated.version, updated.entry);
  const after = follower.view((tx) => tx.get('task', 't1'));
  t.is(after?.labels, before?.labels, 'the very same');
  t.like(after, { nodeId: '', slot: 4, labels });
  t.is(before?.nodeId, 'n1', 'the object before is not touched');
});

test('entries that hold whole objects, as older programs wrote them, are read', (t) => {
  const { store } = makeTestStore();
  const entryOf = (kind: StoreActionKind, task: Task, baseVersion: number): Uint8Array => {
    const action = StoreAction.create({ kind, target: { kind: 'task', task } });
    return StoreEntry.encode(StoreEntry.create({ actions: [action], baseVersion }));
  };
  store.apply(1, entryOf(StoreActionKind.CREATE, aTask({ nodeId: 'n1', slot: 2 }), 0));
  store.apply(2, entryOf(StoreActionKind.UPDATE, aTask({ slot: 3 }), 1));
  t.like(
    store.view((tx) => tx.get('task', 't1')),
    { nodeId: '', slot: 3 },
  );
});

test('a field that this program does not know is left out of a patch', (t) => {
  const before = aTask({ nodeId: 'n1' });
  const patch = { object: aTask({ nodeId: 'n2' }), changed: [1, 6, 9_999] };
  t.deepEqual(patched('task', before, patch), { ...before, nodeId: 'n2' });
});
