import test from 'ava';
import {
  AgentHello,
  Goodbye,
  ManagerStatus,
  NodeDescription,
  NodeRole,
  NodeSpec,
  NodeState,
  NodeStatus,
  TunnelKey,
} from '#proto';
import type { Cluster } from '#proto';
import { heartbeatPeriodMs } from '#manager/dispatcher/shared-info';
import { makeTestDispatcher, stateOf } from '../../_support/dispatcher.ts';
import { FakeAgent } from '../../_support/fake-agent.ts';
import { aNode } from '../../_support/objects.ts';
import { tunnelKey } from '../../_support/wireguard-world.ts';

test('an agent that says hello becomes READY with its description and address', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  const node = own.node('n1');
  t.is(stateOf(node), 'READY');
  t.is(node.description?.hostname, 'n1');
  t.is(node.status?.address, '10.0.0.9', 'where it connected from');
  const [info] = agent.infos;
  t.is(info?.node?.id, 'n1');
  t.is(new TextDecoder().decode(info?.rootCertificatePem), 'root');
  t.true((info?.heartbeatPeriodMs ?? 0) >= 900 && (info?.heartbeatPeriodMs ?? 0) <= 1000);
  t.like(agent.assignments[0], { sequence: 1, isFull: true, isContinued: false, tasks: [] });
});

test('registering again with the same description writes nothing', async (t) => {
  const own = await makeTestDispatcher();
  await own.join('n1');
  const before = own.node('n1');
  const again = await own.join('n1');
  t.deepEqual(own.node('n1'), before);
  t.true(again.isOpen);
});

test('a node that is not in the cluster is refused', async (t) => {
  const own = await makeTestDispatcher();
  const agent = new FakeAgent(own.dispatcher, 'stranger').hello();
  t.is(agent.closedWith?.code, 'PERMISSION_DENIED');
  t.regex(agent.closedWith?.message ?? '', /node stranger is not in the cluster: it was removed/);
});

test('a node that is removed loses its session, and gets no other', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  await own.store.update((tx) => tx.remove('node', 'n1'));
  t.is(agent.closedWith?.code, 'PERMISSION_DENIED');
  t.is(new FakeAgent(own.dispatcher, 'n1').hello().closedWith?.code, 'PERMISSION_DENIED');
});

test('what comes before a hello, and a hello without a name, end the session', async (t) => {
  const own = await makeTestDispatcher();
  const eager = new FakeAgent(own.dispatcher, 'n1').report('t1', 512);
  t.is(eager.closedWith?.code, 'INVALID_ARGUMENT');
  const nameless = new FakeAgent(own.dispatcher, 'n1');
  nameless.say({ kind: 'hello', hello: AgentHello.create() });
  await own.clock.until(() => !nameless.isOpen, 1000);
  t.is(nameless.closedWith?.code, 'INVALID_ARGUMENT');
  const mute = new FakeAgent(own.dispatcher, 'n1');
  await own.clock.advance(5000);
  t.is(mute.closedWith?.code, 'DEADLINE_EXCEEDED');
});

test('a silent node is DOWN after three periods, and not before', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  await own.clock.advance(60_000);
  t.is(stateOf(own.node('n1')), 'READY', 'a minute of heartbeats');
  agent.silence();
  await own.clock.advance(1900);
  t.is(stateOf(own.node('n1')), 'READY');
  await own.clock.advance(1200);
  t.is(stateOf(own.node('n1')), 'DOWN');
  t.is(own.node('n1').status?.message, 'heartbeat failure');
  t.is(agent.closedWith?.code, 'DEADLINE_EXCEEDED');
});

test('a registration that takes longer than the grace is not cut off by it', async (t) => {
  const own = await makeTestDispatcher({ heartbeatPeriodMs: 200, commitDelayMs: 900 });
  const agent = new FakeAgent(own.dispatcher, 'n1').hello();
  await own.clock.until(() => agent.infos.length > 0, 2_000, 'it is registered');
  t.true(agent.isOpen);
  // From then on the grace is the usual one.
  agent.beat(own.clock);
  await own.clock.advance(2_000);
  agent.silence();
  await own.clock.advance(700);
  t.false(agent.isOpen);
});

test('anything an agent says is a sign of life', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  agent.silence();
  for (let i = 0; i < 10; i++) {
    await own.clock.advance(2000);
    agent.reportAll([]);
  }
  t.is(stateOf(own.node('n1')), 'READY');
});

test('a broken stream is not DOWN by itself: the agent may come back within the grace', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  agent.hangUp();
  await own.clock.advance(2500);
  t.is(stateOf(own.node('n1')), 'READY');
  await own.join('n1');
  await own.clock.advance(10_000);
  t.is(stateOf(own.node('n1')), 'READY');
  const { version } = own.node('n1').meta ?? { version: 0 };
  t.true(version > 0);
});

