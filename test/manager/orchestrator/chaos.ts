/** All loops under a seeded storm of faults and changes, then calm: everything must be as desired. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { seededRandom } from '#lib';
import type { Random } from '#lib';
import { Availability, NodeSpec, NodeState, TaskState, UpdateConfig, UpdateOrder } from '#proto';
import type { Commit } from '#manager/store/types';
import { membersOf } from '#manager/orchestrator/slot';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';
import type { ServiceShape } from '#test/_support/orchestration';

const seeds = Array.from({ length: 24 }, (_, at) => at + 1);
const nodeIds = ['n1', 'n2', 'n3', 'n4', 'n5'];
const serviceIds = ['a', 'b', 'g'];

function shapeOf(id: string, random: Random, version: number): ServiceShape {
  const reservations = { cpuNano: 3e8, memoryBytes: 0, pids: 0, generic: {} };
  const update = UpdateConfig.create({
    parallelism: random.below(3),
    order: random.below(2) === 0 ? UpdateOrder.STOP_FIRST : UpdateOrder.START_FIRST,
    maxFailureRatio: 1,
    monitorMs: 1_000,
  });
  return {
    isGlobal: id === 'g',
    replicas: random.below(8),
    task: { resources: { reservations }, hostname: `v${version}` },
    spec: { update },
  };
}

/** What must hold after every commit. */
function check(t: ExecutionContext, world: OrchestrationWorld, commit: Commit): void {
  world.store.view((tx) => {
    for (const event of commit.events) {
      if (event.table !== 'task' || event.kind !== 'update') continue;
      const isPlaced = event.old.status?.state === TaskState.PENDING;
      if (!isPlaced || event.object.status?.state !== TaskState.ASSIGNED) continue;
      const node = tx.get('node', event.object.nodeId);
      t.is(node?.status?.state, NodeState.READY, 'placed on a node that was not READY');
      t.is(node?.spec?.availability, Availability.ACTIVE, 'placed on a node that takes no tasks');
      let cpuNano = 0;
      for (const task of tx.tasksOfNode(event.object.nodeId)) {
        const state = task.status?.state ?? TaskState.NEW;
        if (state >= TaskState.ASSIGNED && state < TaskState.COMPLETE)
          cpuNano += task.spec?.resources?.reservations?.cpuNano ?? 0;
      }
      t.true(
        cpuNano <= (node?.description?.resources?.cpuNano ?? 0),
        'more reserved than there is',
      );
    }
  });
}

async function disturb(world: OrchestrationWorld, random: Random): Promise<void> {
  const nodeId = nodeIds[random.below(nodeIds.length)] ?? '';
  const serviceId = serviceIds[random.below(serviceIds.length)] ?? '';
  switch (random.below(8)) {
    case 0:
      return world.loseNode(nodeId);
    case 1:
      world.silent.delete(nodeId);
      return world.setNodeState(nodeId, NodeState.READY);
    case 2: {
      const availability = Object.values(Availability)[random.below(3)] ?? Availability.ACTIVE;
      return world.changeNode(nodeId, (node) => ({
        ...node,
        spec: NodeSpec.create({ availability }),
      }));
    }
    case 3: {
      const running = world.running(serviceId);
      const victim = running[random.below(Math.max(1, running.length))];
      return victim === undefined ? undefined : world.endTask(victim.id, TaskState.FAILED);
    }
    case 4:
    case 5:
      return world.changeService(serviceId, (service) => {
        const isReplacing = random.below(2) === 0;
        const specVersion = service.specVersion + (isReplacing ? 1 : 0);
        const { spec } = aServiceOf(serviceId, shapeOf(serviceId, random, specVersion));
        return { ...service, spec, previousSpec: service.spec, specVersion };
      });
    case 6:
      await world.resign();
      await world.clock.advance(random.below(3_000));
      return world.lead();
    default:
      world.agents.fate = (task) =>
        random.below(6) === 0 && task.slot > 0
          ? { afterMs: 1 + random.below(20), state: TaskState.FAILED }
          : undefined;
      return undefined;
  }
}

/** Agents that come back do what they were told meanwhile. */
async function heal(world: OrchestrationWorld): Promise<void> {
  world.agents.fate = () => undefined;
  world.silent.clear();
  for (const id of nodeIds) {
    await world.changeNode(id, (node) => ({ ...node, spec: NodeSpec.create() }));
    await world.setNodeState(id, NodeState.READY);
  }
  world.nudge();
}

function assertAsDesired(t: ExecutionContext, world: OrchestrationWorld): void {
  for (const id of serviceIds) {
    const mode = world.service(id)?.spec?.mode;
    const count = mode?.kind === 'replicated' ? mode.replicated.replicas : nodeIds.length;
    t.is(world.running(id).length, count, `service ${id}`);
    const hostname = world.service(id)?.spec?.task?.hostname;
    t.true(
      world.running(id).every((task) => task.spec?.hostname === hostname),
      `service ${id}`,
    );
    const bySlot = Map.groupBy(
      world.tasks(id),
      (task) => `${task.slot}/${task.slot === 0 ? task.nodeId : ''}`,
    );
    for (const tasks of bySlot.values()) {
      const members = membersOf({ key: '', number: 0, nodeId: '', tasks });
      t.true(members.length <= 6, 'history is bounded');
    }
  }
}

async function storm(t: ExecutionContext, seed: number): Promise<string> {
  const world = new OrchestrationWorld({ seed, commitDelayMs: seed % 5 });
  const random = seededRandom(seed).fork('storm');
  world.store.watch((commit) => check(t, world, commit));
  await world.addNodes(nodeIds.length);
  world.lead();
  for (const id of serviceIds) await world.createService(aServiceOf(id, shapeOf(id, random, 1)));
  for (let at = 0; at < 40; at++) {
    await world.clock.advance(random.below(2_500));
    await disturb(world, random);
  }
  await heal(world);
  await world.clock.advance(15 * 60_000);
  assertAsDesired(t, world);
  await world.resign();
  const tasks = serviceIds.flatMap((id) => world.tasks(id));
  return tasks.map((task) => `${task.id}@${task.nodeId}:${task.status?.state}`).join();
}

for (const seed of seeds) {
  test(`seed ${seed}: after a storm everything is as desired`, async (t) => {
    await storm(t, seed);
  });
}

test('the same seed gives the same history', async (t) => {
  t.is(await storm(t, 3), await storm(t, 3));
});
