/** What agents are told of their networks. */
import test from 'ava';
import {
  ClusterSpec,
  EndpointMode,
  EndpointSpec,
  HostAddresses,
  NetworkAddress,
  NetworkAttachmentConfig,
  NetworkChanges,
  NetworkDefaults,
  NetworkSpec,
  NodeDescription,
  NodeState,
  NodeStatus,
  PortConfig,
  PublishMode,
  ServiceEndpoint,
  ServiceSpec,
  TaskSpec,
  TaskState,
  TaskStatus,
} from '#proto';
import type { Network, Node, Task } from '#proto';
import { makeTestDispatcher } from '#test/_support/dispatcher';
import type { TestDispatcher } from '#test/_support/dispatcher';
import type { FakeAgent } from '#test/_support/fake-agent';
import { aNetwork, onNetworks, serviceOn } from '#test/_support/network-objects';
import { aService } from '#test/_support/objects';
import { tunnelKey } from '#test/_support/wireguard-world';

type Made = Parameters<Parameters<TestDispatcher['store']['update']>[0]>[0];

async function made(
  write: (tx: Made) => void,
  options: { readonly nodes?: readonly string[] } = {},
): Promise<TestDispatcher> {
  const own = await makeTestDispatcher(options);
  await own.store.update((tx) => {
    tx.create('network', aNetwork('a'));
    tx.create('network', aNetwork('b'));
    write(tx);
  });
  return own;
}

const change = (own: TestDispatcher, id: string, init: Partial<Task>): Promise<unknown> =>
  own.store.update((tx) => tx.update('task', { ...(tx.get('task', id) as Task), ...init }));

const told = ({ view }: FakeAgent): readonly string[] => [...view.endpoints.keys()].toSorted();

test('an agent knows the networks that its tasks are on, with the tasks of all nodes', async (t) => {
  const own = await made((tx) => {
    tx.create('task', onNetworks('t1', ['a']));
    tx.create('task', onNetworks('t2', ['a', 'b'], { nodeId: 'n2' }));
    tx.create('task', onNetworks('t3', ['b'], { nodeId: 'n2' }));
    tx.create(
      'task',
      onNetworks('t4', ['a'], { status: TaskStatus.create({ state: TaskState.PENDING }) }),
    );
    tx.create(
      'task',
      onNetworks('t5', ['a'], { status: TaskStatus.create({ state: TaskState.FAILED }) }),
    );
  });
  const first = await own.join('n1');
  const second = await own.join('n2');
  t.deepEqual(told(first), ['a/t1', 'a/t2']);
  t.deepEqual([...first.view.networks.keys()], ['a']);
  t.deepEqual(told(second), ['a/t1', 'a/t2', 'b/t2', 'b/t3']);
  t.like(first.view.endpoints.get('a/t2'), {
    nodeId: 'n2',
    serviceId: 's1',
    address: '10.a.t2',
    isServing: true,
  });
});

test('a node without tasks on a network is told of none: a full set all the same', async (t) => {
  const own = await made((tx) => tx.create('task', onNetworks('t1', ['a'])));
  const agent = await own.join('n3');
  t.deepEqual(agent.networks, [NetworkChanges.create({ sequence: 1, isFull: true })]);
});

test('a network comes before the first task that needs it, and goes after the last', async (t) => {
  const own = await made(() => undefined);
  const agent = await own.join('n1');
  const { order } = agent;
  order.length = 0;
  const assigned = TaskStatus.create({ state: TaskState.ASSIGNED });
  await own.store.update((tx) => tx.create('task', onNetworks('t1', ['a'], { status: assigned })));
  await own.clock.advance(1);
  t.deepEqual(order, ['networks', 'assignments']);
  t.deepEqual([...agent.view.networks.keys()], ['a']);
  t.like(agent.view.endpoints.get('a/t1'), { isServing: false });
  await change(own, 't1', { status: TaskStatus.create({ state: TaskState.FAILED }) });
  await own.clock.advance(100);
  t.deepEqual(agent.networks.at(-1)?.removedNetworkIds, ['a']);
  t.is(agent.view.endpoints.size, 0);
});

test('every node knows the ingress network once it is there, and what is published', async (t) => {
  const own = await made(() => undefined);
  const agent = await own.join('n3');
  const port = PortConfig.create({ targetPort: 80, publishedPort: 8080 });
  const onHost = { ...port, mode: PublishMode.HOST };
  await own.store.update((tx) => {
    tx.create(
      'service',
      serviceOn('s1', ['a'], {
        endpoint: ServiceEndpoint.create({ ports: [port, onHost] }),
      }),
    );
    tx.create('task', onNetworks('t1', ['a', 'in']));
  });
  await own.clock.advance(100);
  t.is(agent.view.networks.size, 0);
  await own.store.update((tx) => tx.create('network', aNetwork('in', { isIngress: true })));
  await own.clock.advance(100);
  t.deepEqual([...agent.view.networks.keys()], ['in']);
  t.deepEqual(told(agent), ['in/t1']);
  t.deepEqual(agent.view.services.get('in/s1')?.ports, [port]);
  await own.store.update((tx) => tx.remove('network', 'in'));
  await own.clock.advance(100);
  t.is(agent.view.networks.size + agent.view.endpoints.size + agent.view.services.size, 0);
});

