import test from 'ava';
import {
  Availability,
  Cluster,
  ClusterSpec,
  EndpointMode,
  EndpointSpec,
  Network,
  NetworkAttachmentConfig,
  NetworkSpec,
} from '#proto';
import { NodeState, PortConfig, PublishMode, SubnetConfig, TaskState } from '#proto';
import { networkFaults } from '#test/_support/network-invariants';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';
import type { ServiceShape } from '#test/_support/orchestration';

async function aWorld(nodes = 3): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld();
  await world.addNodes(nodes);
  world.lead();
  return world;
}

async function addNetwork(
  world: OrchestrationWorld,
  id: string,
  spec: Partial<NetworkSpec> = {},
): Promise<void> {
  await world.write((tx) =>
    tx.create('network', Network.create({ id, spec: NetworkSpec.create({ name: id, ...spec }) })),
  );
}

function network(world: OrchestrationWorld, id: string): Network | undefined {
  return world.store.view((tx) => tx.get('network', id));
}

function on(id: string, shape: ServiceShape = {}, addresses: readonly string[] = []): ServiceShape {
  const networks = [NetworkAttachmentConfig.create({ network: id, addresses })];
  return { ...shape, task: { ...shape.task, networks } };
}

const tiny = [SubnetConfig.create({ subnet: '10.9.0.0/29' })];

test('a network gets a number, a subnet of the pool and a gateway', async (t) => {
  const world = await aWorld();
  await addNetwork(world, 'a');
  await addNetwork(world, 'b', { isIpv6: true });
  await world.clock.until(() => network(world, 'b')?.allocation !== undefined, 1_000);
  const a = network(world, 'a')?.allocation;
  const b = network(world, 'b')?.allocation;
  t.is(a?.vni, 4097);
  t.is(b?.vni, 4098);
  t.deepEqual(
    a?.subnets.map(({ subnet, gateway }) => [subnet, gateway]),
    [['10.0.0.0/24', '10.0.0.1']],
  );
  t.is(b?.subnets[0]?.subnet, '10.0.1.0/24');
  t.regex(b?.subnets[1]?.subnet ?? '', /^fd[0-9a-f]{2}:.*::\/64$/);
});

test('tasks get addresses, nodes one each, the service a virtual one; then they run', async (t) => {
  const world = await aWorld();
  await addNetwork(world, 'ov');
  await world.createService(aServiceOf('web', on('ov', { replicas: 6 })));
  await world.untilRunning('web', 6);
  await world.clock.until(() => Object.keys(network(world, 'ov')?.hosts ?? {}).length === 3, 1_000);
  const addresses = world.tasks('web').map((task) => task.networks[0]?.address ?? '');
  t.is(new Set(addresses).size, 6);
  t.true(addresses.every((address) => address.startsWith('10.0.0.')));
  t.is(world.service('web')?.endpoint?.virtualAddresses[0]?.address, '10.0.0.2');
  t.deepEqual(world.store.view(networkFaults), []);
});

test('with DNS round robin there is no virtual address', async (t) => {
  const world = await aWorld();
  await addNetwork(world, 'ov');
  const endpoint = EndpointSpec.create({ mode: EndpointMode.DNSRR });
  await world.createService(aServiceOf('web', on('ov', { spec: { endpoint } })));
  await world.untilRunning('web', 1);
  t.is(world.service('web')?.endpoint, undefined);
});

test('an exhausted network says so with numbers, and goes on when something is freed', async (t) => {
  const world = await aWorld(1);
  await addNetwork(world, 'ov', { subnets: tiny });
  // Five addresses beside the gateway: one virtual, one of the node, three for tasks.
  await world.createService(aServiceOf('web', on('ov', { replicas: 5 })));
  await world.untilRunning('web', 3);
  const waiting = () => world.tasks('web').filter(({ status }) => status?.state === TaskState.NEW);
  const text = 'network ov: 5 of 5 addresses of 10.9.0.0/29 in use';
  const isTold = () =>
    waiting().length === 2 &&
    waiting().every(({ status }) => status?.error === text) &&
    network(world, 'ov')?.error === text;
  await world.clock.until(isTold, 5_000, 'the exhaustion told');
  const [victim] = world.running('web');
  await world.changeService('web', (service) => ({
    ...service,
    spec: service.spec && {
      ...service.spec,
      mode: { kind: 'replicated', replicated: { replicas: 4 } },
    },
  }));
  await world.endTask(victim?.id ?? '', TaskState.FAILED);
  await world.untilRunning('web', 3);
  t.deepEqual(world.store.view(networkFaults), []);
});

