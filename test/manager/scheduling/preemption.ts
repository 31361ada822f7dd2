/** Preemption by the managers: who goes, who waits, what is kept free, and what becomes of the victims. */
import test from 'ava';
import {
  Availability,
  NodeSpec,
  NodeState,
  Placement,
  PreemptionPolicy,
  RestartCondition,
} from '#proto';
import { ResourceRequirements, Resources, RestartPolicy, TaskState } from '#proto';
import type { ServiceSpec, Task, TaskSpec } from '#proto';
import { byImportance } from '#scheduler/priority';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

/** Nodes of these worlds have 8 processors. */
function asks(cpus: number, priority = 0, placement: Partial<Placement> = {}): Partial<TaskSpec> {
  const reservations = Resources.create({ cpuNano: cpus * 1e9 });
  return {
    resources: ResourceRequirements.create({ reservations }),
    placement: Placement.create({ priority, ...placement }),
  };
}

async function full(
  nodeCount: number,
  spec: Partial<ServiceSpec> = {},
): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld();
  await world.addNodes(nodeCount);
  world.lead();
  const replicas = nodeCount * 4;
  await world.createService(aServiceOf('low', { replicas, task: asks(2), spec }));
  await world.untilRunning('low', replicas);
  return world;
}

const polite = { preemptionPolicy: PreemptionPolicy.NEVER };

const preempted = (world: OrchestrationWorld, id: string): readonly Task[] =>
  world.tasks(id).filter(({ preemptedBy }) => preemptedBy !== undefined);

function reservedOn(world: OrchestrationWorld, nodeId: string): number {
  return world.store.view((tx) =>
    [...tx.tasksOfNode(nodeId)]
      .filter(({ status }) => (status?.state ?? 0) < TaskState.COMPLETE)
      .reduce((sum, { spec }) => sum + (spec?.resources?.reservations?.cpuNano ?? 0), 0),
  );
}

test('1.8: a task of higher priority pushes out just enough, and the victims wait for room', async (t) => {
  const world = await full(2);
  await world.createService(aServiceOf('high', { task: asks(4, 100) }));
  await world.untilRunning('high', 1, 5_000);
  await world.clock.advance(2_000);
  const victims = preempted(world, 'low');
  t.is(victims.length, 2);
  const [high] = world.running('high');
  for (const victim of victims) {
    t.is(victim.nodeId, high?.nodeId ?? '');
    t.deepEqual(victim.preemptedBy, {
      taskId: high?.id ?? '',
      taskName: `high.${high?.slot}`,
      priority: 100,
    });
    t.is(victim.desiredState, TaskState.SHUTDOWN);
  }
  t.is(high?.nominatedNodeId, '');
  t.is(world.running('low').length, 6);
  const waiting = world.tasks('low').filter(({ nodeId }) => nodeId === '');
  t.is(waiting.length, 2);
  for (const one of waiting) {
    t.is(one.restartCount, 0, 'no penalty');
    t.is(one.status?.error, '0/2 nodes are available: 2 Insufficient cpu.');
  }
});

test('1.8: equal priority is never a victim, also where somebody less important stands', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(1);
  world.lead();
  await world.createService(aServiceOf('peers', { replicas: 3, task: asks(2.5) }));
  await world.createService(aServiceOf('lower', { task: asks(0.5, -5) }));
  await world.untilRunning('peers', 3);
  await world.untilRunning('lower', 1);
  await world.createService(aServiceOf('same', { task: asks(1) }));
  await world.clock.advance(3_000);
  t.is(preempted(world, 'peers').length + preempted(world, 'lower').length, 0);
  t.is(
    world.tasks('same')[0]?.status?.error,
    '0/1 nodes are available: 1 Insufficient cpu.' +
      ' preemption: 0/1 nodes are available: 1 Insufficient cpu.',
  );
  await world.createService(aServiceOf('fits', { task: asks(0.5) }));
  await world.untilRunning('fits', 1, 5_000);
  t.is(preempted(world, 'lower').length, 1);
});

test('1.8: with the preemption policy NEVER a task waits, and says so in the words of Kubernetes', async (t) => {
  const world = await full(1);
  await world.createService(aServiceOf('polite', { task: asks(2, 100, polite) }));
  await world.clock.advance(3_000);
  t.is(preempted(world, 'low').length, 0);
  t.is(
    world.tasks('polite')[0]?.status?.error,
    '0/1 nodes are available: 1 Insufficient cpu.' +
      ' preemption: not eligible due to preemptionPolicy=Never.',
  );
});

test('1.8 case 11: the reason goes on with what preemption found', async (t) => {
  const world = await full(2);
  await world.changeNode('n2', (node) => ({
    ...node,
    spec: NodeSpec.create({ availability: Availability.PAUSE }),
  }));
  await world.createService(aServiceOf('huge', { task: asks(9, 100) }));
  await world.clock.advance(3_000);
  t.is(
    world.tasks('huge')[0]?.status?.error,
    '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable (paused).' +
      ' preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
  );
});

