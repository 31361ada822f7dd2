import test from 'ava';
import fc from 'fast-check';
import { Availability, ContainerSpec, DisruptionConfig, NodeSpec, Placement } from '#proto';
import { Resources, TaskState, UpdateState } from '#proto';
import type { Task } from '#proto';
import { parseToleration } from '#cli/parse/taint';
import { disruptionOf } from '#manager/disruption/index';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

const { ACTIVE, DRAIN } = Availability;

const budgetOf = (count: number): DisruptionConfig =>
  DisruptionConfig.create({ maxUnavailable: { kind: 'count', count } });

interface Shape {
  readonly nodes: number;
  readonly replicas: number;
  readonly unavailableMax: number;
  /** Processors that each task reserves, of 8 of a node. */
  readonly cpus?: number;
  readonly seed?: number;
}

async function started(shape: Shape): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld({ seed: shape.seed ?? 1 });
  await world.addNodes(shape.nodes);
  world.lead();
  const { replicas, unavailableMax, cpus = 0 } = shape;
  const task = { resources: { reservations: Resources.create({ cpuNano: cpus * 1e9 }) } };
  const spec = { disruption: budgetOf(unavailableMax) };
  await world.createService(aServiceOf('web', { replicas, task, spec }));
  await world.untilRunning('web', replicas);
  return world;
}

const on = (tasks: readonly Task[], nodeId: string): readonly Task[] =>
  tasks.filter((task) => task.nodeId === nodeId);

function setAvailability(
  world: OrchestrationWorld,
  id: string,
  availability: Availability,
): Promise<void> {
  return world.changeNode(id, (node) => ({
    ...node,
    spec: { ...NodeSpec.create(), ...node.spec, availability },
  }));
}

/** The fewest slots that served at any commit from now on. */
function watchFewest(world: OrchestrationWorld): () => number {
  let fewest = Infinity;
  world.store.watch(() => {
    const available = world.store.view((tx) => {
      const service = tx.get('service', 'web');
      if (service === undefined) return 0;
      const found = disruptionOf(service, tx.tasksOfService('web'), (id) => tx.get('node', id));
      return found?.available ?? 0;
    });
    fewest = Math.min(fewest, available);
  });
  return () => fewest;
}

test('a drained node is emptied as fast as the budget allows, one after the other', async (t) => {
  const world = await started({ nodes: 3, replicas: 9, unavailableMax: 1 });
  const fewest = watchFewest(world);
  const drainedAt = world.clock.now();
  await setAvailability(world, 'n1', DRAIN);
  await world.clock.until(
    () => world.running('web').length === 9 && on(world.running('web'), 'n1').length === 0,
    20_000,
    'nine tasks run on the other nodes',
  );
  t.is(fewest(), 8);
  // The next goes when the one before runs again, not at the next look.
  t.true(world.clock.now() - drainedAt < 3_000, `${world.clock.now() - drainedAt} ms`);
});

test('where nothing else has room the rest of the tasks runs on, and goes once there is', async (t) => {
  const world = await started({ nodes: 2, replicas: 4, unavailableMax: 1, cpus: 3 });
  await setAvailability(world, 'n1', DRAIN);
  await world.clock.advance(60_000);
  t.is(on(world.running('web'), 'n1').length, 1);
  const waiting = world.tasks('web').find((one) => one.status?.state === TaskState.PENDING);
  t.is(
    waiting?.status?.error,
    '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable (drained).',
  );
  await world.write((tx) => {
    const node = tx.get('node', 'n2');
    if (node === undefined) return;
    tx.create('node', { ...node, id: 'n3' });
  });
  await world.clock.until(
    () => world.running('web').length === 4 && on(world.running('web'), 'n1').length === 0,
    10_000,
    'four tasks run on the other nodes',
  );
});

test('a budget of none keeps every task until it allows one', async (t) => {
  const world = await started({ nodes: 2, replicas: 4, unavailableMax: 0 });
  await setAvailability(world, 'n1', DRAIN);
  await world.clock.advance(60_000);
  t.is(on(world.running('web'), 'n1').length, 2);
  await world.changeService('web', (service) => ({
    ...service,
    spec: aServiceOf('web', { replicas: 4, spec: { disruption: budgetOf(1) } }).spec,
  }));
  await world.clock.until(() => on(world.running('web'), 'n2').length === 4, 10_000, 'all on n2');
});

test('a new leader goes on with a drain; uncordoning ends it', async (t) => {
  const world = await started({ nodes: 3, replicas: 12, unavailableMax: 1 });
  world.agents.startMs = 2_000;
  const fewest = watchFewest(world);
  await setAvailability(world, 'n1', DRAIN);
  await world.clock.until(() => on(world.running('web'), 'n1').length === 3, 5_000, 'one has gone');
  await world.resign();
  world.lead();
  await world.clock.until(() => on(world.running('web'), 'n1').length === 1, 9_000, 'one is left');
  await setAvailability(world, 'n1', ACTIVE);
  await world.untilRunning('web', 12);
  await world.clock.advance(20_000);
  t.true(on(world.running('web'), 'n1').length >= 1);
  t.is(fewest(), 11);
});

