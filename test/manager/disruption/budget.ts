import test from 'ava';
import fc from 'fast-check';
import { NodeState, TaskState } from '#proto';
import type { DisruptionConfig, Service, Task } from '#proto';
import { DisruptionBudgets, disruptionOf, unavailableMax } from '#manager/disruption/index';
import { aServiceOf } from '#test/_support/orchestration';
import { nodeOf, taskOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';
import { makeTestStore } from '#test/_support/test-store';
import { VirtualClock } from '#test/_support/virtual-clock';

const count = (n: number): DisruptionConfig => ({ maxUnavailable: { kind: 'count', count: n } });
const percent = (n: number): DisruptionConfig => ({
  maxUnavailable: { kind: 'percent', percent: n },
});
const running = (slot: number, shape: TaskShape = {}): Task =>
  taskOf(`t${slot}`, { slot, nodeId: 'a', state: TaskState.RUNNING, ...shape });
const service = (replicas: number, disruption: DisruptionConfig | undefined): Service =>
  aServiceOf('s', { replicas, spec: { disruption } });
const nodes = new Map(
  [nodeOf('a'), nodeOf('b'), nodeOf('down', { state: NodeState.DOWN })].map((one) => [one.id, one]),
);
const allowed = (
  replicas: number,
  disruption: DisruptionConfig | undefined,
  ...tasks: readonly Task[]
): number | undefined =>
  disruptionOf(service(replicas, disruption), tasks, (id) => nodes.get(id))?.allowed;

test('PodDisruptionBudget: a percentage is rounded up, a number is taken as it is', (t) => {
  t.is(unavailableMax(percent(25), 3), 1);
  t.is(unavailableMax(percent(34), 3), 2);
  t.is(unavailableMax(percent(0), 3), 0);
  t.is(unavailableMax(percent(100), 3), 3);
  t.is(unavailableMax(count(2), 1), 2);
  t.is(unavailableMax(undefined, 3), undefined);
  t.is(unavailableMax({}, 3), undefined);
});

test('PodDisruptionBudget: what is missing already, for whatever reason, uses the budget up', (t) => {
  const all = [running(1), running(2), running(3)];
  t.is(allowed(3, undefined, ...all), undefined);
  t.is(allowed(3, count(1), ...all), 1);
  t.is(allowed(4, count(1), ...all), 0, 'a slot without a task is missing');
  const others: readonly (readonly [string, TaskShape])[] = [
    ['one that starts', { state: TaskState.STARTING }],
    ['one that is being stopped', { desired: TaskState.SHUTDOWN }],
    ['one that failed', { state: TaskState.FAILED }],
    ['one on a lost node', { nodeId: 'down' }],
    ['one on a removed node', { nodeId: 'gone' }],
  ];
  for (const [what, shape] of others) {
    const tasks = [running(1), running(2), running(3, shape)];
    t.is(allowed(3, count(1), ...tasks), 0, what);
    t.is(allowed(3, count(2), ...tasks), 1, what);
  }
});

test('PodDisruptionBudget: more slots than are desired may go', (t) => {
  t.is(allowed(2, count(0), running(1), running(2), running(3)), 1);
});

test('two tasks of one slot, while an update hands over, count once', (t) => {
  const handingOver = [running(1), taskOf('t1b', { slot: 1, nodeId: 'b' }), running(2)];
  t.is(allowed(2, count(1), ...handingOver), 1);
  const both = [running(1), running(1, { nodeId: 'b' }), running(2)];
  t.is(allowed(2, count(1), ...both), 1);
});

test('a global service is to run on every node that it has a task on', (t) => {
  const tasks = ['a', 'b'].map((nodeId) => running(0, { nodeId }));
  const global = aServiceOf('s', { isGlobal: true, spec: { disruption: percent(50) } });
  t.deepEqual(
    disruptionOf(global, tasks, (id) => nodes.get(id)),
    { desired: 2, available: 2, unavailableMax: 1, allowed: 1 },
  );
});

test('PodDisruptionBudget: taking all that is allowed leaves as many as must stay, whatever there was', (t) => {
  const states = [TaskState.PENDING, TaskState.RUNNING, TaskState.RUNNING, TaskState.FAILED];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...states), { maxLength: 12 }),
      fc.integer({ min: 0, max: 12 }),
      fc.oneof(fc.nat(12).map(count), fc.nat(100).map(percent)),
      (all, replicas, disruption) => {
        const tasks = all.map((state, at) => running(at + 1, { state }));
        const one = disruptionOf(service(replicas, disruption), tasks, (id) => nodes.get(id));
        if (one === undefined) throw new Error('it has a budget');
        t.true(one.allowed >= 0 && one.allowed <= one.available);
        const left = one.available - one.allowed;
        const mustStay = one.desired - one.unavailableMax;
        t.true(left >= Math.min(mustStay, one.available));
        if (one.allowed > 0) t.is(left, Math.max(0, mustStay));
      },
    ),
    { seed: 1130, numRuns: 300 },
  );
});

test('budgets count down as tasks are taken, service by service', async (t) => {
  const clock = new VirtualClock();
  const { store } = makeTestStore({ clock });
  const tasks = [running(1), running(2), running(3, { state: TaskState.STARTING })];
  await clock.resolve(
    store.update((tx) => {
      tx.create('node', nodeOf('a'));
      tx.create('service', service(3, count(2)));
      tx.create('service', aServiceOf('free'));
      for (const task of tasks) tx.create('task', task);
      tx.create('task', running(9, { service: 'free' }));
    }),
    1_000,
  );
  store.view((tx) => {
    const budgets = DisruptionBudgets.of(tx);
    const [first, second, third] = tasks as [Task, Task, Task];
    const free = running(9, { service: 'free' });
    t.deepEqual(budgets.budgetOf(first), { id: 's', allowed: 1 });
    t.true(budgets.allows(second));
    budgets.take(first);
    t.false(budgets.allows(second));
    t.true(budgets.allows(third), 'one that does not run costs nothing');
    t.true(budgets.allows(free), 'a service without a budget');
    budgets.take(free);
    budgets.take(third);
    t.deepEqual(budgets.budgetOf(second), { id: 's', allowed: 0 });
  });
});
