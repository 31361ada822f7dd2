/** What others write between a decision and its transaction. */
import test from 'ava';
import { Availability, NodeSpec, NodeState, Resources, TaskSpec, TaskState } from '#proto';
import type { Commit, StoreEvent } from '#manager/store/types';
import { stepsPerPass } from '#manager/orchestrator/service-orchestrator';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

const oneCpu = {
  resources: { reservations: { cpuNano: 1e9, memoryBytes: 0, pids: 0, generic: {} } },
};

/** Runs `act` in the first commit with such an event, before any loop sees it. */
function atFirst(
  world: OrchestrationWorld,
  isIt: (event: StoreEvent) => boolean,
  act: () => void,
): void {
  let isDone = false;
  world.store.watch((commit: Commit) => {
    if (isDone || !commit.events.some(isIt)) return;
    isDone = true;
    act();
  });
}

const isTaskCreated = (event: StoreEvent): boolean =>
  event.table === 'task' && event.kind === 'create';

async function twoSmallNodes(): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld({ commitDelayMs: 10 });
  await world.addNodes(2);
  for (const id of ['n1', 'n2'])
    await world.changeNode(id, (node) => ({
      ...node,
      description: {
        ...node.description,
        resources: Resources.create({ cpuNano: 1e9 }),
      } as typeof node.description,
    }));
  return world;
}

test('a node that is drained while a placement is under way does not get the task', async (t) => {
  const world = await twoSmallNodes();
  const drain = (availability: Availability): Promise<unknown> =>
    world.store.update((tx) => {
      const node = tx.get('node', 'n1');
      if (node === undefined) return;
      tx.update('node', { ...node, spec: NodeSpec.create({ availability }) });
    });
  atFirst(world, isTaskCreated, () => void drain(Availability.DRAIN));
  let wasOnDrained = false;
  world.store.watch(() => {
    wasOnDrained ||= world.tasks('web').some(({ nodeId }) => nodeId === 'n1');
  });
  world.lead();
  await world.createService(aServiceOf('web', { replicas: 2, task: oneCpu }));
  await world.untilRunning('web', 1);
  await world.clock.advance(1_000);
  t.false(wasOnDrained);
  t.is(world.running('web').length, 1);
  // What was assumed there is forgotten: there is room again.
  await world.clock.resolve(drain(Availability.ACTIVE), 1_000);
  await world.untilRunning('web', 2, 1_000);
});

test('a node that goes away while a placement is under way does not get the task', async (t) => {
  const world = await twoSmallNodes();
  atFirst(world, isTaskCreated, () => {
    void world.store.update((tx) => tx.remove('node', 'n1'));
  });
  world.lead();
  await world.createService(aServiceOf('web', { task: oneCpu }));
  await world.untilRunning('web', 1);
  t.deepEqual(
    world.tasks('web').map(({ nodeId }) => nodeId),
    ['n2'],
  );
});

test('a service that changes while its tasks are made gets none of the old version', async (t) => {
  const world = await twoSmallNodes();
  world.lead();
  await world.clock.advance(100);
  const isServiceCreated = (event: StoreEvent): boolean =>
    event.table === 'service' && event.kind === 'create';
  atFirst(world, isServiceCreated, () => {
    void world.store.update((tx) => {
      const service = tx.get('service', 'web');
      if (service === undefined) return;
      const { spec } = aServiceOf('web', { task: TaskSpec.create({ hostname: 'v2' }) });
      tx.update('service', { ...service, spec, specVersion: 2 });
    });
  });
  await world.createService(aServiceOf('web'));
  await world.untilRunning('web', 1);
  t.deepEqual(
    world.tasks('web').map(({ specVersion }) => specVersion),
    [2],
  );
});

test('a task that is not wanted any more while it is placed never gets a node', async (t) => {
  const world = await twoSmallNodes();
  atFirst(world, isTaskCreated, () => {
    void world.store.update((tx) => {
      for (const task of tx.tasksOfService('web'))
        tx.update('task', { ...task, desiredState: TaskState.REMOVE });
    });
  });
  world.lead();
  await world.createService(aServiceOf('web'));
  await world.untilRunning('web', 1);
  t.is(world.tasks('web').length, 1);
});

test('a service goes when someone else deletes its last task', async (t) => {
  const world = await twoSmallNodes();
  world.lead();
  await world.createService(aServiceOf('web'));
  await world.untilRunning('web', 1);
  for (const id of ['n1', 'n2']) world.silent.add(id);
  await world.changeService('web', (service) => ({ ...service, isRemoving: true }));
  await world.clock.advance(1_000);
  t.is(world.tasks('web').length, 1);
  const [last] = world.tasks('web');
  await world.write((tx) => tx.remove('task', last?.id ?? ''));
  await world.clock.until(() => world.service('web') === undefined, 1_000, 'the service is gone');
});

test('more tasks than one pass plans come in several', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(1);
  await world.setNodeState('n1', NodeState.UNKNOWN);
  world.lead();
  const replicas = stepsPerPass + 100;
  await world.createService(aServiceOf('big', { replicas }));
  await world.clock.until(() => world.store.view((tx) => tx.count('task')) === replicas, 10_000);
  t.is(new Set(world.tasks('big').map(({ slot }) => slot)).size, replicas);
});
