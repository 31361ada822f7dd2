import test from 'ava';
import { Availability, NodeState, Platform, Protocol, Taint, TaintEffect, TaskState } from '#proto';
import { ClusterView, failuresMax, failureWindowMs, place } from '#scheduler';
import { affinityTerm, requiringTasks } from '#test/_support/affinity';
import { hostPort, nodeOf, outcome, taskOf, tasksOf, viewOf } from '#test/_support/placement';

test('scenario 1: tasks go to the least loaded node that takes tasks', (t) => {
  const view = viewOf(
    [
      nodeOf('a'),
      nodeOf('b'),
      nodeOf('drained', { availability: Availability.DRAIN }),
      nodeOf('paused', { availability: Availability.PAUSE }),
      nodeOf('down', { state: NodeState.DOWN }),
      nodeOf('unknown', { state: NodeState.UNKNOWN }),
    ],
    tasksOf(3, { service: 'other', nodeId: 'a', state: TaskState.RUNNING }, 'old'),
  );
  t.deepEqual(outcome(view, [taskOf('t1')]).counts, { b: 1 });
  t.deepEqual(outcome(view, tasksOf(1, { service: 'next' }, 'x')).counts, { b: 1 });
});

test('scenario 1: a node that becomes ready takes what waited, with an explanation before', (t) => {
  const view = viewOf([]);
  const tasks = tasksOf(2);
  t.deepEqual(outcome(view, tasks).explanations, ['no nodes available to schedule pods']);
  view.setNode(nodeOf('a', { state: NodeState.UNKNOWN }));
  t.deepEqual(outcome(view, tasks).explanations, [
    '0/1 nodes are available: 1 node(s) were not ready.',
  ]);
  view.setNode(nodeOf('a'));
  t.deepEqual(outcome(view, tasks).counts, { a: 2 });
});

test('scenario 3: eight tasks spread by zone, one node in az1 and four in az2: 4 / 1,1,1,1', (t) => {
  const zones = ['az1', 'az2', 'az2', 'az2', 'az2'];
  const view = viewOf(zones.map((az, at) => nodeOf(`n${at}`, { labels: { az } })));
  const tasks = tasksOf(8, { preferences: ['spread=node.labels.az'] });
  t.deepEqual(outcome(view, tasks).counts, { n0: 4, n1: 1, n2: 1, n3: 1, n4: 1 });
});

test('scenario 43: racks a(1) b(2), four replicas: 2 / 1 / 1', (t) => {
  const racks = ['a', 'b', 'b'];
  const view = viewOf(racks.map((rack, at) => nodeOf(`n${at}`, { labels: { rack } })));
  const tasks = tasksOf(4, { preferences: ['spread=node.labels.rack'] });
  t.deepEqual(outcome(view, tasks).counts, { n0: 2, n1: 1, n2: 1 });
});

test('two spread levels balance the outer one first, then each inner one', (t) => {
  const view = viewOf([
    nodeOf('n1', { labels: { dc: 'x', rack: 'r1' } }),
    nodeOf('n2', { labels: { dc: 'x', rack: 'r2' } }),
    nodeOf('n3', { labels: { dc: 'y', rack: 'r1' } }),
    nodeOf('n4', { labels: { dc: 'y', rack: 'r1' } }),
  ]);
  const preferences = ['spread=node.labels.dc', 'spread=node.labels.rack'];
  t.deepEqual(outcome(view, tasksOf(8, { preferences })).counts, { n1: 2, n2: 2, n3: 2, n4: 2 });
});

test('spreading counts tasks that are there already, and nodes without the label together', (t) => {
  const nodes = [nodeOf('a', { labels: { az: '1' } }), nodeOf('b'), nodeOf('c')];
  const old = tasksOf(2, { nodeId: 'a', state: TaskState.RUNNING }, 'old');
  const preferences = ['spread=node.labels.az'];
  t.deepEqual(outcome(viewOf(nodes, old), tasksOf(4, { preferences })).counts, {
    a: 1,
    b: 2,
    c: 1,
  });
});

test('a full branch leaves its share to the others', (t) => {
  const view = viewOf([
    nodeOf('a', { labels: { az: '1' }, cpus: 1 }),
    nodeOf('b', { labels: { az: '2' }, cpus: 8 }),
  ]);
  const tasks = tasksOf(6, { cpus: 1, preferences: ['spread=node.labels.az'] });
  t.deepEqual(outcome(view, tasks).counts, { a: 1, b: 5 });
});

test('scenario 5: after five failures of a version on a node its next task goes elsewhere', (t) => {
  const now = 1_000_000;
  const failed = Array.from({ length: failuresMax }, (_, at) =>
    taskOf(`f${at}`, { nodeId: 'a', state: TaskState.FAILED, changedAtMs: now - at * 1_000 }),
  );
  const busy = tasksOf(9, { service: 'other', nodeId: 'b', state: TaskState.RUNNING }, 'o');
  const nodes = [nodeOf('a'), nodeOf('b')];
  t.deepEqual(outcome(viewOf(nodes, [...failed, ...busy]), [taskOf('t')], now).counts, { b: 1 });
  const four = failed.slice(1);
  t.deepEqual(outcome(viewOf(nodes, [...four, ...busy]), [taskOf('t')], now).counts, { a: 1 });
  const later = now + failureWindowMs;
  const view = viewOf(nodes, [...failed, ...busy]);
  t.deepEqual(outcome(view, [taskOf('t')], later).counts, { a: 1 });
  const isAlone = viewOf([nodeOf('a')], failed);
  t.deepEqual(outcome(isAlone, [taskOf('t')], now).counts, { a: 1 });
});

