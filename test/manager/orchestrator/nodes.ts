import test from 'ava';
import { Availability, NodeSpec, NodeState, TaskState } from '#proto';
import type { Task } from '#proto';
import { aServiceOf, OrchestrationWorld, withConstraints } from '#test/_support/orchestration';

async function started(nodeCount: number, replicas: number): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld();
  await world.addNodes(nodeCount);
  world.lead();
  await world.createService(aServiceOf('web', { replicas }));
  await world.untilRunning('web', replicas);
  return world;
}

const on = (tasks: readonly Task[], nodeId: string): readonly Task[] =>
  tasks.filter((task) => task.nodeId === nodeId);

function drain(world: OrchestrationWorld, id: string, availability: Availability): Promise<void> {
  return world.changeNode(id, (node) => ({
    ...node,
    spec: { ...NodeSpec.create(), ...node.spec, availability },
  }));
}

test('scenario 13: tasks of a DOWN node are replaced elsewhere without a back-off', async (t) => {
  const world = await started(3, 6);
  const lostAt = world.clock.now();
  await world.loseNode('n1');
  const isHealed = (): boolean =>
    world.running('web').length === 6 + 2 && on(world.running('web'), 'n1').length === 2;
  t.false(isHealed());
  const elsewhere = (): number =>
    world.running('web').filter(({ nodeId }) => nodeId !== 'n1').length;
  await world.clock.until(() => elsewhere() === 6, 2_000, 'six tasks run on the other nodes');
  t.true(world.clock.now() - lostAt < 1_000);
  t.deepEqual(
    on(world.tasks('web'), 'n1').map(({ desiredState }) => desiredState),
    [TaskState.SHUTDOWN, TaskState.SHUTDOWN],
  );
});

test('scenario 13: tasks of UNKNOWN and DISCONNECTED nodes stay as they are', async (t) => {
  const world = await started(3, 6);
  const before = world.running('web').map(({ id }) => id);
  await world.setNodeState('n1', NodeState.UNKNOWN);
  await world.setNodeState('n2', NodeState.DISCONNECTED);
  await world.clock.advance(120_000);
  t.deepEqual(
    world.running('web').map(({ id }) => id),
    before,
  );
});

test('scenario 13: tasks of a removed node are replaced and given up', async (t) => {
  const world = await started(3, 3);
  world.silent.add('n2');
  await world.write((tx) => tx.remove('node', 'n2'));
  const elsewhere = (): number =>
    world.running('web').filter(({ nodeId }) => nodeId !== 'n2').length;
  await world.clock.until(() => elsewhere() === 3, 2_000, 'three tasks run on the other nodes');
  await world.clock.advance(1_000);
  t.deepEqual(
    on(world.tasks('web'), 'n2').map((task) => task.status?.state),
    [TaskState.ORPHANED],
  );
});

test('a drained node is emptied at once, each new task after its old one has stopped', async (t) => {
  const world = await started(3, 3);
  world.agents.stopMs = 3_000;
  const drainedAt = world.clock.now();
  await drain(world, 'n1', Availability.DRAIN);
  await world.clock.advance(1_000);
  const waiting = world.tasks('web').filter(({ desiredState }) => desiredState === TaskState.READY);
  t.is(waiting.length, 1);
  await world.clock.until(() => world.running('web').length === 3, 10_000, 'three tasks run');
  t.is(on(world.running('web'), 'n1').length, 0);
  const tookMs = world.clock.now() - drainedAt;
  t.true(tookMs >= 3_000 && tookMs < 3_100, `${tookMs} ms`);
});

test('a paused node keeps its tasks and gets no new ones', async (t) => {
  const world = await started(2, 4);
  const kept = on(world.running('web'), 'n1').map(({ id }) => id);
  await drain(world, 'n1', Availability.PAUSE);
  await world.changeService('web', (service) => ({
    ...service,
    spec: aServiceOf('web', { replicas: 8 }).spec,
  }));
  await world.untilRunning('web', 8);
  t.deepEqual(
    on(world.running('web'), 'n1').map(({ id }) => id),
    kept,
  );
});

test('more than half of the nodes lost at once: nothing is replaced until enough are back', async (t) => {
  const world = await started(5, 10);
  await Promise.all(['n1', 'n2', 'n3'].map((id) => world.loseNode(id)));
  const created = world.tasks('web').length;
  await world.clock.advance(600_000);
  t.is(world.tasks('web').length, created);
  world.silent.delete('n1');
  await world.setNodeState('n1', NodeState.READY);
  const elsewhere = (): number =>
    world.running('web').filter(({ nodeId }) => !['n2', 'n3'].includes(nodeId)).length;
  await world.clock.until(() => elsewhere() === 10, 5_000, 'the two that stay lost are replaced');
  t.pass();
});

test('nodes that are lost one after the other are replaced, however many', async (t) => {
  const world = await started(4, 8);
  for (const id of ['n1', 'n2', 'n3']) {
    await world.loseNode(id);
    await world.clock.advance(120_000);
  }
  t.is(on(world.running('web'), 'n4').length, 8);
});

test('a cluster of two replaces what the lost one had', async (t) => {
  const world = await started(2, 4);
  await world.loseNode('n1');
  await world.clock.until(() => on(world.running('web'), 'n2').length === 4, 1_000, 'all on n2');
  t.pass();
});