test('a broken stream that nobody opens again is DOWN after the grace', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  agent.hangUp();
  await own.clock.advance(3100);
  t.is(stateOf(own.node('n1')), 'DOWN');
  await own.join('n1');
  t.is(stateOf(own.node('n1')), 'READY', 'and READY again as soon as it is back');
});

test('goodbye is DOWN at once', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  agent.say({ kind: 'goodbye', goodbye: Goodbye.create() });
  await own.clock.advance(5);
  t.is(stateOf(own.node('n1')), 'DOWN');
  t.is(own.node('n1').status?.message, 'left the cluster');
});

test('a second session of a node replaces the first', async (t) => {
  const own = await makeTestDispatcher();
  const first = await own.join('n1');
  const second = await own.join('n1');
  t.is(first.closedWith?.code, 'CANCELLED');
  first.hangUp();
  await own.clock.advance(20_000);
  t.true(second.isOpen);
  t.is(stateOf(own.node('n1')), 'READY', 'the end of the first is not the end of the second');
});

test('a node that registers too often is told to wait', async (t) => {
  const own = await makeTestDispatcher();
  for (let i = 0; i < 20; i++) await own.join('n1');
  const last = new FakeAgent(own.dispatcher, 'n1').hello();
  t.is(last.closedWith?.code, 'UNAVAILABLE');
  await own.clock.advance(10_001);
  t.true((await own.join('n1')).isOpen);
});

test('a new leader knows nobody: nodes are UNKNOWN, and DOWN after twice the grace', async (t) => {
  const own = await makeTestDispatcher({ nodes: ['n1', 'n2', 'n3', 'n4'], isStarted: false });
  const status = (state: NodeState): NodeStatus => NodeStatus.create({ state });
  await own.store.update((tx) => {
    for (const id of ['n1', 'n2'])
      tx.update('node', { ...own.node(id), status: status(NodeState.READY) });
    tx.update('node', { ...own.node('n3'), status: status(NodeState.DOWN) });
    tx.update('node', { ...own.node('n4'), status: status(NodeState.DISCONNECTED) });
  });
  await own.dispatcher.start();
  const states = (): string[] => ['n1', 'n2', 'n3', 'n4'].map((id) => stateOf(own.node(id)));
  t.deepEqual(states(), ['UNKNOWN', 'UNKNOWN', 'DOWN', 'DISCONNECTED']);
  await own.join('n1');
  await own.clock.advance(5900);
  t.deepEqual(states(), ['READY', 'UNKNOWN', 'DOWN', 'DISCONNECTED']);
  await own.clock.advance(200);
  t.deepEqual(states(), ['READY', 'DOWN', 'DOWN', 'DISCONNECTED']);
});

test('an agent that registers while a new leader starts stays READY', async (t) => {
  const own = await makeTestDispatcher({ isStarted: false, commitDelayMs: 20 });
  const write = own.store.update((tx) => {
    const status = NodeStatus.create({ state: NodeState.READY });
    const description = NodeDescription.create({ hostname: 'n1' });
    tx.update('node', {
      ...own.node('n1'),
      status: { ...status, address: '10.0.0.9' },
      description,
    });
    for (const id of ['n2', 'n3']) tx.update('node', { ...own.node(id), status });
  });
  await own.clock.resolve(write, 1000);
  const started = own.dispatcher.start();
  new FakeAgent(own.dispatcher, 'n1').hello().beat(own.clock);
  await own.clock.resolve(started, 1000);
  await own.clock.advance(100);
  t.deepEqual(
    ['n1', 'n2', 'n3'].map((id) => stateOf(own.node(id))),
    ['READY', 'UNKNOWN', 'UNKNOWN'],
  );
});

test('a manager that loses the lead sends its agents away, and may lead again', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  await own.dispatcher.stop();
  t.is(agent.closedWith?.code, 'NOT_LEADER');
  t.throws(() => new FakeAgent(own.dispatcher, 'n1'), { message: /not the leader/ });
  await own.clock.advance(60_000);
  t.is(stateOf(own.node('n1')), 'READY', 'it marks nobody any more');
  await own.dispatcher.start();
  t.is(stateOf(own.node('n1')), 'UNKNOWN');
  t.true((await own.join('n1')).isOpen);
});

test('a node whose silence could not be written is marked as soon as it can be', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  agent.silence();
  own.replicator.isLeader = false;
  await own.clock.advance(5000);
  t.is(stateOf(own.node('n1')), 'READY');
  own.replicator.isLeader = true;
  await own.clock.advance(1100);
  t.is(stateOf(own.node('n1')), 'DOWN');
});