test('scenario 5: a new version starts from no failures, and global tasks do not count', (t) => {
  const now = 1_000_000;
  const busy = tasksOf(9, { service: 'other', nodeId: 'b', state: TaskState.RUNNING }, 'o');
  const nodes = [nodeOf('a'), nodeOf('b')];
  const shape = { nodeId: 'a', state: TaskState.FAILED, changedAtMs: now };
  const failed = [...tasksOf(6, shape, 'f'), ...busy];
  const next = taskOf('t', { specVersion: 2 });
  t.deepEqual(outcome(viewOf(nodes, failed), [next], now).counts, { a: 1 });
  const global = Array.from({ length: 6 }, (_, at) => taskOf(`g${at}`, { ...shape, slot: 0 }));
  t.deepEqual(outcome(viewOf(nodes, [...global, ...busy]), [taskOf('t')], now).counts, { a: 1 });
});

test('scenario 7: host ports are taken by protocol and number', (t) => {
  const view = viewOf([nodeOf('a'), nodeOf('b')]);
  const tcp = taskOf('tcp', { service: 's1', ports: [hostPort(58)] });
  const udp = taskOf('udp', { service: 's2', ports: [hostPort(58, Protocol.UDP)] });
  t.deepEqual(outcome(view, [tcp, udp]).counts, { a: 1, b: 1 });
  const both = taskOf('both', {
    service: 's3',
    ports: [hostPort(58), hostPort(58, Protocol.UDP)],
  });
  t.deepEqual(outcome(view, [both]).explanations, [
    "0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports.",
  ]);
});

const addresses: readonly (readonly [string, string, boolean])[] = [
  ['127.0.0.1', '127.0.0.2', true],
  ['127.0.0.1', '127.0.0.1', false],
  ['', '127.0.0.1', false],
  ['127.0.0.1', '', false],
];
for (const [first, second, fits] of addresses) {
  test(`port 80 of "${first}" and of "${second}" ${fits ? 'fit' : 'do not fit'} on one node`, (t) => {
    const held = taskOf('held', {
      nodeId: 'a',
      state: TaskState.RUNNING,
      ports: [hostPort(80, Protocol.TCP, first)],
    });
    const view = viewOf([nodeOf('a')], [held]);
    const wanted = taskOf('t', { service: 'x', ports: [hostPort(80, Protocol.TCP, second)] });
    t.deepEqual(outcome(view, [wanted]).counts, fits ? { a: 1 } : {});
  });
}

test('a port is free again once its task has stopped, not when it is asked to', (t) => {
  const ports = [hostPort(80)];
  const held = taskOf('held', { nodeId: 'a', state: TaskState.RUNNING, ports });
  const view = viewOf([nodeOf('a')], [held]);
  const stopping = { ...held, desiredState: TaskState.SHUTDOWN };
  view.setTask(stopping, held);
  t.deepEqual(outcome(view, [taskOf('t', { ports })]).counts, {});
  view.setTask({ ...taskOf('held', { nodeId: 'a', state: TaskState.SHUTDOWN, ports }) }, stopping);
  t.deepEqual(outcome(view, [taskOf('t', { ports })]).counts, { a: 1 });
});

test('scenario 9: a task goes only where its platform is, whatever the architecture is called', (t) => {
  const nodes = [
    nodeOf('arm', { platform: Platform.create({ os: 'linux', architecture: 'arm64' }) }),
    nodeOf('amd', { platform: Platform.create({ os: 'linux', architecture: 'amd64' }) }),
  ];
  const on = (os: string, architecture: string): Platform => Platform.create({ os, architecture });
  const go = (...platforms: readonly Platform[]): ReturnType<typeof outcome> =>
    outcome(viewOf(nodes), [taskOf('t', { platforms })]);
  t.deepEqual(go(on('linux', 'x86_64')).counts, { amd: 1 });
  t.deepEqual(go(on('linux', 'aarch64')).counts, { arm: 1 });
  t.deepEqual(go(on('', 'amd64')).counts, { amd: 1 });
  t.deepEqual(go(on('windows', 'amd64')).explanations, [
    '0/2 nodes are available: 2 node(s) had an unsupported platform.',
  ]);
});

test('reservations never exceed what a node has, and stopped tasks give theirs back', (t) => {
  const view = viewOf([nodeOf('a', { cpus: 2 }), nodeOf('b', { cpus: 1 })]);
  const first = outcome(view, tasksOf(5, { cpus: 1 }));
  t.deepEqual(first, {
    counts: { a: 2, b: 1 },
    explanations: ['0/2 nodes are available: 2 Insufficient cpu.'],
  });
  view.setTask(taskOf('t0', { nodeId: 'a', state: TaskState.FAILED, cpus: 1 }));
  t.deepEqual(outcome(view, [taskOf('t9', { cpus: 1 })]).counts, { a: 1 });
});

