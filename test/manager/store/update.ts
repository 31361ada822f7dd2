import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ClusterError, hasCode, silentLogger, silentMetrics } from '#lib';
import type { ErrorCode } from '#lib';
import { Service, Task, TaskState, TaskStatus } from '#proto';
import { systemClock } from '#lib/clock-node';
import { ClusterStore } from '#manager/store/cluster-store';
import { entryActionsMax } from '#manager/store/replicator';
import type { Commit } from '#manager/store/types';
import { waitingMax } from '#manager/store/write-queue';
import { aService, aTask } from '../../_support/objects.ts';
import { handClock } from '../../_support/hand-clock.ts';
import { makeTestStore } from '../../_support/test-store.ts';

async function refused(
  t: ExecutionContext,
  code: ErrorCode,
  promise: Promise<unknown>,
): Promise<ClusterError> {
  const error = await t.throwsAsync(promise, { instanceOf: ClusterError });
  t.is(error?.code, code, error?.message);
  return error as ClusterError;
}

const ids = (objects: Iterable<{ readonly id: string }>): string[] =>
  [...objects].map((object) => object.id);

test('an update is stamped with the version and time of its entry', async (t) => {
  const { store } = makeTestStore();
  const created = await store.update((tx) => tx.create('service', aService('s1', 'web')));
  const first = store.view((tx) => tx.get('service', 's1'));
  t.is(first?.meta?.version, created.version);
  t.deepEqual(created.events, [
    { kind: 'create', table: 'service', object: first, old: undefined },
  ]);
  t.is(first?.meta?.createdAtMs, first?.meta?.updatedAtMs);
  t.true((first?.meta?.createdAtMs ?? 0) > 0);

  const changed = await store.update((tx) => {
    tx.update('service', { ...(tx.get('service', 's1') as Service), specVersion: 7 });
    return 'told';
  });
  const second = store.view((tx) => tx.get('service', 's1'));
  t.is(changed.value, 'told');
  t.is(second?.meta?.version, changed.version);
  t.is(second?.meta?.createdAtMs, first?.meta?.createdAtMs);
  t.is(second?.specVersion, 7);
});

test('a transaction that throws leaves nothing, and its error comes back', async (t) => {
  const { store, replicator } = makeTestStore();
  await store.update((tx) => tx.create('task', aTask({ id: 'kept', serviceId: 's' })));
  const thrown = store.update((tx) => {
    tx.create('service', aService('s1', 'web'));
    tx.update('task', { ...(tx.get('task', 'kept') as Task), serviceId: 'moved' });
    tx.remove('task', 'kept');
    tx.create('task', aTask({ id: 'new', serviceId: 'moved' }));
    throw new ClusterError('INVALID_SPEC', 'no');
  });
  await refused(t, 'INVALID_SPEC', thrown);
  t.is(replicator.entries.length, 1);
  store.view((tx) => {
    t.deepEqual(ids(tx.list('task')), ['kept']);
    t.deepEqual(ids(tx.tasksOfService('s')), ['kept']);
    t.deepEqual(ids(tx.tasksOfService('moved')), []);
    t.is(tx.serviceByName('web'), undefined);
  });
  // The same name is free for a later transaction of the same entry.
  await store.update((tx) => tx.create('service', aService('s2', 'web')));
  t.is(
    store.view((tx) => tx.serviceByName('WEB')?.id),
    's2',
  );
});

test('ids and names are unique, names without regard to case', async (t) => {
  const { store } = makeTestStore();
  await store.update((tx) => tx.create('service', aService('s1', 'web')));
  const again = store.update((tx) => tx.create('service', aService('s1', 'other')));
  await refused(t, 'ALREADY_EXISTS', again);
  const named = store.update((tx) => tx.create('service', aService('s2', 'Web')));
  await refused(t, 'ALREADY_EXISTS', named);
  const gone = store.update((tx) => tx.remove('service', 'nobody'));
  await refused(t, 'NOT_FOUND', gone);
});

test('two services may swap their names in one transaction', async (t) => {
  const { store } = makeTestStore();
  await store.update((tx) => {
    tx.create('service', aService('s1', 'a'));
    tx.create('service', aService('s2', 'b'));
  });
  await store.update((tx) => {
    const [one, two] = [tx.get('service', 's1'), tx.get('service', 's2')] as [Service, Service];
    tx.remove('service', 's2');
    tx.update('service', { ...one, spec: two.spec });
    tx.create('service', { ...two, spec: one.spec });
  });
  store.view((tx) => {
    t.is(tx.serviceByName('a')?.id, 's2');
    t.is(tx.serviceByName('b')?.id, 's1');
  });
});

test('an update based on an older version is refused', async (t) => {
  const { store } = makeTestStore();
  await store.update((tx) => tx.create('task', aTask()));
  const read = store.view((tx) => tx.get('task', 't1')) as Task;
  await store.update((tx) => tx.update('task', { ...read, slot: 1 }));
  const stale = store.update((tx) => tx.update('task', { ...read, slot: 2 }));
  const error = await refused(t, 'STALE_VERSION', stale);
  t.is(error.details['basedOn'], String(read.meta?.version));
  t.is(store.view((tx) => tx.get('task', 't1'))?.slot, 1);
});

