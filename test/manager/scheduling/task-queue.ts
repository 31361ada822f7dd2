import test from 'ava';
import fc from 'fast-check';
import type { FilterName, Prospect } from '#scheduler';
import { TaskQueue, flushAfterMs } from '#manager/scheduling/task-queue';
import type { TryResult, Wake } from '#manager/scheduling/task-queue';
import type { WakeEvent } from '#manager/scheduling/wake-rules';
import { taskOf } from '#test/_support/placement';

const unclear = (): Prospect => 'unclear';
const happened = (event: WakeEvent, ...nodeIds: readonly string[]): readonly Wake[] => [
  { event, nodeIds: new Set(nodeIds.length === 0 ? ['n'] : nodeIds) },
];
const refusedBy = (...filters: readonly FilterName[]): TryResult => ({
  placed: [],
  refusedBy: new Set(filters),
  isUnfinished: false,
});

/** Tries everything that is to be tried; gives the services in the order of their turn. */
function tryAll(queue: TaskQueue, nowMs: number, result = refusedBy('resources')): string[] {
  const order: string[] = [];
  for (let group = queue.next(); group !== undefined; group = queue.next()) {
    order.push([...group.tasks.values()][0]?.serviceId ?? '');
    queue.endTry(group.key, result, nowMs);
  }
  return order;
}

function waiting(nowMs = 0, ...filters: readonly FilterName[]): TaskQueue {
  const queue = new TaskQueue();
  queue.put(taskOf('t', { service: 's' }));
  tryAll(queue, nowMs, refusedBy(...filters));
  return queue;
}

test('1.0: the active queue goes by priority, then by age', (t) => {
  const queue = new TaskQueue();
  for (const [service, priority] of [
    ['a', 0],
    ['b', 5],
    ['c', 0],
    ['d', 5],
    ['e', -1],
  ] as const)
    queue.put(taskOf(`of-${service}`, { service, priority }));
  t.deepEqual(tryAll(queue, 0), ['b', 'd', 'a', 'c', 'e']);
});

test('alike tasks are tried together, the oldest first; tasks bound to nodes by themselves', (t) => {
  const queue = new TaskQueue();
  for (const id of ['t2', 't1', 't3']) queue.put(taskOf(id));
  queue.put(taskOf('bound', { nodeId: 'n' }));
  const groups = [queue.next(), queue.next(), queue.next()];
  t.deepEqual(
    groups.map((group) => (group === undefined ? undefined : [...group.tasks.keys()])),
    [['t2', 't1', 't3'], ['bound'], undefined],
  );
});

test('1.0: what was refused sleeps until something happens that could help', (t) => {
  const queue = waiting(0, 'resources');
  queue.wake(happened('node-taints'), 60_000, unclear);
  queue.wake(happened('task-placed'), 60_000, unclear);
  t.deepEqual(tryAll(queue, 60_000), []);
  queue.wake(happened('task-left'), 60_000, unclear);
  t.deepEqual(tryAll(queue, 60_000), ['s']);
});

test('1.0: a node with a taint that is not tolerated, or not of the kind asked for, wakes nobody', (t) => {
  const queue = waiting(0, 'taints');
  queue.wake(happened('node-added'), 60_000, () => 'none');
  t.deepEqual(tryAll(queue, 60_000), []);
  queue.wake(happened('node-taints'), 60_000, () => 'open');
  t.deepEqual(tryAll(queue, 60_000), ['s']);
});

test('a change on one node may open another for those that rules about other tasks refused', (t) => {
  const queue = waiting(0, 'topology-spread');
  queue.wake(happened('node-labels'), 60_000, () => 'none');
  t.deepEqual(tryAll(queue, 60_000), ['s']);
});

test('of very many nodes one is taken to help, without looking at each', (t) => {
  const queue = waiting(0, 'resources');
  const many = Array.from({ length: 1_000 }, (_, at) => `n${at}`);
  let looks = 0;
  queue.wake(happened('node-resources', ...many), 60_000, () => {
    looks++;
    return 'none';
  });
  t.true(looks < 100);
  t.deepEqual(tryAll(queue, 60_000), ['s']);
});

test('1.0: the back-off is one second, doubled up to ten, counted from the try', (t) => {
  const queue = waiting(0, 'resources');
  let nowMs = 0;
  for (const backoffMs of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    queue.wake(happened('task-left'), nowMs + 1, unclear);
    t.is(queue.sizes.backoff, 1);
    t.is(queue.nextAtMs, nowMs + backoffMs);
    queue.wakeDue(nowMs + backoffMs - 1);
    t.deepEqual(tryAll(queue, nowMs), []);
    nowMs += backoffMs;
    queue.wakeDue(nowMs);
    t.deepEqual(tryAll(queue, nowMs), ['s']);
  }
});

