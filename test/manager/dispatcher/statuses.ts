import test from 'ava';
import {
  ContainerStatus,
  HeldImage,
  HeldImages,
  NodeDescription,
  Task,
  TaskState,
  TaskStateNames,
  TaskStatus,
  TaskStatusUpdate,
} from '#proto';
import type { Metrics } from '#lib';
import type { TestDispatcher } from '../../_support/dispatcher.ts';
import { makeTestDispatcher } from '../../_support/dispatcher.ts';
import { aTask } from '../../_support/objects.ts';

const { ASSIGNED, ACCEPTED, STARTING, RUNNING, FAILED, SHUTDOWN } = TaskState;

async function withTasks(
  ids: readonly string[],
  options: Parameters<typeof makeTestDispatcher>[0] = {},
  nodeId = 'n1',
): Promise<TestDispatcher> {
  const own = await makeTestDispatcher(options);
  const written = own.store.batch(ids, (tx, id) =>
    tx.create(
      'task',
      aTask({
        id,
        nodeId,
        desiredState: RUNNING,
        status: TaskStatus.create({ state: ASSIGNED }),
      }),
    ),
  );
  await own.clock.resolve(written, 10_000);
  return own;
}

function counting(): { metrics: Metrics; counts: Map<string, number> } {
  const counts = new Map<string, number>();
  const nothing = { set: () => undefined, observe: () => undefined };
  const metrics: Metrics = {
    counter: (name) => ({
      inc: (labels = {}, value = 1) => {
        const key = [name, ...Object.values(labels)].join(' ');
        counts.set(key, (counts.get(key) ?? 0) + value);
      },
    }),
    gauge: () => nothing,
    observedGauge: () => undefined,
    histogram: () => nothing,
  };
  return { metrics, counts };
}

const statusOf = (own: TestDispatcher, id: string): TaskStatus => {
  const status = own.store.view((tx) => tx.get('task', id))?.status;
  return status ?? TaskStatus.create();
};
const stateOf = (own: TestDispatcher, id: string): string =>
  TaskStateNames[statusOf(own, id).state] ?? '';

test('a report is accepted once it is durable', async (t) => {
  const own = await withTasks(['a'], { commitDelayMs: 50 });
  const agent = await own.join('n1');
  agent.report('a', RUNNING, { message: 'started', address: '10.1.0.2' });
  await own.clock.advance(45);
  t.deepEqual(agent.accepted, []);
  t.is(stateOf(own, 'a'), 'ASSIGNED');
  await own.clock.advance(20);
  t.deepEqual(agent.accepted, [1]);
  t.like(statusOf(own, 'a'), { state: RUNNING, message: 'started', address: '10.1.0.2' });
});

test('reports of many agents share an entry, and each batch is accepted', async (t) => {
  const ids = Array.from({ length: 150 }, (_, i) => `t${i + 100}`);
  const own = await withTasks(ids.slice(0, 75));
  await own.store.batch(ids.slice(75), (tx, id) =>
    tx.create(
      'task',
      aTask({
        id,
        nodeId: 'n2',
        desiredState: RUNNING,
        status: TaskStatus.create({ state: ASSIGNED }),
      }),
    ),
  );
  const one = await own.join('n1');
  const two = await own.join('n2');
  const before = own.replicator.entries.length;
  for (const [index, id] of ids.entries()) (index < 75 ? one : two).report(id, RUNNING);
  await own.clock.advance(10);
  t.is(own.replicator.entries.length, before + 1);
  t.deepEqual([one.accepted, two.accepted], [[75], [75]]);
  t.true(ids.every((id) => stateOf(own, id) === 'RUNNING'));
});

test("a report about another node's task is refused, counted, and changes nothing", async (t) => {
  const { metrics, counts } = counting();
  const own = await withTasks(['a'], { metrics }, 'n2');
  const agent = await own.join('n1');
  agent.report('a', RUNNING).report('a', FAILED);
  await own.clock.advance(10);
  t.is(stateOf(own, 'a'), 'ASSIGNED');
  t.is(counts.get('tessera_dispatcher_refused_total other_node'), 2);
  t.true(agent.isOpen);
  t.deepEqual(agent.accepted, [2], 'the agent need not send it again');
});

test('a report about a task that is gone is accepted silently', async (t) => {
  const { metrics, counts } = counting();
  const own = await withTasks([], { metrics });
  const agent = await own.join('n1');
  agent.report('gone', RUNNING);
  await own.clock.advance(10);
  t.deepEqual(agent.accepted, [1]);
  t.is(counts.get('tessera_dispatcher_refused_total other_node'), undefined);
});

test('a state never goes back, within one batch or later', async (t) => {
  const own = await withTasks(['a', 'b']);
  const agent = await own.join('n1');
  agent.report('a', RUNNING).report('a', ACCEPTED);
  agent.report('b', RUNNING);
  await own.clock.advance(10);
  agent.report('b', STARTING);
  await own.clock.advance(10);
  t.deepEqual([stateOf(own, 'a'), stateOf(own, 'b')], ['RUNNING', 'RUNNING']);
});

