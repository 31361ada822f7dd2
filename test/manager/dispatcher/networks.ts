/** What agents are told of their networks. */
import test from 'ava';
import fc from 'fast-check';
import {
  EndpointMode,
  EndpointSpec,
  HostAddresses,
  Network,
  NetworkAddress,
  NetworkAttachmentConfig,
  NetworkChanges,
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
import type { Node, Service, Task } from '#proto';
import type { NetworkView } from '#agent/network-view/view';
import { NetworkIndex } from '#manager/dispatcher/network-index';
import { mayFollow } from '#manager/orchestrator/task-transitions';
import { makeTestDispatcher } from '#test/_support/dispatcher';
import type { TestDispatcher } from '#test/_support/dispatcher';
import type { FakeAgent } from '#test/_support/fake-agent';
import { aService, aTask } from '#test/_support/objects';

const aNetwork = (id: string, init: Partial<Network> = {}): Network =>
  Network.create({ id, spec: NetworkSpec.create({ name: id }), ...init });

/** A task on the networks; its address there is made of its id. */
function onNetworks(id: string, networkIds: readonly string[], init: Partial<Task> = {}): Task {
  const networks = networkIds.map((networkId) =>
    NetworkAddress.create({ networkId, address: `10.${networkId}.${id}` }),
  );
  return aTask({
    id,
    nodeId: 'n1',
    serviceId: 's1',
    desiredState: TaskState.RUNNING,
    status: TaskStatus.create({ state: TaskState.RUNNING }),
    networks,
    ...init,
  });
}

function serviceOn(
  id: string,
  networkIds: readonly string[],
  init: Partial<Service> = {},
): Service {
  const plain = aService(id, `name-${id}`);
  const networks = networkIds.map((network) => NetworkAttachmentConfig.create({ network }));
  const spec = ServiceSpec.create({ ...plain.spec, task: TaskSpec.create({ networks }) });
  return { ...plain, spec, ...init };
}

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

// ---- whatever happens

const states = Object.values(TaskState);
const nodeIds = ['n1', 'n2'];
const networkIds = ['a', 'b', 'in'];
const someNetworks = fc.subarray(networkIds);

const step = fc.oneof(
  fc.record({
    kind: fc.constant('task' as const),
    id: fc.nat(6),
    node: fc.nat(1),
    networks: someNetworks,
  }),
  fc.record({ kind: fc.constant('state' as const), id: fc.nat(6), state: fc.nat(13) }),
  fc.record({ kind: fc.constant('desired' as const), id: fc.nat(6), state: fc.nat(13) }),
  fc.record({ kind: fc.constant('removeTask' as const), id: fc.nat(6) }),
  fc.record({
    kind: fc.constant('service' as const),
    id: fc.nat(2),
    networks: someNetworks,
    isPublished: fc.boolean(),
    allowed: fc.nat(3),
  }),
  fc.record({ kind: fc.constant('removeService' as const), id: fc.nat(2) }),
  fc.record({
    kind: fc.constant('network' as const),
    id: fc.nat(2),
    hosts: fc.subarray(nodeIds),
    mtu: fc.nat(1),
  }),
  fc.record({ kind: fc.constant('removeNetwork' as const), id: fc.nat(2) }),
  fc.record({ kind: fc.constant('node' as const), id: fc.nat(1), state: fc.nat(3) }),
  fc.record({ kind: fc.constant('wait' as const), id: fc.nat(4) }),
  fc.record({ kind: fc.constant('rejoin' as const), id: fc.nat(1) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** One change of the store; those that it would refuse change nothing. */
function write(tx: Made, each: Step): void {
  const task = tx.get('task', `t${each.id}`);
  const service = tx.get('service', `s${each.id}`);
  const network = tx.get('network', networkIds[each.id] ?? '');
  switch (each.kind) {
    case 'task':
      if (task !== undefined) return;
      tx.create(
        'task',
        onNetworks(`t${each.id}`, each.networks, {
          nodeId: nodeIds[each.node] ?? '',
          serviceId: `s${each.id % 3}`,
          status: TaskStatus.create({ state: TaskState.ASSIGNED }),
        }),
      );
      return;
    case 'state': {
      const state = states[each.state] ?? 0;
      if (task !== undefined && mayFollow(task.status?.state ?? 0, state))
        tx.update('task', { ...task, status: TaskStatus.create({ state }) });
      return;
    }
    case 'desired': {
      const desiredState = states[each.state] ?? 0;
      if (task !== undefined && desiredState > task.desiredState)
        tx.update('task', { ...task, desiredState });
      return;
    }
    case 'removeTask':
      if (task !== undefined) tx.remove('task', task.id);
      return;
    case 'service': {
      const wanted = serviceOn(`s${each.id}`, each.networks);
      const ports = each.isPublished ? [PortConfig.create({ publishedPort: 80 + each.id })] : [];
      const next = {
        ...wanted,
        spec: ServiceSpec.create({ ...wanted.spec, allowFrom: [`name-s${each.allowed}`] }),
        endpoint: ServiceEndpoint.create({ ports }),
      };
      if (service === undefined) tx.create('service', next);
      else tx.update('service', { ...service, spec: next.spec, endpoint: next.endpoint });
      return;
    }
    case 'removeService':
      if (service !== undefined) tx.remove('service', service.id);
      return;
    case 'network': {
      const id = networkIds[each.id] ?? '';
      const addresses = each.hosts.map((host) => [host, HostAddresses.create({ address: host })]);
      const next = aNetwork(id, {
        isIngress: id === 'in',
        hosts: Object.fromEntries(addresses),
        spec: NetworkSpec.create({ name: id, mtu: each.mtu }),
      });
      if (network === undefined) tx.create('network', next);
      else tx.update('network', { ...network, spec: next.spec, hosts: next.hosts });
      return;
    }
    case 'removeNetwork':
      if (network !== undefined) tx.remove('network', network.id);
      return;
    case 'node': {
      const node = tx.get('node', nodeIds[each.id] ?? '') as Node;
      const status = NodeStatus.create({
        state: each.state as NodeState,
        address: `h${each.state}`,
      });
      tx.update('node', { ...node, status });
      return;
    }
    default:
  }
}

/** Everything of a view, in order. */
const shown = (view: NetworkView): readonly unknown[] =>
  [view.networks, view.hosts, view.endpoints, view.services].map((map) =>
    [...map].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

/** What the node must know, computed from nothing. */
function expected(own: TestDispatcher, nodeId: string): readonly unknown[] {
  const nothing = (): void => undefined;
  const index = new NetworkIndex({
    changed: nothing,
    moved: nothing,
    ingressChanged: nothing,
    stopping: nothing,
  });
  own.store.view((tx) => index.rebuild(tx));
  const networks = new Map<string, unknown>();
  const hosts = new Map<string, unknown>();
  const endpoints = new Map<string, unknown>();
  const services = new Map<string, unknown>();
  for (const one of index.networksOfNode(nodeId)) {
    networks.set(one.id, one.network);
    for (const [id, host] of one.hosts) hosts.set(`${one.id}/${id}`, host);
    for (const [id, endpoint] of one.endpoints) endpoints.set(`${one.id}/${id}`, endpoint);
    for (const [id, service] of one.services) services.set(`${one.id}/${id}`, service);
  }
  return shown({ networks, hosts, endpoints, services } as unknown as NetworkView);
}

test('whatever happens, what agents were told adds up to what there is', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const own = await makeTestDispatcher({ nodes: nodeIds });
      const agents = new Map<string, FakeAgent>();
      for (const nodeId of nodeIds) agents.set(nodeId, await own.join(nodeId));
      for (const each of steps) {
        const nodeId = nodeIds[each.id] ?? 'n1';
        if (each.kind === 'wait') await own.clock.advance(each.id);
        else if (each.kind === 'rejoin') agents.set(nodeId, await own.join(nodeId));
        else await own.store.update((tx) => write(tx, each));
        if (each.kind !== 'wait') continue;
        await own.clock.advance(5);
        for (const [id, agent] of agents) t.deepEqual(shown(agent.view), expected(own, id));
      }
      await own.clock.advance(5);
      for (const [id, agent] of agents) t.deepEqual(shown(agent.view), expected(own, id));
    }),
    { numRuns: 150, seed: 20_262 },
  );
});