test('a node that takes the task now ends its back-off', (t) => {
  const queue = waiting(0, 'resources');
  queue.wake(happened('task-left'), 1, () => 'open');
  t.deepEqual(tryAll(queue, 1), ['s']);
});

test('a try that placed some starts the back-off anew', (t) => {
  const queue = new TaskQueue();
  for (const id of ['t1', 't2']) queue.put(taskOf(id));
  for (const nowMs of [0, 100_000, 200_000]) {
    tryAll(queue, nowMs);
    queue.wakeAll();
  }
  const group = queue.next();
  queue.endTry(group?.key ?? '', { ...refusedBy('resources'), placed: ['t1'] }, 300_000);
  queue.wake(happened('task-left'), 300_001, unclear);
  t.is(queue.nextAtMs, 301_000);
  t.false(queue.has('t1'));
});

test('1.0: what has waited for five minutes is tried although nothing happened', (t) => {
  const queue = waiting(0, 'taints');
  t.is(queue.nextAtMs, flushAfterMs);
  queue.wakeDue(flushAfterMs - 1);
  t.deepEqual(tryAll(queue, 1), []);
  queue.wakeDue(flushAfterMs);
  t.deepEqual(tryAll(queue, flushAfterMs), ['s']);
});

test('a new task has its group tried at once, and a newer state of one does not', (t) => {
  const queue = waiting(0, 'resources');
  queue.put(taskOf('t', { service: 's', changedAtMs: 5 }));
  t.deepEqual(tryAll(queue, 1), []);
  queue.put(taskOf('t9', { service: 's' }));
  t.deepEqual(tryAll(queue, 1), ['s']);
});

test('what comes and goes while its group is tried is neither lost nor kept', (t) => {
  const queue = new TaskQueue();
  queue.put(taskOf('t1'));
  const group = queue.next();
  queue.put(taskOf('t2'));
  queue.delete('t1');
  queue.endTry(group?.key ?? '', { placed: ['t1'], refusedBy: undefined, isUnfinished: false }, 0);
  t.deepEqual([...(queue.next()?.tasks.keys() ?? [])], ['t2']);
  queue.delete('t2');
  queue.endTry(group?.key ?? '', refusedBy('ports'), 0);
  t.deepEqual(queue.sizes, { active: 0, backoff: 0, waiting: 0 });
  t.is(queue.nextAtMs, Infinity);
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), id: fc.nat(9), priority: fc.nat(2) }),
  fc.record({ kind: fc.constant('delete' as const), id: fc.nat(9) }),
  fc.record({ kind: fc.constant('try' as const), isPlaced: fc.boolean() }),
  fc.record({
    kind: fc.constant('wake' as const),
    event: fc.constantFrom('task-left', 'node-taints'),
  }),
  fc.record({
    kind: fc.constant('wait' as const),
    ms: fc.constantFrom(1, 1_000, 10_000, flushAfterMs),
  }),
);

test('no task is ever lost: whatever happens, each comes to be tried by itself within five minutes', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new TaskQueue();
      const there = new Map<string, number>();
      let nowMs = 0;
      for (const one of steps) {
        if (one.kind === 'put') {
          const id = `t${one.id}`;
          const priority = there.get(id) ?? one.priority;
          there.set(id, priority);
          queue.put(taskOf(id, { service: `s${one.id % 3}`, priority }));
        } else if (one.kind === 'delete') {
          queue.delete(`t${one.id}`);
          there.delete(`t${one.id}`);
        } else if (one.kind === 'wake') {
          queue.wake(happened(one.event as WakeEvent), nowMs, unclear);
        } else if (one.kind === 'wait') {
          nowMs += one.ms;
          queue.wakeDue(nowMs);
        } else {
          const group = queue.next();
          if (group === undefined) continue;
          const placed = one.isPlaced ? [...group.tasks.keys()].slice(0, 1) : [];
          for (const id of placed) there.delete(id);
          queue.endTry(group.key, { ...refusedBy('resources'), placed }, nowMs);
        }
        const { active, backoff, waiting: asleep } = queue.sizes;
        t.is(active + backoff + asleep, there.size);
        t.is(queue.hasActive, active > 0);
        t.is(queue.hasWaiting, backoff + asleep > 0);
      }
      queue.wakeDue(nowMs + flushAfterMs);
      const tried = new Set<string>();
      for (let group = queue.next(); group !== undefined; group = queue.next()) {
        for (const id of group.tasks.keys()) tried.add(id);
        queue.endTry(group.key, refusedBy('resources'), nowMs);
      }
      t.deepEqual([...tried].toSorted(), [...there.keys()].toSorted());
    }),
    { seed: 1140, numRuns: 300 },
  );
});

test('a try that broke off leaves nothing behind', (t) => {
  const queue = new TaskQueue();
  queue.put(taskOf('t'));
  t.truthy(queue.next());
  t.is(queue.next(), undefined);
  queue.wakeAll();
  t.deepEqual(tryAll(queue, 0), ['s']);
});