test('whatever fails meanwhile, a drain takes no more than the budget, and ends', async (t) => {
  const shape = fc.record({
    nodes: fc.integer({ min: 3, max: 5 }),
    replicas: fc.integer({ min: 2, max: 12 }),
    unavailableMax: fc.integer({ min: 1, max: 4 }),
    drained: fc.integer({ min: 1, max: 2 }),
    seed: fc.integer({ min: 1, max: 1_000 }),
  });
  await fc.assert(
    fc.asyncProperty(shape, async (one) => {
      const world = await started(one);
      const fewest = watchFewest(world);
      const names = Array.from({ length: one.drained }, (_, at) => `n${at + 1}`);
      for (const name of names) await setAvailability(world, name, DRAIN);
      const left = (): number =>
        world.running('web').filter(({ nodeId }) => names.includes(nodeId)).length;
      await world.clock.until(
        () => left() === 0 && world.running('web').length === one.replicas,
        120_000,
        'the drained nodes are empty',
      );
      t.true(fewest() >= Math.max(0, one.replicas - one.unavailableMax));
    }),
    { seed: 20261126, numRuns: 25 },
  );
});

/** A global service, which may have one task missing. */
async function globalOn(
  nodes: number,
  unavailableMax = 1,
  ...tolerations: readonly string[]
): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld();
  await world.addNodes(nodes);
  world.lead();
  const spec = { disruption: budgetOf(unavailableMax) };
  const parsed = tolerations.map((text) => parseToleration('t', text));
  const task = { placement: Placement.create({ tolerations: parsed }) };
  await world.createService(aServiceOf('web', { isGlobal: true, spec, task }));
  await world.untilRunning('web', nodes);
  return world;
}

test('a global service leaves a drained node only while no more than its budget is missing', async (t) => {
  const world = await globalOn(3);
  world.agents.startMs = 10_000;
  await setAvailability(world, 'n1', DRAIN);
  await world.clock.until(() => world.running('web').length === 2, 5_000, 'it has left n1');
  await setAvailability(world, 'n1', ACTIVE);
  await world.clock.advance(1_000);
  await setAvailability(world, 'n2', DRAIN);
  await world.clock.advance(5_000);
  t.is(on(world.running('web'), 'n2').length, 1, 'n1 has yet to run again');
  const isMoved = (): boolean =>
    on(world.running('web'), 'n1').length === 1 && on(world.running('web'), 'n2').length === 0;
  await world.clock.until(isMoved, 10_000, 'n1 runs, n2 is empty');
});

test('of nodes that are drained together a global service leaves one after the other', async (t) => {
  const world = await globalOn(4);
  world.agents.stopMs = 3_000;
  for (const id of ['n1', 'n2', 'n3']) await setAvailability(world, id, DRAIN);
  const stopping = (): number =>
    world
      .tasks('web')
      .filter(
        (one) => one.desiredState > TaskState.COMPLETE && one.status?.state === TaskState.RUNNING,
      ).length;
  let most = 0;
  world.store.watch(() => (most = Math.max(most, stopping())));
  await world.clock.until(
    () => world.running('web').length === 1 && stopping() === 0,
    20_000,
    'one is left',
  );
  t.is(most, 1);
});

test('a global service whose task on a lost node is missing holds a drain up until that is given up', async (t) => {
  const world = await globalOn(3, 1, 'node.tessera.io/unreachable:NoExecute:60');
  await world.loseNode('n1');
  await world.clock.advance(5_000);
  await setAvailability(world, 'n2', DRAIN);
  await world.clock.advance(40_000);
  t.is(on(world.running('web'), 'n2').length, 1, 'the one on n1 is missing already');
  await world.clock.until(() => on(world.running('web'), 'n2').length === 0, 30_000, 'n2 is empty');
  t.is(on(world.running('web'), 'n3').length, 1);
});

test('a global service with a budget of none stays on a drained node', async (t) => {
  const world = await globalOn(2, 0);
  await setAvailability(world, 'n1', DRAIN);
  await world.clock.advance(60_000);
  t.is(on(world.running('web'), 'n1').length, 1);
});

test('a drain that ignores budgets empties the node at once, whatever its budget is', async (t) => {
  const world = await started({ nodes: 2, replicas: 4, unavailableMax: 0 });
  await setAvailability(world, 'n1', DRAIN);
  await world.clock.advance(60_000);
  t.is(on(world.running('web'), 'n1').length, 2);
  await world.changeNode('n1', (node) => ({
    ...node,
    spec: { ...NodeSpec.create(), ...node.spec, drainIgnoresBudgets: true },
  }));
  await world.clock.until(() => on(world.running('web'), 'n2').length === 4, 2_000, 'all on n2');
});

test('an update of a global service ends although a drained node has the old version in its history', async (t) => {
  const world = await globalOn(2);
  await setAvailability(world, 'n1', DRAIN);
  await world.clock.until(() => world.running('web').length === 1, 5_000, 'it has left n1');
  await world.changeService('web', (service) => ({
    ...service,
    specVersion: 2,
    spec: aServiceOf('web', {
      isGlobal: true,
      task: { containers: [ContainerSpec.create({ image: 'web:2' })] },
    }).spec,
  }));
  const isDone = (): boolean => world.service('web')?.updateStatus?.state === UpdateState.COMPLETED;
  await world.clock.until(isDone, 60_000, 'the update is done');
  t.deepEqual(
    world.running('web').map(({ nodeId, specVersion }) => [nodeId, specVersion]),
    [['n2', 2]],
  );
});