test('a service is told on each of its networks, with its address and aliases there', async (t) => {
  const own = await made((tx) => {
    const service = serviceOn('s1', ['a', 'b']);
    const networks = [
      NetworkAttachmentConfig.create({ network: 'a', aliases: ['db'] }),
      NetworkAttachmentConfig.create({ network: 'b' }),
    ];
    tx.create('service', {
      ...service,
      spec: ServiceSpec.create({
        ...service.spec,
        task: TaskSpec.create({ networks }),
        endpoint: EndpointSpec.create({ sessionAffinitySeconds: 5 }),
        allowFrom: ['NAME-S2', 'unknown'],
      }),
      endpoint: ServiceEndpoint.create({
        virtualAddresses: [NetworkAddress.create({ networkId: 'a', address: '10.0.0.2' })],
      }),
    });
    tx.create('task', onNetworks('t1', ['a']));
  });
  const agent = await own.join('n1');
  t.deepEqual([...agent.view.services.keys()], ['a/s1']);
  const expected = {
    name: 'name-s1',
    mode: EndpointMode.VIP,
    address: '10.0.0.2',
    aliases: ['db'],
    ports: [],
    sessionAffinitySeconds: 5,
  };
  t.like(agent.view.services.get('a/s1'), { ...expected, allowFromIds: [] });
  await own.store.update((tx) => tx.create('service', aService('s2', 'name-s2')));
  await own.clock.advance(100);
  t.like(agent.view.services.get('a/s1'), { ...expected, allowFromIds: ['s2'] });
  await own.store.update((tx) => tx.remove('service', 's2'));
  await own.clock.advance(100);
  t.like(agent.view.services.get('a/s1'), { ...expected, allowFromIds: [] });
});

test('a service stays known on a network that it has left until its last task has', async (t) => {
  const own = await made((tx) => {
    tx.create('service', serviceOn('s1', ['b']));
    tx.create('task', onNetworks('t1', ['a']));
    tx.create('task', onNetworks('t2', ['a'], { serviceId: 's2' }));
  });
  const agent = await own.join('n1');
  t.deepEqual([...agent.view.services.keys()], ['a/s1']);
  await change(own, 't1', { status: TaskStatus.create({ state: TaskState.COMPLETE }) });
  await own.clock.advance(100);
  t.deepEqual([...agent.view.services.keys()], []);
  t.deepEqual(told(agent), ['a/t2']);
});

test('hosts are told with where their packets go, and again when that changes', async (t) => {
  const hosts = { n1: HostAddresses.create({ address: '10.0.0.8' }), n2: HostAddresses.create() };
  const own = await made((tx) => {
    tx.create('network', aNetwork('c', { hosts }));
    tx.create('task', onNetworks('t1', ['c']));
  });
  const agent = await own.join('n1');
  t.like(agent.view.hosts.get('c/n1'), { dataPathAddress: '10.0.0.9', addresses: hosts.n1 });
  await own.store.update((tx) => {
    const node = tx.get('node', 'n2') as Node;
    const description = NodeDescription.create({ dataPathAddress: '192.0.2.2' });
    tx.update('node', { ...node, description });
  });
  await own.clock.advance(100);
  t.is(agent.view.hosts.get('c/n2')?.dataPathAddress, '192.0.2.2');
  t.deepEqual(agent.view.networks.get('c')?.hosts, {}, 'told by hosts alone');
});

test('a task of a node that is down serves nobody, and serves again when it is back', async (t) => {
  const own = await made((tx) => {
    tx.create('task', onNetworks('t1', ['a']));
    tx.create('task', onNetworks('t2', ['a'], { nodeId: 'n2' }));
  });
  const agent = await own.join('n1');
  const isServing = () => agent.view.endpoints.get('a/t2')?.isServing;
  const become = async (state: NodeState): Promise<void> => {
    await own.store.update((tx) => {
      const node = tx.get('node', 'n2') as Node;
      tx.update('node', { ...node, status: NodeStatus.create({ ...node.status, state }) });
    });
    await own.clock.advance(100);
  };
  await become(NodeState.UNKNOWN);
  t.true(isServing());
  await become(NodeState.DOWN);
  t.false(isServing());
  await become(NodeState.READY);
  t.true(isServing());
  await change(own, 't2', { desiredState: TaskState.SHUTDOWN });
  await own.clock.advance(100);
  t.false(isServing(), 'it stops, and keeps its frames until it has');
  await become(NodeState.DOWN);
  t.false(agent.view.endpoints.has('a/t2'), 'replaced, and out of reach');
  await become(NodeState.READY);
  t.false(isServing(), 'it may run yet');
});