test("an address is its task's until it has stopped; then who waits gets it", async (t) => {
  const world = await aWorld(1);
  await addNetwork(world, 'ov', { subnets: tiny });
  const dnsrr = { endpoint: EndpointSpec.create({ mode: EndpointMode.DNSRR }) };
  await world.createService(aServiceOf('first', on('ov', { replicas: 4, spec: dnsrr })));
  await world.untilRunning('first', 4);
  await world.createService(aServiceOf('second', on('ov', { replicas: 2, spec: dnsrr })));
  const waiting = () =>
    world.tasks('second').filter(({ status }) => status?.state === TaskState.NEW && status.error);
  await world.clock.until(() => waiting().length === 2, 5_000, 'two that wait');
  const faults: string[] = [];
  world.store.watch(() => faults.push(...world.store.view(networkFaults)));
  world.agents.stopMs = 10_000;
  await world.changeService('first', (service) => ({ ...service, isRemoving: true }));
  await world.write((tx) => {
    for (const task of tx.tasksOfService('first'))
      tx.update('task', { ...task, desiredState: TaskState.REMOVE });
  });
  await world.clock.advance(5_000);
  t.is(waiting().length, 2, 'they still wait while the others stop');
  await world.untilRunning('second', 2);
  t.deepEqual(faults, []);
});

test('room is kept for the nodes that tasks may come to', async (t) => {
  const world = await aWorld(3);
  await addNetwork(world, 'ov', { subnets: tiny });
  await world.createService(aServiceOf('web', on('ov', { replicas: 9 })));
  const isSettled = () =>
    Object.keys(network(world, 'ov')?.hosts ?? {}).length + world.running('web').length === 4;
  await world.clock.until(isSettled, 10_000, 'every address in use');
  for (const task of world.running('web'))
    t.true(Object.hasOwn(network(world, 'ov')?.hosts ?? {}, task.nodeId));
});

test('room that is kept for nodes becomes no virtual address', async (t) => {
  const world = await aWorld(1);
  const setAvailability = (availability: Availability): Promise<void> =>
    world.changeNode('n1', (node) => ({
      ...node,
      spec: node.spec && { ...node.spec, availability },
    }));
  await setAvailability(Availability.DRAIN);
  await addNetwork(world, 'ov', { subnets: tiny });
  const spec = { endpoint: EndpointSpec.create({ mode: EndpointMode.DNSRR }) };
  await world.createService(aServiceOf('web', on('ov', { replicas: 4, spec })));
  const addresses = () => world.tasks('web').flatMap(({ networks }) => networks);
  await world.clock.until(() => addresses().length === 4, 1_000, 'all but one address given');
  await world.createService(aServiceOf('late', on('ov', { replicas: 0 })));
  const error = () => world.service('late')?.endpoint?.error;
  const text = 'network ov: 5 of 5 addresses of 10.9.0.0/29 in use';
  await world.clock.until(() => error() === text, 1_000, 'told that nothing is left');
  await setAvailability(Availability.ACTIVE);
  await world.untilRunning('web', 4);
  t.deepEqual(Object.keys(network(world, 'ov')?.hosts ?? {}), ['n1']);
});

test('room that was kept for nodes is given once tasks have come to few of them', async (t) => {
  const world = await aWorld(3);
  await addNetwork(world, 'ov', { subnets: tiny });
  for (const id of ['n2', 'n3'])
    await world.changeNode(id, (node) => ({
      ...node,
      spec: node.spec && { ...node.spec, availability: Availability.DRAIN },
    }));
  const spec = { endpoint: EndpointSpec.create({ mode: EndpointMode.DNSRR }) };
  await world.createService(aServiceOf('web', on('ov', { replicas: 3, spec })));
  await world.untilRunning('web', 3);
  t.deepEqual(Object.keys(network(world, 'ov')?.hosts ?? {}), ['n1']);
});

test('who waits gets an address that a service keeps no longer', async (t) => {
  const world = await aWorld(1);
  await addNetwork(world, 'ov', { subnets: tiny });
  const spec = { endpoint: EndpointSpec.create({ mode: EndpointMode.DNSRR }) };
  const fixed = ['10.9.0.2', '10.9.0.3', '10.9.0.4'];
  await world.createService(aServiceOf('redis', on('ov', { replicas: 0, spec }, fixed)));
  await world.createService(aServiceOf('web', on('ov', { replicas: 2, spec })));
  await world.untilRunning('web', 1);
  await world.clock.advance(1_000);
  t.is(world.running('web').length, 1);
  await world.write((tx) => tx.remove('service', 'redis'));
  await world.untilRunning('web', 2);
  t.deepEqual(world.store.view(networkFaults), []);
});

