/** A term begins with a look at everything, by slices: a new leader must serve its cluster at once. */
import test from 'ava';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { TaskState, TaskStatus } from '#proto';
import type { Task } from '#proto';
import type { LeaderLoop, LoopBasics } from '#manager/leader-loops';
import { ConstraintEnforcer } from '#manager/orchestrator/constraint-enforcer';
import { FirstLook, objectsPerSlice } from '#manager/orchestrator/first-look';
import { ServiceOrchestrator, slotsPerPass } from '#manager/orchestrator/service-orchestrator';
import { TaskReaper } from '#manager/orchestrator/task-reaper';
import { TaskIndex } from '#manager/orchestrator/task-index';
import type { ClusterStore } from '#manager/store/cluster-store';
import type { ReadTransaction, Store } from '#manager/store/types';
import { aNode, aTask } from '../../_support/objects.ts';
import { aServiceOf } from '../../_support/orchestration.ts';
import { makeTestStore } from '../../_support/test-store.ts';
import { VirtualClock } from '../../_support/virtual-clock.ts';

const replicas = 1_000;
const services = 12;
const noSignal = new AbortController().signal;

/** Each service has a node of its own. */
function runningTask(serviceId: string, slot: number): Task {
  return aTask({
    id: `${serviceId}.${slot}`,
    serviceId,
    slot,
    nodeId: `n-${serviceId}`,
    desiredState: TaskState.RUNNING,
    status: TaskStatus.create({ state: TaskState.RUNNING }),
  });
}

/** Twelve services with all of their tasks at work. */
async function fullStore(clock: VirtualClock): Promise<ClusterStore> {
  const { store } = makeTestStore({ clock, isFrozen: false });
  for (let at = 1; at <= services; at++) {
    const id = `s${at}`;
    await store.update((tx) => tx.create('node', aNode(`n-${id}`)));
    await store.update((tx) => tx.create('service', aServiceOf(id, { replicas })));
    const slots = Array.from({ length: replicas }, (_, i) => i + 1);
    await store.batch(slots, (tx, slot) => tx.create('task', runningTask(id, slot)));
  }
  return store;
}

/** The same object, and `onCall` hears of each call; `own` stands before what it has itself. */
function calling<T extends object>(
  target: T,
  onCall: (name: string, args: readonly unknown[]) => void,
  own: Partial<T> = {},
): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        onCall(String(name), args);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/** The same store; `most`: how often one view of it made this call, at most. */
function counting(store: ClusterStore, call: string, table?: string) {
  let count = 0;
  let countMax = 0;
  const counted = calling(store as Store, () => undefined, {
    view: (read) => {
      count = 0;
      return store.view((tx) =>
        read(
          calling(tx as ReadTransaction, (name, [first]) => {
            if (name !== call || (table !== undefined && first !== table)) return;
            countMax = Math.max(countMax, ++count);
          }),
        ),
      );
    },
  });
  return { counted, most: () => countMax };
}

test('the index of tasks is made in slices, and commits wait until it is whole', async (t) => {
  const clock = new VirtualClock();
  const store = await fullStore(clock);
  const index = new TaskIndex();
  const first = new FirstLook(store, clock);
  const watch = store.watch((commit) => {
    if (!first.keep(commit)) for (const event of commit.events) index.apply(event);
  });
  let inSlice = 0;
  let inSliceMax = 0;
  clock.onEvent(() => {
    inSliceMax = Math.max(inSliceMax, inSlice);
    inSlice = 0;
  });
  /** The same state, and says what is read of it. */
  const counted = (state: ReadTransaction): ReadTransaction =>
    calling(state, () => undefined, {
      *list(table) {
        for (const object of state.list(table)) {
          inSlice++;
          yield object;
        }
      },
    });
  const taken = first.takeIn(
    (state, pacer) => index.load(counted(state), pacer, noSignal),
    ({ events }) => {
      for (const event of events) index.apply(event);
    },
  );
  // Of what the image holds, and of what it does not.
  await store.update((tx) => tx.remove('task', 's1.1'));
  await store.update((tx) => tx.create('task', runningTask('s1', replicas + 1)));
  await clock.resolve(taken, 10_000);
  t.true(inSliceMax > 0 && inSliceMax <= 2 * objectsPerSlice, `${inSliceMax} tasks in one turn`);
  t.is(index.slots('s1').size, replicas);
  t.is(index.slot('s1', '1'), undefined);
  t.is(index.filledCount(`s${services}`), replicas);
  // From now on commits are not kept.
  await store.update((tx) => tx.remove('task', 's1.2'));
  t.is(index.slots('s1').size, replicas - 1);
  watch.cancel();
});

test('a new leader looks at its services in several passes, and misses no failure meanwhile', async (t) => {
  const clock = new VirtualClock();
  const store = await fullStore(clock);
  const { counted, most } = counting(store, 'get', 'service');
  const random = seededRandom(1);
  const loop = new ServiceOrchestrator({
    store: counted,
    clock,
    random,
    log: silentLogger,
    metrics: silentMetrics,
  });
  loop.start();
  const failed = store.view((tx) => tx.get('task', 's3.7'));
  if (failed === undefined) throw new Error('no such task');
  const status = TaskStatus.create({ state: TaskState.FAILED });
  await store.update((tx) => tx.update('task', { ...failed, status }));
  await clock.advance(60_000);
  const inSlot = store.view((tx) =>
    [...tx.tasksOfService('s3')].filter(({ slot }) => slot === 7).map(({ id }) => id),
  );
  t.is(inSlot.length, 2, 'the task that failed has a successor');
  t.is(
    store.view((tx) => tx.count('task')),
    services * replicas + 1,
  );
  // A pass ends with the service that fills it.
  t.true(most() > 0 && most() <= slotsPerPass / replicas + 1, `${most()} services`);
  await clock.resolve(loop.stop(), 1_000);
});

const nodeLoops: Readonly<Record<string, new (basics: LoopBasics) => LeaderLoop>> = {
  reaper: TaskReaper,
  'constraint enforcer': ConstraintEnforcer,
};
for (const [name, Loop] of Object.entries(nodeLoops))
  test(`the ${name} of a new leader looks at all nodes, some in each pass`, async (t) => {
    const clock = new VirtualClock();
    const store = await fullStore(clock);
    const { counted, most } = counting(store, 'tasksOfNode');
    const seen = new Set<string>();
    const noting = calling(counted, () => undefined, {
      view: (read) =>
        counted.view((tx) =>
          read(
            calling(tx, (call, [nodeId]) => {
              if (call === 'tasksOfNode') seen.add(String(nodeId));
            }),
          ),
        ),
    });
    const random = seededRandom(1);
    const log = silentLogger;
    const loop = new Loop({ store: noting, clock, random, log, metrics: silentMetrics });
    await clock.resolve(Promise.resolve(loop.start()), 1_000);
    await clock.advance(60_000);
    t.is(seen.size, services);
    t.true(most() > 0 && most() <= slotsPerPass / replicas + 1, `${most()} nodes in one pass`);
    await clock.resolve(Promise.resolve(loop.stop()), 1_000);
  });