test('an object touched earlier in the same entry refuses what was read before', async (t) => {
  const { store, replicator } = makeTestStore({ clock: handClock() });
  await store.update((tx) => tx.create('task', aTask()));
  const read = store.view((tx) => tx.get('task', 't1')) as Task;
  const first = store.update((tx) => tx.update('task', { ...read, slot: 1 }));
  const second = store.update((tx) => tx.update('task', { ...read, slot: 2 }));
  const third = store.update((tx) => {
    const present = tx.get('task', 't1') as Task;
    tx.update('task', { ...present, slot: present.slot + 10 });
  });
  await first;
  await refused(t, 'STALE_VERSION', second);
  await third;
  t.is(store.view((tx) => tx.get('task', 't1'))?.slot, 11);
  t.is(replicator.entries.length, 2, 'all three shared one entry');
});

test('within a transaction an object may be changed again from what was first read', async (t) => {
  const { store } = makeTestStore();
  const commits: Commit[] = [];
  await store.update((tx) => tx.create('task', aTask()));
  store.watch((commit) => commits.push(commit));
  await store.update((tx) => {
    const task = tx.get('task', 't1') as Task;
    tx.update('task', { ...task, slot: 1 });
    tx.update('task', { ...task, slot: 2, nodeId: 'n' });
    tx.update('task', { ...(tx.get('task', 't1') as Task), slot: 3 });
    tx.create('task', aTask({ id: 't2' }));
    tx.update('task', aTask({ id: 't2', slot: 9 }));
    tx.create('task', aTask({ id: 't3' }));
    tx.remove('task', 't3');
  });
  t.is(commits.length, 1);
  const events = commits[0]?.events ?? [];
  t.deepEqual(
    events.map((event) => [event.kind, event.object.id]),
    [
      ['update', 't1'],
      ['create', 't2'],
    ],
    'one action an object',
  );
  t.is(store.view((tx) => tx.get('task', 't1'))?.slot, 3);
  t.is(store.view((tx) => tx.get('task', 't2'))?.slot, 9);
});

test('a loop may change what it walks over', async (t) => {
  const { store } = makeTestStore();
  await store.update((tx) => {
    for (let i = 0; i < 100; i++) {
      tx.create('task', aTask({ id: `t${String(i).padStart(3, '0')}`, serviceId: 's' }));
    }
  });
  await store.update((tx) => {
    let seen = 0;
    for (const task of tx.tasksOfService('s')) {
      if (task.slot === 0) tx.remove('task', task.id);
      seen++;
    }
    t.is(seen, 100);
    t.is(tx.count('task'), 0);
    t.deepEqual(ids(tx.tasksOfService('s')), []);
  });
});

test('a transaction over the limits is refused and leaves nothing', async (t) => {
  const { store } = makeTestStore();
  const many = store.update((tx) => {
    for (let i = 0; i <= entryActionsMax; i++) tx.create('task', aTask({ id: `t${i}` }));
  });
  await refused(t, 'LIMIT_EXCEEDED', many);
  const large = store.update((tx) =>
    tx.create('task', aTask({ labels: { note: 'x'.repeat(1_600_000) } })),
  );
  await refused(t, 'LIMIT_EXCEEDED', large);
  t.is(
    store.view((tx) => tx.count('task')),
    0,
  );
});

test('a batch is split and skips items whose object has changed or gone', async (t) => {
  const { store, replicator } = makeTestStore({ clock: handClock() });
  const items = Array.from({ length: 1_234 }, (_, i) => `t${i}`);
  await store.batch(items, (tx, id) => tx.create('task', aTask({ id })));
  t.is(
    store.view((tx) => tx.count('task')),
    1_234,
  );
  t.true(replicator.entries.length <= 10);

  const read = store.view((tx) => tx.get('task', 't5')) as Task;
  await store.update((tx) => tx.update('task', { ...read, slot: 5 }));
  const stale = { ...read, slot: 6 };
  await store.batch([stale, aTask({ id: 'nobody' }), undefined], (tx, task) => {
    if (task === undefined) tx.remove('task', 't7');
    else tx.update('task', task);
  });
  t.is(store.view((tx) => tx.get('task', 't5'))?.slot, 5);
  t.is(
    store.view((tx) => tx.get('task', 't7')),
    undefined,
  );

  const failing = store.batch(['x1', 'x2', 'x3'], (tx, id) => {
    if (id === 'x2') throw new ClusterError('INVALID_SPEC', 'no');
    tx.create('task', aTask({ id }));
  });
  await refused(t, 'INVALID_SPEC', failing);
  t.not(
    store.view((tx) => tx.get('task', 'x1')),
    undefined,
  );
  t.is(
    store.view((tx) => tx.get('task', 'x3')),
    undefined,
  );
});