test('an address is not given again at once', async (t) => {
  const world = await aWorld(1);
  await addNetwork(world, 'ov');
  await world.createService(aServiceOf('web', on('ov')));
  await world.untilRunning('web', 1);
  const [first] = world.running('web');
  await world.endTask(first?.id ?? '', TaskState.FAILED);
  await world.untilRunning('web', 1);
  t.not(world.running('web')[0]?.networks[0]?.address, first?.networks[0]?.address);
});

test('a slot keeps its fixed address, which nobody else gets', async (t) => {
  const world = await aWorld(1);
  await addNetwork(world, 'ov');
  const fixed = ['10.0.0.3', '10.0.0.4'];
  await world.createService(aServiceOf('other', on('ov', { replicas: 1 })));
  await world.createService(aServiceOf('redis', on('ov', { replicas: 3 }, fixed)));
  await world.untilRunning('redis', 3);
  const addressOf = (slot: number) =>
    world.running('redis').find((task) => task.slot === slot)?.networks[0]?.address;
  t.is(addressOf(2), '10.0.0.4');
  const [old] = world.running('redis').filter(({ slot }) => slot === 2);
  await world.endTask(old?.id ?? '', TaskState.FAILED);
  await world.untilRunning('redis', 3);
  t.is(addressOf(2), '10.0.0.4');
  t.false(fixed.includes(addressOf(3) ?? ''));
  t.deepEqual(world.store.view(networkFaults), []);
});

test('the address of a task on a lost node goes to who takes its place, and comes back to nobody', async (t) => {
  const world = await aWorld(2);
  await addNetwork(world, 'ov');
  const faults: string[] = [];
  world.store.watch(() => faults.push(...world.store.view(networkFaults)));
  const fixed = ['10.0.0.3', '10.0.0.4'];
  await world.createService(aServiceOf('redis', on('ov', { replicas: 2 }, fixed)));
  await world.untilRunning('redis', 2);
  const [lost] = world.running('redis').filter(({ nodeId }) => nodeId === 'n2');
  await world.loseNode('n2');
  const successor = () =>
    world.running('redis').find(({ slot, nodeId }) => slot === lost?.slot && nodeId === 'n1');
  await world.clock.until(() => successor() !== undefined, 60_000, 'a successor that runs');
  t.is(successor()?.networks[0]?.address, fixed[(lost?.slot ?? 0) - 1]);
  const stale = () => world.tasks('redis').find(({ id }) => id === lost?.id);
  t.deepEqual(stale()?.networks, []);
  t.is(stale()?.status?.state, TaskState.RUNNING, 'nobody knows whether it has ended');
  world.silent.delete('n2');
  await world.setNodeState('n2', NodeState.READY);
  world.nudge();
  await world.clock.until(() => (stale()?.status?.state ?? 0) >= TaskState.COMPLETE, 60_000);
  t.is(world.running('redis').length, 2);
  t.deepEqual(faults, []);
});

test('the first published port makes the ingress network, with every node on it', async (t) => {
  const world = await aWorld(3);
  const ports = [
    PortConfig.create({ targetPort: 80, publishedPort: 8080, mode: PublishMode.INGRESS }),
    PortConfig.create({ targetPort: 81, mode: PublishMode.INGRESS }),
  ];
  const endpoint = EndpointSpec.create({ ports });
  await world.createService(aServiceOf('web', { replicas: 2, spec: { endpoint } }));
  await world.untilRunning('web', 2);
  const ingress = world.store.view((tx) => [...tx.list('network')].find((one) => one.isIngress));
  t.is(ingress?.spec?.name, 'ingress');
  t.is(ingress?.allocation?.subnets[0]?.subnet, '10.0.0.0/16');
  t.regex(ingress?.allocation?.subnets[1]?.subnet ?? '', /^fd.*\/64$/, 'callers come by IPv6 too');
  await world.clock.until(
    () => Object.keys(network(world, ingress?.id ?? '')?.hosts ?? {}).length === 3,
    1_000,
  );
  t.true(world.tasks('web').every(({ networks }) => networks[0]?.networkId === ingress?.id));
  t.deepEqual(
    world.service('web')?.endpoint?.ports.map(({ publishedPort }) => publishedPort),
    [8080, 30_000],
  );
});