test('1.8: while its victims stop the room is kept, and the task does not preempt again', async (t) => {
  const world = await full(2);
  world.agents.stopMs = 30_000;
  await world.createService(aServiceOf('high', { task: asks(2, 100) }));
  await world.clock.until(() => preempted(world, 'low').length > 0, 1_000);
  const [waiting] = world.tasks('high');
  const nodeId = waiting?.nominatedNodeId ?? '';
  t.regex(nodeId, /^n[12]$/);
  t.is(waiting?.status?.message, `waits until 1 tasks have made room on node ${nodeId}`);
  await world.createService(aServiceOf('small', { task: asks(2, 50) }));
  await world.clock.advance(20_000);
  t.is(preempted(world, 'low').length, 2, 'one for each of the two');
  await world.untilRunning('high', 1, 30_000);
  t.is(world.running('high')[0]?.nodeId, nodeId);
  await world.untilRunning('small', 1, 30_000);
  t.is(preempted(world, 'low').length, 2);
});

test('1.8: room that was made is kept from tasks that are less important', async (t) => {
  const world = await full(1);
  world.agents.stopMs = 5_000;
  await world.createService(aServiceOf('high', { task: asks(4, 100) }));
  await world.clock.until(() => preempted(world, 'low').length === 2, 1_000);
  // One victim goes at once: there would be room for a small one.
  const [first] = preempted(world, 'low');
  await world.endTask(first?.id ?? '', TaskState.SHUTDOWN);
  await world.createService(aServiceOf('sneaky', { task: asks(1, 0) }));
  await world.clock.advance(2_000);
  t.is(world.tasks('sneaky')[0]?.nodeId, '');
  await world.untilRunning('high', 1, 10_000);
  t.is(reservedOn(world, 'n1'), 8e9);
});

test('1.8: one that is more important still takes the room, and the other looks again', async (t) => {
  const world = await full(2);
  world.agents.stopMs = 2_000;
  await world.createService(aServiceOf('mid', { task: asks(8, 50) }));
  await world.clock.until(() => preempted(world, 'low').length === 4, 1_000);
  const nodeId = world.tasks('mid')[0]?.nominatedNodeId;
  await world.createService(
    aServiceOf('high', {
      task: asks(8, 100, { constraints: [`node.id==${nodeId}`] }),
    }),
  );
  await world.untilRunning('high', 1, 30_000);
  t.is(world.running('high')[0]?.nodeId, nodeId);
  await world.untilRunning('mid', 1, 30_000);
  t.not(world.running('mid')[0]?.nodeId, nodeId);
  t.is(preempted(world, 'mid').length, 0, 'it had not come yet');
  t.is(world.running('low').length, 0);
});

test('1.8: a new leader keeps what was nominated and stops nobody else', async (t) => {
  const world = await full(2);
  world.agents.stopMs = 20_000;
  await world.createService(aServiceOf('high', { task: asks(4, 100) }));
  await world.clock.until(() => preempted(world, 'low').length === 2, 1_000);
  const nodeId = world.tasks('high')[0]?.nominatedNodeId;
  await world.resign();
  await world.clock.advance(1_000);
  world.lead();
  await world.untilRunning('high', 1, 60_000);
  t.is(world.running('high')[0]?.nodeId, nodeId);
  t.is(preempted(world, 'low').length, 2);
});

test('a new leader that has not heard of all nodes stops nobody and keeps what was nominated', async (t) => {
  const world = await full(2);
  world.agents.stopMs = 20_000;
  await world.createService(aServiceOf('high', { task: asks(4, 100) }));
  await world.clock.until(() => preempted(world, 'low').length === 2, 1_000);
  const nodeId = world.tasks('high')[0]?.nominatedNodeId ?? '';
  const other = nodeId === 'n1' ? 'n2' : 'n1';
  await world.resign();
  for (const id of [nodeId, other]) await world.setNodeState(id, NodeState.UNKNOWN);
  world.lead();
  await world.clock.advance(2_000);
  await world.setNodeState(other, NodeState.READY);
  await world.clock.advance(8_000);
  t.is(world.tasks('high')[0]?.nominatedNodeId, nodeId);
  await world.setNodeState(nodeId, NodeState.READY);
  await world.untilRunning('high', 1, 60_000);
  t.is(world.running('high')[0]?.nodeId, nodeId);
  t.is(preempted(world, 'low').length, 2);
});

test('once the nodes that were not heard of are known to be lost, room is made on the others', async (t) => {
  const world = await full(2);
  await world.setNodeState('n2', NodeState.UNKNOWN);
  await world.createService(aServiceOf('high', { task: asks(4, 100) }));
  await world.clock.advance(5_000);
  t.is(preempted(world, 'low').length, 0, 'n2 may have room, or what would be stopped');
  await world.loseNode('n2');
  await world.untilRunning('high', 1, 5_000);
  t.is(world.running('high')[0]?.nodeId, 'n1');
});