test('a full queue refuses, and drains', async (t) => {
  const { store } = makeTestStore();
  const asked = Array.from({ length: waitingMax + 1 }, () => store.update(() => undefined));
  const settled = await Promise.allSettled(asked);
  t.is(settled.filter((one) => one.status === 'fulfilled').length, waitingMax);
  const last = settled.at(-1);
  t.true(last?.status === 'rejected' && hasCode(last.reason, 'LIMIT_EXCEEDED'));
  await store.update((tx) => tx.create('task', aTask()));
  t.is(
    store.view((tx) => tx.count('task')),
    1,
  );
});

test('without leadership an update is refused and nothing stays behind', async (t) => {
  const { store, replicator } = makeTestStore();
  replicator.isLeader = false;
  const lost = store.update((tx) => tx.create('task', aTask()));
  await refused(t, 'NOT_LEADER', lost);
  t.is(
    store.view((tx) => tx.count('task')),
    0,
  );
  replicator.isLeader = true;
  await store.update((tx) => tx.create('task', aTask()));
  t.is(
    store.view((tx) => tx.count('task')),
    1,
  );
});

test('a transaction without changes needs no entry, and waits for what it saw', async (t) => {
  const { store, replicator } = makeTestStore();
  t.is((await store.update((tx) => tx.count('task'))).value, 0);
  t.is(replicator.entries.length, 0);
  replicator.isLeader = false;
  const write = store.update((tx) => tx.create('task', aTask()));
  const read = store.update((tx) => tx.get('task', 't1')?.id);
  const clash = store.update((tx) => tx.create('task', aTask()));
  // Neither may tell of a task that never came to be.
  for (const one of [write, read, clash]) await refused(t, 'NOT_LEADER', one);
});

test('an entry made on a state that was overtaken is left out by every member', async (t) => {
  const { store, replicator } = makeTestStore();
  await store.update((tx) => tx.create('task', aTask()));
  const entry = replicator.entries[0]?.entry as Uint8Array;
  const commits: Commit[] = [];
  store.watch((commit) => commits.push(commit));
  // What a leader proposed before it was replaced comes late.
  store.apply(2, entry);
  t.deepEqual(commits, []);
  t.is(
    store.view((tx) => tx.version),
    1,
  );
});

test('an update whose state is replaced by a snapshot does not wait for ever', async (t) => {
  const source = makeTestStore();
  await source.store.update((tx) => tx.create('task', aTask({ id: 'other' })));
  const store = new ClusterStore({
    replicator: {
      propose: () => new Promise(() => undefined),
      readBarrier: () => Promise.resolve(),
    },
    clock: systemClock(),
    log: silentLogger,
    metrics: silentMetrics,
  });
  const waiting = store.update((tx) => tx.create('task', aTask()));
  await Promise.resolve();
  await store.restore(9, source.store.snapshot());
  await refused(t, 'OUTCOME_UNKNOWN', waiting);
  t.deepEqual(
    store.view((tx) => ids(tx.list('task'))),
    ['other'],
  );
});

test('watchers see every commit once, in order, and may write', async (t) => {
  const { store } = makeTestStore();
  const seen: string[] = [];
  const answers: Promise<unknown>[] = [];
  const watch = store.watch((commit) => {
    for (const event of commit.events) {
      seen.push(`${commit.version} ${event.kind} ${event.object.id}`);
      if (event.kind !== 'create' || event.table !== 'task') continue;
      t.is(store.view((tx) => tx.get('task', event.object.id))?.meta?.version, commit.version);
      answers.push(
        store.update((tx) => {
          const task = tx.get('task', event.object.id) as Task;
          const status = TaskStatus.create({ state: TaskState.PENDING });
          tx.update('task', { ...task, status });
        }),
      );
    }
  });
  await store.update((tx) => tx.create('task', aTask({ id: 'a' })));
  await Promise.all(answers);
  await store.update((tx) => tx.remove('task', 'a'));
  watch.cancel();
  await store.update((tx) => tx.create('task', aTask({ id: 'b' })));
  t.deepEqual(seen, ['1 create a', '2 update a', '3 remove a']);
});

test('closing refuses what waits', async (t) => {
  const { store } = makeTestStore();
  const waiting = store.update((tx) => tx.create('task', aTask()));
  store.close();
  await refused(t, 'UNAVAILABLE', waiting);
  await refused(
    t,
    'UNAVAILABLE',
    store.update(() => undefined),
  );
});

test('ids are found by their prefix, in order, up to a limit', async (t) => {
  const { store } = makeTestStore();
  await store.update((tx) => {
    for (const id of ['b2', 'a1', 'b1', 'b3', 'c1']) tx.create('task', aTask({ id }));
  });
  store.view((tx) => {
    t.deepEqual(tx.idsWithPrefix('task', 'b', 2), ['b1', 'b2']);
    t.deepEqual(tx.idsWithPrefix('task', 'zz', 2), []);
    t.deepEqual(tx.idsWithPrefix('node', 'b', 2), []);
  });
});