test('a set that one message cannot hold comes in parts', async (t) => {
  const own = await made(() => undefined);
  const ids = Array.from({ length: 2_500 }, (_, i) => `t${10_000 + i}`);
  await own.store.batch(ids, (tx, id) => tx.create('task', onNetworks(id, ['a'])));
  const agent = await own.join('n1');
  t.deepEqual(
    agent.networks.map(({ isFull, isContinued }) => [isFull, isContinued]),
    [
      [true, true],
      [true, true],
      [true, false],
    ],
  );
  t.is(agent.view.endpoints.size, 2_500);
});

test('a commit tells only the agents of the networks that it is about', async (t) => {
  const own = await made((tx) => {
    tx.create('task', onNetworks('t1', ['a']));
    tx.create('task', onNetworks('t2', ['b'], { nodeId: 'n2' }));
  });
  const first = await own.join('n1');
  const second = await own.join('n2');
  await own.clock.advance(100);
  const before = [first.networks.length, second.networks.length];
  await own.store.update((tx) => tx.create('task', onNetworks('t3', ['a'], { nodeId: 'n3' })));
  await own.clock.advance(100);
  t.deepEqual(
    [first.networks.length, second.networks.length],
    before.map((count, index) => count + (index === 0 ? 1 : 0)),
  );
});

test('what changes after a term has begun is told, and not everything once more', async (t) => {
  const own = await made((tx) => {
    for (const id of ['t1', 't2', 't3']) tx.create('task', onNetworks(id, ['a']));
  });
  await own.clock.resolve(own.dispatcher.stop(), 1_000);
  await own.clock.resolve(own.dispatcher.start(), 1_000);
  const agent = await own.join('n1');
  await change(own, 't2', { status: TaskStatus.create({ state: TaskState.FAILED }) });
  await own.clock.advance(100);
  const increments = agent.networks.filter(({ isFull }) => !isFull);
  t.deepEqual(
    increments.map(({ endpoints, removedEndpoints }) => [endpoints.length, removedEndpoints]),
    [[0, ['a/t2']]],
  );
});

test('keys of tunnels are told on encrypted networks, and anew when they change', async (t) => {
  const own = await made((tx) => {
    const hosts = { n2: HostAddresses.create({ address: '10.0.0.2' }) };
    const spec = NetworkSpec.create({ name: 'shut', isEncrypted: true });
    tx.create('network', aNetwork('shut', { spec, hosts }));
    tx.update('network', aNetwork('a', { hosts }));
    tx.create('task', onNetworks('t1', ['a', 'shut']));
  });
  const agent = await own.join('n1');
  const describe = (...bytes: readonly number[]): Promise<unknown> =>
    own.store.update((tx) => {
      const tunnelKeys = bytes.map((byte) => tunnelKey(byte));
      const description = NodeDescription.create({ hostname: 'n2', tunnelKeys });
      tx.update('node', { ...own.node('n2'), description });
    });
  for (const bytes of [[1], [1, 2], [2, 1], [2], []]) {
    await describe(...bytes);
    await own.clock.advance(200);
    const keys = agent.view.hosts.get('shut/n2')?.tunnelKeys ?? [];
    t.deepEqual(
      keys.map(({ publicKey }) => publicKey[0]),
      bytes,
    );
    t.deepEqual(agent.view.hosts.get('a/n2')?.tunnelKeys, []);
  }
});

test('nodes are told with the port that the cluster was founded with', async (t) => {
  const own = await made((tx) => {
    for (const cluster of tx.list('cluster')) {
      const networks = NetworkDefaults.create({ dataPathPort: 7_789 });
      tx.update('cluster', { ...cluster, spec: ClusterSpec.create({ networks }) });
    }
    const hosts = { n2: HostAddresses.create({ address: '10.0.0.2' }) };
    tx.update('network', aNetwork('a', { hosts }));
    tx.create('task', onNetworks('t1', ['a']));
  });
  const agent = await own.join('n1');
  t.is(agent.view.hosts.get('a/n2')?.dataPathPort, 7_789);
});

test('nobody is told of IPv6 addresses on a node without IPv6', async (t) => {
  const own = await made((tx) => tx.create('task', onNetworks('t1', ['a'])));
  await own.store.update((tx) => {
    const task = tx.get('task', 't1') as Task;
    tx.update('task', {
      ...task,
      networks: task.networks.map((one) => ({ ...one, addressV6: 'fd00::7' })),
    });
    const network = tx.get('network', 'a') as Network;
    const addresses = HostAddresses.create({ address: '10.9.9.9', addressV6: 'fd00::9' });
    tx.update('network', { ...network, hosts: { ...network.hosts, n1: addresses } });
  });
  const agent = await own.join('n1');
  const seen = () => [
    agent.view.endpoints.get('a/t1')?.addressV6,
    agent.view.hosts.get('a/n1')?.addresses?.addressV6,
  ];
  t.deepEqual(seen(), ['fd00::7', 'fd00::9']);
  await own.store.update((tx) => {
    const node = tx.get('node', 'n1') as Node;
    const description = NodeDescription.create({ ...node.description, isIpv6Off: true });
    tx.update('node', { ...node, description });
  });
  await own.clock.advance(1_000);
  t.deepEqual(seen(), ['', '']);
});