test('1.8: when the nominated node is lost the task looks for another', async (t) => {
  const world = await full(2);
  world.agents.stopMs = 60_000;
  await world.createService(aServiceOf('high', { task: asks(4, 100) }));
  await world.clock.until(() => preempted(world, 'low').length === 2, 1_000);
  const first = world.tasks('high')[0]?.nominatedNodeId ?? '';
  await world.loseNode(first);
  world.agents.stopMs = 5;
  await world.untilRunning('high', 1, 30_000);
  t.not(world.running('high')[0]?.nodeId, first);
});

test('1.8: a task that is not wanted any more gives its room back', async (t) => {
  const world = await full(1);
  world.agents.stopMs = 3_000;
  await world.createService(aServiceOf('high', { task: asks(8, 100) }));
  await world.clock.until(() => preempted(world, 'low').length === 4, 1_000);
  await world.changeService('high', (service) => ({ ...service, isRemoving: true }));
  await world.untilRunning('low', 4, 30_000);
  t.is(world.service('high'), undefined);
});

test('1.8 PodDisruptionBudget: a service whose budget is used up is spared where another can go', async (t) => {
  const none = { maxUnavailable: { kind: 'count', count: 0 } } as const;
  const world = await full(1, { disruption: none });
  await world.write((tx) => {
    const node = tx.get('node', 'n1');
    if (node !== undefined) tx.create('node', { ...node, id: 'n9' });
  });
  await world.createService(aServiceOf('free', { replicas: 4, task: asks(2, 10, polite) }));
  await world.untilRunning('free', 4);
  await world.createService(aServiceOf('high', { task: asks(2, 100) }));
  await world.untilRunning('high', 1, 5_000);
  t.is(preempted(world, 'low').length, 0);
  t.is(preempted(world, 'free').length, 1, 'although it is the more important');
  // A budget is a wish: where nobody else can go it is broken.
  await world.createService(
    aServiceOf('urgent', { task: asks(2, 100, { constraints: ['node.id==n1'] }) }),
  );
  await world.untilRunning('urgent', 1, 5_000);
  t.is(preempted(world, 'low').length, 1);
});

test('1.8 PodDisruptionBudget: two preemptions of one pass share what a budget allows', async (t) => {
  const one = { maxUnavailable: { kind: 'count', count: 1 } } as const;
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  const on = (nodeId: string, priority = 0): Partial<TaskSpec> =>
    asks(2, priority, { ...polite, constraints: [`node.id==${nodeId}`] });
  await world.createService(aServiceOf('free', { replicas: 4, task: on('n1') }));
  await world.untilRunning('free', 4);
  // The later comer is chosen first, as long as its budget allows it.
  const guarded = aServiceOf('guarded', { replicas: 4, task: on('n2'), spec: { disruption: one } });
  await world.createService(guarded);
  await world.untilRunning('guarded', 4);
  await world.createService(aServiceOf('high', { replicas: 2, task: asks(2, 100) }));
  await world.untilRunning('high', 2, 5_000);
  t.is(preempted(world, 'guarded').length, 1);
  t.is(preempted(world, 'free').length, 1);
});

test('a victim of a service that never restarts is replaced all the same', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(1);
  world.lead();
  const restart = RestartPolicy.create({ condition: RestartCondition.NONE });
  await world.createService(aServiceOf('once', { task: { ...asks(8), restart } }));
  await world.untilRunning('once', 1);
  await world.createService(aServiceOf('high', { task: asks(8, 1) }));
  await world.untilRunning('high', 1, 5_000);
  await world.changeService('high', (service) => ({ ...service, isRemoving: true }));
  await world.untilRunning('once', 1, 5_000);
  t.is(world.tasks('once').length, 2);
});

test('a budget that others used up meanwhile holds: nobody is stopped in the transaction', async (t) => {
  const one = { maxUnavailable: { kind: 'count', count: 1 } } as const;
  const world = await full(1, { disruption: one });
  await world.clock.advance(1_000);
  // The first is the one that the budget is thought to allow to go.
  const budgeted = world
    .running('low')
    .toSorted(byImportance)
    .slice(1, 3)
    .map(({ id }) => id);
  let isDone = false;
  world.store.watch((commit) => {
    const isPendingNow = commit.events.some(
      ({ table, kind, object }) =>
        table === 'task' &&
        kind !== 'remove' &&
        (object as Task).serviceName === 'high' &&
        (object as Task).status?.state === TaskState.PENDING,
    );
    if (!isPendingNow || isDone) return;
    isDone = true;
    // Queued before what the scheduler is about to write, and committed after it has decided.
    void world.store.update((tx) => {
      for (const id of budgeted) {
        const task = tx.get('task', id);
        if (task !== undefined) tx.update('task', { ...task, desiredState: TaskState.SHUTDOWN });
      }
    });
  });
  world.agents.stopMs = 500;
  await world.createService(aServiceOf('high', { task: asks(2, 100) }));
  await world.untilRunning('high', 1, 10_000);
  t.is(preempted(world, 'low').length, 0, 'those that stopped anyway made room');
});