test('a kind of device that a node does not have cannot be reserved on it', (t) => {
  const view = viewOf([nodeOf('a'), nodeOf('b', { generic: { gpu: 2 } })]);
  const result = outcome(view, tasksOf(3, { generic: { gpu: 1 } }));
  t.deepEqual(result.counts, { b: 2 });
  t.deepEqual(result.explanations, ['0/2 nodes are available: 2 Insufficient gpu.']);
});

test('2.6 MaxReplicas: no more replicas per node than the service allows', (t) => {
  const view = viewOf([nodeOf('a'), nodeOf('b')]);
  const result = outcome(view, tasksOf(5, { perNodeMax: 2 }));
  t.deepEqual(result.counts, { a: 2, b: 2 });
  t.deepEqual(result.explanations, [
    '0/2 nodes are available: 2 node(s) reached the max replicas per node limit.',
  ]);
});

test('taints keep tasks away, and the soft one fills a node last', (t) => {
  const taint = (effect: TaintEffect): readonly Taint[] => [Taint.create({ key: 'k', effect })];
  const view = viewOf([
    nodeOf('a', { taints: taint(TaintEffect.PREFER_NO_SCHEDULE), cpus: 8 }),
    nodeOf('b', { taints: taint(TaintEffect.NO_SCHEDULE) }),
    nodeOf('c', { cpus: 2 }),
  ]);
  t.deepEqual(outcome(view, tasksOf(3, { cpus: 1 })).counts, { c: 2, a: 1 });
});

test('the explanation takes of every node the reason of the first filter that it fails', (t) => {
  const view = viewOf([
    nodeOf('a', { cpus: 1, labels: { disk: 'ssd' } }),
    ...Array.from({ length: 5 }, (_, at) => nodeOf(`n${at}`)),
    nodeOf('paused', { availability: Availability.PAUSE }),
  ]);
  const task = taskOf('t', { cpus: 2, constraints: ['node.labels.disk==ssd'] });
  t.deepEqual(outcome(view, [task]).explanations, [
    "0/7 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable (paused), 5 node(s) didn't" +
      ' satisfy constraint node.labels.disk==ssd.',
  ]);
});

test('2.6 preassigned: a task with a node of its own goes there or nowhere', (t) => {
  const view = viewOf([nodeOf('a'), nodeOf('b', { cpus: 1 })]);
  const own = (id: string, cpus: number) => taskOf(id, { slot: 0, nodeId: 'b', cpus });
  const { placed, unplaced } = place(view, [own('t1', 1), own('t2', 1)], { nowMs: 0 });
  t.deepEqual(
    placed.map(({ nodeId }) => nodeId),
    ['b'],
  );
  t.deepEqual(
    unplaced.map(({ explanation }) => explanation),
    ['0/1 nodes are available: 1 Insufficient cpu.'],
  );
});

test('a placement that is forgotten leaves no trace', (t) => {
  const view = viewOf([nodeOf('a', { cpus: 1 })]);
  const task = taskOf('t', { cpus: 1 });
  t.deepEqual(outcome(view, [task]).counts, { a: 1 });
  t.deepEqual(outcome(view, [taskOf('u', { cpus: 1 })]).counts, {});
  view.forget('t', task);
  t.deepEqual(outcome(view, [taskOf('u', { cpus: 1 })]).counts, { a: 1 });
});

test('a node that is removed and comes back still counts the tasks on it', (t) => {
  const tasks = tasksOf(2, { nodeId: 'a', state: TaskState.RUNNING, cpus: 1 }, 'o');
  const view = viewOf([nodeOf('a', { cpus: 3 })], tasks);
  view.removeNode('a');
  t.is(view.nodeCount, 0);
  view.setNode(nodeOf('a', { cpus: 3 }));
  t.deepEqual(outcome(view, tasksOf(2, { cpus: 1 })).counts, { a: 1 });
});

test('an empty view has no nodes by load', (t) => {
  t.deepEqual([...new ClusterView().nodesByLoad()], []);
});

test('tasks of one version whose labels differ are placed by their own labels', (t) => {
  const view = viewOf(['a', 'b', 'c'].map((id) => nodeOf(id, { labels: { host: id } })));
  const antiAffinity = requiringTasks(affinityTerm('host', ['tier=old']));
  const labelled = (tier: string) => ({ labels: { tier }, placement: { antiAffinity } });
  const tasks = [...tasksOf(2, labelled('old'), 'old'), ...tasksOf(4, labelled('new'), 'new')];
  const { placed } = place(view, tasks, { nowMs: 0 });
  // The new ones avoid the nodes of the old ones, but not each other.
  t.deepEqual(
    placed.map(({ nodeId }) => nodeId),
    ['a', 'b', 'c', 'c', 'c', 'c'],
  );
});
