/** Whatever happens to networks, services, tasks and nodes, agents know what there is. */
import test from 'ava';
import fc from 'fast-check';
import {
  HostAddresses,
  NetworkSpec,
  NodeState,
  NodeStatus,
  PortConfig,
  ServiceEndpoint,
  ServiceSpec,
  TaskState,
  TaskStatus,
} from '#proto';
import type { Node } from '#proto';
import type { NetworkView } from '#agent/network-view/view';
import { NetworkIndex } from '#manager/dispatcher/network-index';
import { mayFollow } from '#manager/orchestrator/task-transitions';
import { makeTestDispatcher } from '#test/_support/dispatcher';
import type { TestDispatcher } from '#test/_support/dispatcher';
import type { FakeAgent } from '#test/_support/fake-agent';
import { aNetwork, onNetworks, serviceOn } from '#test/_support/network-objects';

type Made = Parameters<Parameters<TestDispatcher['store']['update']>[0]>[0];

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

test('what happens while a term begins is not lost', async (t) => {
  const own = await makeTestDispatcher({ nodes: nodeIds, isStarted: false });
  await own.store.update((tx) => {
    for (const id of ['a', 'b']) tx.create('network', aNetwork(id));
  });
  const ids = Array.from({ length: 2_000 }, (_, i) => `t${1_000 + i}`);
  await own.store.batch(ids, (tx, id) => tx.create('task', onNetworks(id, ['a'])));
  const started = own.dispatcher.start();
  await own.store.update((tx) => {
    for (const id of ids.slice(0, 30)) tx.remove('task', id);
    for (const id of ids.slice(-30)) tx.remove('task', id);
    tx.create('task', onNetworks('t0', ['a', 'b']));
    tx.create('service', serviceOn('s1', ['a']));
    tx.create('network', aNetwork('in', { isIngress: true }));
  });
  const agent = await own.join('n1');
  await own.clock.resolve(started, 1_000);
  t.is(agent.view.endpoints.size, 2_000 - 60 + 2);
  t.deepEqual(shown(agent.view), expected(own, 'n1'));
});

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