test('scenario 23: a global service runs on each new node that fits, and leaves with it', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  const task = withConstraints('node.hostname!=n3');
  await world.createService(aServiceOf('log', { isGlobal: true, task }));
  await world.untilRunning('log', 2);
  await world.addNodes(0);
  await world.write((tx) => {
    const node = tx.get('node', 'n1');
    for (const id of ['n3', 'n4']) {
      if (node?.description === undefined) continue;
      tx.create('node', { ...node, id, description: { ...node.description, hostname: id } });
    }
  });
  await world.untilRunning('log', 3);
  t.deepEqual(
    world
      .running('log')
      .map(({ nodeId }) => nodeId)
      .toSorted((a, b) => a.localeCompare(b)),
    ['n1', 'n2', 'n4'],
  );
  await world.write((tx) => tx.remove('node', 'n4'));
  await world.clock.until(() => world.tasks('log').length === 2, 5_000, 'its task is forgotten');
});

test('scenario 23: drain stops a global task, active makes a new one', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  await world.createService(aServiceOf('log', { isGlobal: true }));
  await world.untilRunning('log', 2);
  await drain(world, 'n1', Availability.DRAIN);
  await world.untilRunning('log', 1);
  await world.clock.advance(5_000);
  t.is(world.running('log').length, 1);
  await drain(world, 'n1', Availability.ACTIVE);
  await world.untilRunning('log', 2);
});

test('scenario 23: on a paused node a failed global task is not replaced until it is active', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  await world.createService(aServiceOf('log', { isGlobal: true }));
  await world.untilRunning('log', 2);
  await drain(world, 'n1', Availability.PAUSE);
  await world.clock.advance(1_000);
  t.is(world.running('log').length, 2);
  const [victim] = on(world.running('log'), 'n1');
  await world.endTask(victim?.id ?? '', TaskState.FAILED);
  await world.clock.advance(30_000);
  t.is(world.running('log').length, 1);
  t.is(on(world.tasks('log'), 'n1').length, 1);
  await drain(world, 'n1', Availability.ACTIVE);
  await world.untilRunning('log', 2);
});

test('a node that comes back from DOWN stops what it had and takes part again', async (t) => {
  const world = await started(3, 3);
  const [old] = on(world.running('web'), 'n1');
  await world.loseNode('n1');
  await world.clock.advance(2_000);
  world.silent.delete('n1');
  await world.setNodeState('n1', NodeState.READY);
  await world.endTask(old?.id ?? '', TaskState.SHUTDOWN);
  await world.changeService('web', (service) => ({
    ...service,
    spec: aServiceOf('web', { replicas: 6 }).spec,
  }));
  await world.untilRunning('web', 6);
  t.is(on(world.running('web'), 'n1').length, 2);
});

test('scenario 25: tasks leave a node that loses the label they need', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(3, (at) => ({
    spec: NodeSpec.create({ labels: at < 3 ? { disk: 'ssd' } : {} }),
  }));
  world.lead();
  const task = withConstraints('node.labels.disk==ssd');
  await world.createService(aServiceOf('db', { replicas: 4, task }));
  await world.untilRunning('db', 4);
  t.deepEqual(
    ['n1', 'n2', 'n3'].map((id) => on(world.running('db'), id).length),
    [2, 2, 0],
  );
  await world.changeNode('n1', (node) => ({ ...node, spec: NodeSpec.create() }));
  await world.clock.until(() => on(world.running('db'), 'n2').length === 4, 5_000, 'all on n2');
});

test('scenario 25: tasks leave a node that has shrunk, the youngest first', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(1);
  world.lead();
  const reservations = { cpuNano: 2e9, memoryBytes: 0, pids: 0, generic: {} };
  const task = { resources: { reservations } };
  await world.createService(aServiceOf('old', { replicas: 2, task }));
  await world.untilRunning('old', 2);
  await world.createService(aServiceOf('young', { replicas: 2, task }));
  await world.untilRunning('young', 2);
  await world.changeNode('n1', (node) => ({
    ...node,
    description: {
      ...node.description,
      resources: { ...reservations, cpuNano: 6e9, memoryBytes: 1e9 },
    } as typeof node.description,
  }));
  await world.clock.advance(5_000);
  t.is(world.running('old').length, 2);
  t.is(world.running('young').length, 1);
  const waiting = world.tasks('young').find((one) => one.status?.state === TaskState.PENDING);
  t.is(waiting?.status?.error, '0/1 nodes are available: 1 Insufficient cpu.');
});

test('tasks without a node wait with an explanation and go as soon as one fits', async (t) => {
  const world = new OrchestrationWorld();
  world.lead();
  await world.createService(aServiceOf('web', { replicas: 2 }));
  await world.clock.advance(1_000);
  t.deepEqual(
    world.tasks('web').map((task) => task.status?.error),
    Array.from({ length: 2 }, () => 'no nodes available to schedule pods'),
  );
  await world.addNodes(1);
  await world.untilRunning('web', 2, 1_000);
  t.true(world.tasks('web').every((task) => task.status?.error === ''));
});

test('a lost node is given up after a day', async (t) => {
  const world = await started(3, 3);
  await world.loseNode('n1');
  await world.clock.advance(23 * 3_600_000);
  const [lost] = on(world.tasks('web'), 'n1');
  t.is(lost?.status?.state, TaskState.RUNNING);
  await world.clock.advance(2 * 3_600_000);
  t.is(on(world.tasks('web'), 'n1')[0]?.status?.state, TaskState.ORPHANED);
});

test('a service goes at once although a node with a task of it is DOWN', async (t) => {
  const world = await started(3, 3);
  await world.loseNode('n1');
  await world.clock.advance(2_000);
  await world.changeService('web', (service) => ({ ...service, isRemoving: true }));
  await world.clock.until(() => world.service('web') === undefined, 1_000, 'the service is gone');
  t.is(world.tasks('web').length, 0);
});
