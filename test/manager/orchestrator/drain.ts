import test from 'ava';
import fc from 'fast-check';
import { Availability, DisruptionConfig, NodeSpec, Resources, TaskState } from '#proto';
import type { Task } from '#proto';
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
