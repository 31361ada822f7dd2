import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  ClusterSpec,
  RebalanceStatus,
  SchedulingSpec,
  TaskState,
  UpdateConfig,
  UpdateOrder,
} from '#proto';
import type { ServiceSpec } from '#proto';
import { aCluster } from '#test/_support/objects';
import { OrchestrationWorld, aServiceOf } from '#test/_support/orchestration';

interface Setup {
  readonly isAuto?: boolean;
  readonly replicas?: number;
  readonly spec?: Partial<ServiceSpec>;
}

/** A service on two nodes, then a third node. */
async function grown({
  isAuto = false,
  replicas = 6,
  spec = {},
}: Setup): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld();
  const scheduling = SchedulingSpec.create({ autoRebalance: isAuto });
  await world.write((tx) => {
    const cluster = aCluster();
    tx.create('cluster', {
      ...cluster,
      spec: ClusterSpec.create({ name: 'default', taskHistoryLimit: 5, scheduling }),
    });
  });
  world.lead();
  await world.addNodes(2);
  await world.createService(aServiceOf('web', { replicas, spec }));
  await world.untilRunning('web', replicas);
  await world.clock.advance(70_000);
  await world.write((tx) => {
    const one = tx.get('node', 'n1');
    if (one === undefined) return;
    const changedAtMs = world.clock.now();
    const status = one.status && { ...one.status, changedAtMs };
    tx.create('node', { ...one, id: 'n3', status });
  });
  return world;
}

function counts(world: OrchestrationWorld): Record<string, number> {
  const byNode: Record<string, number> = {};
  for (const { nodeId } of world.running('web')) byNode[nodeId] = (byNode[nodeId] ?? 0) + 1;
  return byNode;
}

async function ask(world: OrchestrationWorld): Promise<void> {
  await world.write((tx) => {
    for (const cluster of tx.list('cluster'))
      tx.update('cluster', {
        ...cluster,
        rebalance: RebalanceStatus.create({ requestedAtMs: world.clock.now() }),
      });
  });
}

const statusOf = (world: OrchestrationWorld): RebalanceStatus | undefined =>
  world.store.view((tx) => [...tx.list('cluster')][0]?.rebalance);

/** Watches how few tasks ran at any moment until it is done. */
async function untilFinished(
  t: ExecutionContext,
  world: OrchestrationWorld,
  least: number,
): Promise<void> {
  const isDone = (): boolean => (statusOf(world)?.finishedAtMs ?? 0) > 0;
  let fewest = Infinity;
  const watch = world.store.watch(() => {
    fewest = Math.min(fewest, world.running('web').length);
  });
  await world.clock.until(isDone, 120_000, 'the rebalancing is finished');
  watch.cancel();
  t.true(fewest >= least, `${fewest} ran`);
}

test('asked for, tasks move to the new node, one of a service at a time, and say why', async (t) => {
  const world = await grown({});
  await ask(world);
  await untilFinished(t, world, 5);
  t.deepEqual(counts(world), { n1: 2, n2: 2, n3: 2 });
  t.like(statusOf(world), { moved: 2, message: '' });
  const stopped = world.tasks('web').filter((task) => task.desiredState === TaskState.SHUTDOWN);
  t.is(stopped.length, 2);
  for (const { status } of stopped)
    t.is(
      status?.message,
      'moved to n1 by rebalancing: a node with fewer tasks of the service',
      'the host name of the new node is that of n1',
    );
  const moved = world.running('web').filter(({ movedFromNodeId }) => movedFromNodeId !== '');
  t.deepEqual(moved.map(({ movedFromNodeId }) => movedFromNodeId).toSorted(), ['n1', 'n2']);
  await world.resign();
});

test('with start-first no task is missing at any moment', async (t) => {
  const update = UpdateConfig.create({ order: UpdateOrder.START_FIRST, parallelism: 1 });
  const world = await grown({ spec: { update } });
  await ask(world);
  await untilFinished(t, world, 6);
  t.deepEqual(counts(world), { n1: 2, n2: 2, n3: 2 });
  await world.resign();
});

test('a disruption budget sets how many move at once; one of none holds everything, and says so', async (t) => {
  const wide = await grown({
    replicas: 12,
    spec: { disruption: { maxUnavailable: { kind: 'count', count: 3 } } },
  });
  await ask(wide);
  await untilFinished(t, wide, 9);
  t.deepEqual(counts(wide), { n1: 4, n2: 4, n3: 4 });
  await wide.resign();
  const none = await grown({
    spec: { disruption: { maxUnavailable: { kind: 'count', count: 0 } } },
  });
  await ask(none);
  await untilFinished(t, none, 6);
  t.like(statusOf(none), {
    moved: 0,
    message: '2 moves are left: the disruption budget of web allows none now',
  });
  await none.resign();
});

test('nothing moves by itself unless the cluster asks for it', async (t) => {
  const world = await grown({});
  await world.clock.advance(300_000);
  t.deepEqual(counts(world), { n1: 3, n2: 3 });
  await world.resign();
});

test('in the automatic mode tasks move once the node has been ready for a minute, and then rest', async (t) => {
  const world = await grown({ isAuto: true });
  await world.clock.advance(55_000);
  t.deepEqual(counts(world), { n1: 3, n2: 3 });
  await world.clock.until(() => counts(world)['n3'] === 2, 60_000, 'two tasks are on n3');
  await world.clock.advance(60_000);
  const taskCount = world.tasks('web').length;
  await world.clock.advance(600_000);
  t.is(world.tasks('web').length, taskCount, 'no more moves');
  t.deepEqual(counts(world), { n1: 2, n2: 2, n3: 2 });
  await world.resign();
});

test('a new leader goes on with what was asked for', async (t) => {
  const world = await grown({ replicas: 12 });
  await ask(world);
  await world.clock.until(() => (statusOf(world)?.moved ?? 0) >= 1, 30_000, 'a move began');
  await world.resign();
  t.is(statusOf(world)?.finishedAtMs, 0);
  world.lead();
  await untilFinished(t, world, 11);
  t.deepEqual(counts(world), { n1: 4, n2: 4, n3: 4 });
  await world.resign();
});

test('with start-first a task that cannot start on the new node leaves the old one running', async (t) => {
  const update = UpdateConfig.create({ order: UpdateOrder.START_FIRST, parallelism: 1 });
  const world = await grown({ spec: { update } });
  world.agents.fate = ({ nodeId }) =>
    nodeId === 'n3' ? { afterMs: 5, state: TaskState.FAILED } : undefined;
  await ask(world);
  await untilFinished(t, world, 6);
  t.deepEqual(counts(world), { n1: 3, n2: 3 });
  t.is(statusOf(world)?.moved, 1, 'the next would fail as well');
  await world.resign();
});
