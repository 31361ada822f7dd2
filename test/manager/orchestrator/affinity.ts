import test from 'ava';
import { NodeSpec, Placement } from '#proto';
import { affinityTerm, requiringTasks, spreadOver, taskSelector } from '#test/_support/affinity';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

const zones = (at: number) => ({
  spec: NodeSpec.create({ labels: { zone: at < 3 ? 'z1' : 'z2' } }),
});

test('a service that waits to be near another starts as soon as that one has a node', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(4, zones);
  world.lead();
  const affinity = requiringTasks(affinityTerm('zone', ['service.name=db']));
  const task = { placement: Placement.create({ affinity }) };
  await world.createService(aServiceOf('web', { replicas: 2, task }));
  await world.clock.advance(5_000);
  t.is(world.running('web').length, 0);
  t.is(
    world.tasks('web')[0]?.status?.error,
    "0/4 nodes are available: 4 node(s) didn't match pod affinity rules.",
  );
  await world.createService(aServiceOf('db'));
  await world.untilRunning('web', 2, 5_000);
  const zoneOf = (nodeId: string): boolean => ['n1', 'n2'].includes(nodeId);
  const [db] = world.running('db');
  for (const one of world.running('web')) t.is(zoneOf(one.nodeId), zoneOf(db?.nodeId ?? ''));
});

test('tasks that waited for the other zone start when it has a node', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(2, zones);
  world.lead();
  const selector = taskSelector('service.name=web');
  const topologySpread = [spreadOver('zone', 1, { selector, minDomains: 2 })];
  const task = { placement: Placement.create({ topologySpread }) };
  await world.createService(aServiceOf('web', { replicas: 2, task }));
  await world.untilRunning('web', 1, 5_000);
  await world.clock.advance(5_000);
  t.is(world.running('web').length, 1);
  await world.write((tx) => {
    const node = tx.get('node', 'n1');
    if (node !== undefined)
      tx.create('node', { ...node, id: 'n3', spec: NodeSpec.create({ labels: { zone: 'z2' } }) });
  });
  await world.untilRunning('web', 2, 5_000);
  t.true(world.running('web').some(({ nodeId }) => nodeId === 'n3'));
});