test('a service that leaves a network keeps its address there while tasks are on it', async (t) => {
  const world = await aWorld(2);
  await addNetwork(world, 'old');
  await addNetwork(world, 'new');
  await world.createService(aServiceOf('web', on('old', { replicas: 2 })));
  await world.untilRunning('web', 2);
  const heldWhileUsed: boolean[] = [];
  world.store.watch(() => {
    const isUsed = world
      .running('web')
      .some(({ networks }) => networks.some(({ networkId }) => networkId === 'old'));
    const addresses = world.service('web')?.endpoint?.virtualAddresses ?? [];
    if (isUsed) heldWhileUsed.push(addresses.some(({ networkId }) => networkId === 'old'));
  });
  await world.changeService('web', (service) => ({
    ...service,
    specVersion: service.specVersion + 1,
    spec: service.spec && {
      ...service.spec,
      task: service.spec.task && {
        ...service.spec.task,
        networks: [NetworkAttachmentConfig.create({ network: 'new' })],
      },
    },
  }));
  const isDone = () => {
    const ids = world.service('web')?.endpoint?.virtualAddresses.map(({ networkId }) => networkId);
    return ids?.join() === 'new' && world.running('web').length === 2;
  };
  await world.clock.until(isDone, 60_000, 'the service on its new network alone');
  t.true(heldWhileUsed.length > 0);
  t.false(heldWhileUsed.includes(false));
});

test('a removed node gives its address back', async (t) => {
  const world = await aWorld(2);
  await addNetwork(world, 'ov');
  await world.createService(aServiceOf('log', on('ov', { isGlobal: true })));
  await world.untilRunning('log', 2);
  t.is(Object.keys(network(world, 'ov')?.hosts ?? {}).length, 2);
  await world.loseNode('n2');
  await world.write((tx) => tx.remove('node', 'n2'));
  await world.clock.until(
    () => Object.keys(network(world, 'ov')?.hosts ?? {}).join() === 'n1',
    5_000,
  );
  t.pass();
});

test('subnets are cut around the routes of nodes, and what is in the way is named', async (t) => {
  const world = await aWorld(2);
  const setRoutes = (routes: readonly string[]): Promise<void> =>
    world.changeNode('n2', (node) => ({
      ...node,
      description: node.description && { ...node.description, routes },
    }));
  await setRoutes(['0.0.0.0/0', '10.0.0.0/23']);
  await addNetwork(world, 'a');
  await world.clock.until(() => network(world, 'a')?.allocation !== undefined, 1_000);
  t.is(network(world, 'a')?.allocation?.subnets[0]?.subnet, '10.0.2.0/24');
  await setRoutes(['10.0.0.0/8']);
  await addNetwork(world, 'b');
  const text =
    'no subnet of /24 is left in 10.0.0.0/8 (routes of nodes take 10.0.0.0/8), 1 in use:' +
    ' remove a network, or give --subnet';
  await world.clock.until(() => network(world, 'b')?.error === text, 1_000, 'the refusal told');
  await setRoutes([]);
  await world.clock.until(() => network(world, 'b')?.allocation !== undefined, 1_000);
  t.is(network(world, 'b')?.error, '');
});

test('the pools of the cluster are what subnets are cut of', async (t) => {
  const world = new OrchestrationWorld();
  const networks = {
    addressPools: ['172.30.0.0/28'],
    subnetLength: 29,
    dataPathPort: 0,
    addressPoolV6: '',
  };
  const spec = ClusterSpec.create({ name: 'default', networks });
  await world.write((tx) => tx.create('cluster', Cluster.create({ id: 'c', spec })));
  world.lead();
  for (const id of ['a', 'b', 'c']) await addNetwork(world, id);
  const isTold = () => (network(world, 'c')?.error ?? '') !== '';
  await world.clock.until(isTold, 1_000, 'the third refused');
  t.deepEqual(
    ['a', 'b'].map((id) => network(world, id)?.allocation?.subnets[0]?.subnet),
    ['172.30.0.0/29', '172.30.0.8/29'],
  );
  await world.write((tx) => tx.remove('network', 'a'));
  await world.clock.until(() => network(world, 'c')?.allocation !== undefined, 1_000);
  t.is(network(world, 'c')?.allocation?.subnets[0]?.subnet, '172.30.0.0/29');
});