test('what a task ended with stays: state, message and exit code', async (t) => {
  const own = await withTasks(['a']);
  const agent = await own.join('n1');
  const containers = [ContainerStatus.create({ name: 'main', exitCode: 3 })];
  agent.report('a', FAILED, { error: 'exit 3', containers }).report('a', SHUTDOWN);
  await own.clock.advance(10);
  agent.report('a', SHUTDOWN, { message: 'stopped' });
  await own.clock.advance(10);
  t.like(statusOf(own, 'a'), { state: FAILED, error: 'exit 3', containers });
});

test('states that are not for agents to report are refused', async (t) => {
  const { metrics, counts } = counting();
  const own = await withTasks(['a'], { metrics });
  const agent = await own.join('n1');
  for (const state of [TaskState.NEW, ASSIGNED, TaskState.REMOVE, TaskState.ORPHANED])
    agent.report('a', state);
  agent.reportAll([TaskStatusUpdate.create({ taskId: 'a' })]);
  agent.report('a', 7 as TaskState);
  await own.clock.advance(10);
  t.is(stateOf(own, 'a'), 'ASSIGNED');
  t.is(counts.get('tessera_dispatcher_refused_total bad_state'), 6);
});

test('an error after STARTING is a failure, whatever the agent calls it', async (t) => {
  const own = await withTasks(['a']);
  const agent = await own.join('n1');
  agent.report('a', STARTING);
  await own.clock.advance(10);
  agent.report('a', TaskState.REJECTED, { error: 'boom' });
  await own.clock.advance(10);
  t.like(statusOf(own, 'a'), { state: FAILED, error: 'boom' });
});

test('the time of a report is within ours, and long texts are cut', async (t) => {
  const own = await withTasks(['a']);
  const agent = await own.join('n1');
  const now = own.clock.now();
  agent.report('a', STARTING, { changedAtMs: now + 3_600_000, error: 'x'.repeat(5000) });
  await own.clock.advance(10);
  t.true(statusOf(own, 'a').changedAtMs <= own.clock.now());
  t.is(statusOf(own, 'a').error.length, 1024);
  const first = statusOf(own, 'a').changedAtMs;
  agent.report('a', RUNNING, { changedAtMs: 5 });
  await own.clock.advance(10);
  t.is(statusOf(own, 'a').changedAtMs, first, 'never before the state it follows');
});

test('a batch of more than a thousand statuses ends the session', async (t) => {
  const own = await withTasks([]);
  const agent = await own.join('n1');
  agent.reportAll(Array.from({ length: 1001 }, () => TaskStatusUpdate.create({ taskId: 'a' })));
  t.is(agent.closedWith?.code, 'INVALID_ARGUMENT');
});

test('statuses that cannot be written now are written later, the newest of each task', async (t) => {
  const own = await withTasks(['a', 'b']);
  const agent = await own.join('n1');
  own.replicator.isLeader = false;
  agent.report('a', STARTING).report('b', RUNNING);
  await own.clock.advance(500);
  agent.report('a', RUNNING);
  await own.clock.advance(500);
  t.deepEqual(agent.accepted, []);
  own.replicator.isLeader = true;
  await own.clock.advance(500);
  t.deepEqual([stateOf(own, 'a'), stateOf(own, 'b')], ['RUNNING', 'RUNNING']);
  t.is(agent.accepted.at(-1), 3);
});

test('a new description is written, and an equal one is not', async (t) => {
  const own = await withTasks([]);
  const agent = await own.join('n1');
  const description = NodeDescription.create({ hostname: 'renamed', kernelVersion: '6.1' });
  agent.say({ kind: 'description', description });
  await own.clock.advance(10);
  t.deepEqual(own.node('n1').description, description);
  const { length } = own.replicator.entries;
  agent.say({ kind: 'description', description });
  await own.clock.advance(10);
  t.is(own.replicator.entries.length, length);
});

test('what images a node holds is known at once, and writes nothing', async (t) => {
  const own = await withTasks([]);
  const agent = await own.join('n1');
  const { length } = own.replicator.entries;
  const held = HeldImage.create({ names: ['web:1'], sizeBytes: 4 * 2 ** 30 });
  agent.say({ kind: 'images', images: HeldImages.create({ images: [held] }) });
  await own.clock.advance(10);
  t.is(own.images.scorer(['web:1'], 1)?.('n1'), 100);
  t.is(own.replicator.entries.length, length);
  agent.say({ kind: 'images', images: HeldImages.create() });
  t.is(own.images.scorer(['web:1'], 1), undefined);
});

test('reports of a session that is over are still written', async (t) => {
  const own = await withTasks(['a']);
  const agent = await own.join('n1');
  agent.report('a', RUNNING);
  agent.hangUp();
  await own.clock.advance(10);
  const task = own.store.view((tx) => tx.get('task', 'a')) as Task;
  t.is(task.status?.state, RUNNING);
  t.deepEqual(agent.accepted, []);
});
