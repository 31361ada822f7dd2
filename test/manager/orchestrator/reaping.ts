import test from 'ava';
import {
  ClusterSpec,
  Meta,
  NodeState,
  NodeStatus,
  RestartPolicy,
  TaskState,
  TaskStatus,
} from '#proto';
import type { Node, Task } from '#proto';
import { isRemovable, planSlotReaping } from '#manager/orchestrator/plan-reaping';
import { aCluster, aNode, aTask } from '#test/_support/objects';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

const { ASSIGNED, COMPLETE, FAILED, PENDING, REMOVE, RUNNING, SHUTDOWN } = TaskState;

function ended(at: number, desiredState: TaskState = SHUTDOWN, state: TaskState = FAILED): Task {
  const meta = Meta.create({ createdAtMs: at });
  return aTask({
    id: `t${at}`,
    meta,
    desiredState,
    status: TaskStatus.create({ state }),
    nodeId: 'n',
  });
}

const up = (): Node => aNode('n', { status: NodeStatus.create({ state: NodeState.READY }) });
const reap = (tasks: readonly Task[], historyLimit: number): readonly string[] =>
  planSlotReaping({ tasks, node: up, historyLimit }).map(({ id }) => id);

test('finished tasks past the limit go, oldest first, the one that runs is not counted', (t) => {
  const live = ended(9, RUNNING, RUNNING);
  const tasks = [live, ...[3, 1, 2].map((at) => ended(at))];
  t.deepEqual(reap(tasks, 5), []);
  t.deepEqual(reap(tasks, 2), ['t1']);
  t.deepEqual(reap(tasks, 0), ['t1', 't2', 't3']);
  t.deepEqual(reap(tasks, -1), []);
});

test('the newest task of a slot stays whatever the limit: it says why the slot is empty', (t) => {
  t.deepEqual(reap([ended(1), ended(2)], 0), ['t1']);
  t.deepEqual(reap([ended(1), ended(2)], 1), ['t1']);
  t.deepEqual(reap([ended(1), ended(2)], 2), []);
});

test('a task that still stops is not history yet', (t) => {
  t.deepEqual(reap([ended(1, SHUTDOWN, RUNNING), ended(2, RUNNING, RUNNING)], 0), []);
});

const removal: readonly (readonly [string, TaskState, Node | undefined, boolean])[] = [
  ['never assigned', PENDING, up(), true],
  ['that has stopped', SHUTDOWN, up(), true],
  ['that has ended', COMPLETE, up(), true],
  ['just assigned', ASSIGNED, up(), false],
  ['that runs', RUNNING, up(), false],
  ['on a node that is gone', RUNNING, undefined, true],
  [
    'on a DOWN node',
    RUNNING,
    aNode('n', { status: NodeStatus.create({ state: NodeState.DOWN }) }),
    true,
  ],
  ['on an UNKNOWN node', RUNNING, aNode('n', { status: NodeStatus.create() }), false],
];
for (const [what, state, node, expected] of removal) {
  test(`a task to be removed ${what} ${expected ? 'goes' : 'stays'}`, (t) => {
    t.is(
      isRemovable(ended(1, REMOVE, state), () => node),
      expected,
    );
    t.false(isRemovable(ended(1, SHUTDOWN, state), () => node));
  });
}

async function crashing(historyLimit: number, attemptsMax = 0): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld();
  await world.write((tx) =>
    tx.create('cluster', {
      ...aCluster(),
      spec: ClusterSpec.create({ taskHistoryLimit: historyLimit }),
    }),
  );
  await world.addNodes(1);
  world.agents.fate = () => ({ afterMs: 2, state: FAILED });
  world.lead();
  const restart = RestartPolicy.create({ delayMs: 10, delayMaxMs: 10, attemptsMax });
  await world.createService(aServiceOf('web', { task: { restart } }));
  await world.clock.advance(2_000);
  return world;
}

test('a slot that keeps failing keeps the history of the cluster', async (t) => {
  const world = await crashing(3);
  const past = world.tasks('web').filter(({ desiredState }) => desiredState === SHUTDOWN);
  t.is(past.length, 3);
  await world.write((tx) => {
    for (const cluster of tx.list('cluster'))
      tx.update('cluster', { ...cluster, spec: ClusterSpec.create({ taskHistoryLimit: 1 }) });
  });
  await world.clock.advance(100);
  t.true(world.tasks('web').length <= 3);
});

test('the history reaches as far back as the attempts that are counted', async (t) => {
  const world = await crashing(0, 7);
  t.is(world.tasks('web').length, 8);
});

test('history that piled up while nobody led is trimmed by the next leader', async (t) => {
  const world = await crashing(-1);
  await world.resign();
  t.true(world.tasks('web').length > 20);
  await world.write((tx) => {
    for (const cluster of tx.list('cluster'))
      tx.update('cluster', { ...cluster, spec: ClusterSpec.create({ taskHistoryLimit: 5 }) });
  });
  world.agents.fate = () => undefined;
  world.lead();
  await world.untilRunning('web', 1);
  await world.clock.advance(100);
  t.is(world.tasks('web').length, 6);
});

test('a service that is removed and created again under its id of old shares nothing', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  await world.createService(aServiceOf('web', { replicas: 3 }));
  await world.untilRunning('web', 3);
  await world.changeService('web', (service) => ({ ...service, isRemoving: true }));
  await world.clock.until(() => world.service('web') === undefined, 1_000, 'the service is gone');
  await world.createService(aServiceOf('web', { replicas: 2 }));
  await world.untilRunning('web', 2);
  t.is(world.tasks('web').length, 2);
});

test('tasks whose service is gone are removed by whoever leads next', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  await world.createService(aServiceOf('web', { replicas: 3 }));
  await world.untilRunning('web', 3);
  await world.resign();
  await world.write((tx) => tx.remove('service', 'web'));
  world.lead();
  await world.clock.until(() => world.tasks('web').length === 0, 1_000, 'the tasks are gone');
  t.pass();
});