test('agents hear of a change of their node, of the managers and of the period', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  const other = await own.join('n2');
  await own.store.update((tx) => {
    const spec = NodeSpec.create({ role: NodeRole.MANAGER });
    tx.update('node', { ...own.node('n1'), spec });
  });
  t.is(agent.infos.at(-1)?.node?.spec?.role, NodeRole.MANAGER);
  t.is(other.infos.length, 1);
  await own.store.update((tx) => {
    for (const id of ['n2', 'n1']) {
      const managerStatus = ManagerStatus.create({ address: `${id}:7377` });
      tx.update('node', { ...own.node(id), managerStatus });
    }
  });
  t.deepEqual(other.infos.at(-1)?.managerAddresses, ['n1:7377', 'n2:7377'], 'the leader first');
  await own.store.update((tx) => {
    const cluster = tx.get('cluster', 'cluster') as Cluster;
    tx.update('cluster', {
      ...cluster,
      spec: cluster.spec && { ...cluster.spec, heartbeatPeriodMs: 200 },
    });
  });
  const told = other.infos.at(-1)?.heartbeatPeriodMs ?? 0;
  t.true(told >= 180 && told <= 200);
  await own.clock.advance(10_000);
  t.is(stateOf(own.node('n2')), 'READY', 'a shorter period costs nobody its grace');
  other.silence();
  await own.clock.advance(650);
  t.is(stateOf(own.node('n2')), 'DOWN');
});

test('the period is stretched as the cluster grows', (t) => {
  t.is(heartbeatPeriodMs(0, 3), 1000);
  t.is(heartbeatPeriodMs(0, 2000), 1000);
  t.is(heartbeatPeriodMs(0, 2001), 2000);
  t.is(heartbeatPeriodMs(0, 10_000), 8000);
  t.is(heartbeatPeriodMs(5000, 10_000), 5000);
  t.is(heartbeatPeriodMs(100, 300), 200);
});

test('a status of another node does not disturb a session', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  await own.store.update((tx) => tx.create('node', aNode('n4')));
  await own.store.update((tx) => tx.remove('node', 'n4'));
  t.is(agent.infos.length, 1);
});

test('a manager that stood still reads what came meanwhile before it gives a node up', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  agent.silence();
  await own.clock.advance(2000);
  const monotonic = own.clock.monotonic.bind(own.clock);
  own.clock.monotonic = () => monotonic() + 5000;
  await own.clock.advance(1500);
  t.is(stateOf(own.node('n1')), 'READY', 'the check came five seconds late');
  agent.reportAll([]);
  await own.clock.advance(2500);
  t.is(stateOf(own.node('n1')), 'READY');
  await own.clock.advance(1500);
  t.is(stateOf(own.node('n1')), 'DOWN');
});

test('a host name that would write to terminals is refused, and an address that is none not taken', async (t) => {
  const own = await makeTestDispatcher();
  for (const hostname of ['evil\u001b[2J', 'two words', 'x'.repeat(254)]) {
    const agent = new FakeAgent(own.dispatcher, 'n1');
    agent.hello({ description: NodeDescription.create({ hostname }) });
    await own.clock.until(() => !agent.isOpen, 1000);
    t.is(agent.closedWith?.code, 'INVALID_ARGUMENT', hostname);
  }
  const agent = new FakeAgent(own.dispatcher, 'n1').hello({ address: '10.0.0.7\u001b[2J' });
  await own.clock.until(() => agent.infos.length > 0, 1000);
  t.is(own.node('n1').status?.address, '10.0.0.9');
});

test('tunnel keys that are none end the session', async (t) => {
  const own = await makeTestDispatcher();
  const wrong = [
    [TunnelKey.create({ publicKey: new Uint8Array(31), port: 24_789 })],
    [TunnelKey.create({ publicKey: new Uint8Array(32), port: 0 })],
    [TunnelKey.create({ publicKey: new Uint8Array(32), port: 65_536 })],
    [tunnelKey(1), tunnelKey(2), tunnelKey(3)],
  ];
  for (const tunnelKeys of wrong) {
    const agent = new FakeAgent(own.dispatcher, 'n1');
    agent.hello({ description: NodeDescription.create({ hostname: 'n1', tunnelKeys }) });
    await own.clock.until(() => !agent.isOpen, 1000);
    t.is(agent.closedWith?.code, 'INVALID_ARGUMENT');
  }
  const tunnelKeys = [tunnelKey(1), tunnelKey(2, 24_790)];
  new FakeAgent(own.dispatcher, 'n1').hello({
    description: NodeDescription.create({ hostname: 'n1', tunnelKeys }),
  });
  await own.clock.advance(100);
  t.is(own.node('n1').description?.tunnelKeys.length, 2);
});

test('an agent that describes itself again and again is written down 20 times at most', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  for (let i = 0; i < 100; i++) {
    const description = NodeDescription.create({ hostname: `name${i}` });
    agent.say({ kind: 'description', description });
  }
  await own.clock.advance(100);
  t.is(own.node('n1').description?.hostname, 'name18');
});
