/** What holds for the scheduler as a whole: placement.md 1.0, 1.9 and Swarm's order of things (2.6). */
import test from 'ava';
import { Availability, NodeState, TaskState } from '#proto';
import type { Node } from '#proto';
import { ClusterView, defaultScoring, explain, place } from '#scheduler';
import { filterNames } from '#scheduler/refusal';
import { affinityTerm, requiringTasks, spreadOver, taskSelector } from '#test/_support/affinity';
import { requiringNodes, nodeTerm } from '#test/_support/affinity';
import { hostPort, nodeOf, outcome, taskOf, tasksOf, viewOf } from '#test/_support/placement';
import type { NodeShape, TaskShape } from '#test/_support/placement';

/** A node that fails every filter, mended one by one in the order they are asked. */
const asked: TaskShape = {
  service: 'web',
  labels: { app: 'web' },
  cpus: 2,
  ports: [hostPort(80)],
  perNodeMax: 1,
  constraints: ['node.labels.disk==ssd'],
  platforms: [{ os: 'linux', architecture: 'amd64' }],
  placement: {
    nodeAffinity: requiringNodes(nodeTerm('zone')),
    topologySpread: [spreadOver('host', 1, { selector: taskSelector('app=web') })],
    affinity: requiringTasks(affinityTerm('host', ['app=db'])),
  },
};
const arm = { os: 'linux', architecture: 'arm64' };
const mended: readonly (readonly [string, NodeShape, readonly string[]])[] = [
  ['node(s) were not ready', { state: NodeState.DOWN, taints: ['k:NoSchedule'] }, ['web', 'web']],
  [
    'node(s) were unschedulable (drained)',
    { availability: Availability.DRAIN, taints: ['k:NoSchedule'] },
    ['web', 'web'],
  ],
  ['node(s) had untolerated taint {k: }', { taints: ['k:NoSchedule'], platform: arm }, ['web']],
  ["node(s) didn't match Pod's node affinity/selector", { platform: arm }, ['web']],
  [
    "node(s) didn't satisfy constraint node.labels.disk==ssd",
    { labels: { zone: 'a' }, platform: arm },
    ['web'],
  ],
  [
    'node(s) had an unsupported platform',
    { labels: { zone: 'a', disk: 'ssd' }, platform: arm },
    ['web'],
  ],
  [
    "node(s) didn't have free ports for the requested pod ports",
    { labels: { zone: 'a', disk: 'ssd' }, cpus: 1 },
    ['web'],
  ],
  ['Insufficient cpu', { labels: { zone: 'a', disk: 'ssd' }, cpus: 1 }, ['portless']],
  [
    'node(s) reached the max replicas per node limit',
    { labels: { zone: 'a', disk: 'ssd' } },
    ['portless'],
  ],
  [
    "node(s) didn't match pod topology spread constraints (missing required label)",
    { labels: { zone: 'a', disk: 'ssd' } },
    [],
  ],
  [
    "node(s) didn't match pod affinity rules",
    { labels: { zone: 'a', disk: 'ssd', host: 'n' } },
    [],
  ],
];

for (const [at, [reason, shape, standing]] of mended.entries())
  test(`1.0 filter order: the first that fails gives the reason, ${at + 1}: ${reason}`, (t) => {
    const tasks = standing.map((kind, nth) =>
      taskOf(`old${nth}`, {
        ...asked,
        placement: {},
        cpus: 0.5,
        ports: kind === 'portless' ? [] : [hostPort(80)],
        nodeId: 'n',
        state: TaskState.RUNNING,
      }),
    );
    const { summary } = explain(viewOf([nodeOf('n', shape)], tasks), taskOf('t', asked));
    t.is(summary, `0/1 nodes are available: 1 ${reason}.`);
  });

test('1.0 filter order: nothing is left that fails when all of it is mended', (t) => {
  const db = taskOf('db', {
    service: 'db',
    labels: { app: 'db' },
    nodeId: 'n',
    state: TaskState.RUNNING,
  });
  const labels = { zone: 'a', disk: 'ssd', host: 'n' };
  t.deepEqual(outcome(viewOf([nodeOf('n', { labels })], [db]), [taskOf('t', asked)]).counts, {
    n: 1,
  });
  t.is(new Set(filterNames).size, filterNames.length);
});

test('1.0 weights: those of Kubernetes, and one of our own for few tasks of the service', (t) => {
  t.like(defaultScoring.weights, {
    taints: 3,
    nodeAffinity: 2,
    topologySpread: 2,
    serviceAffinity: 2,
    resources: 1,
    balance: 1,
  });
});

test('1.0 sampling: there is none, every node is looked at', (t) => {
  const nodes = Array.from({ length: 1_000 }, (_, at) =>
    nodeOf(`n${at}`, { cpus: at === 777 ? 2 : 1 }),
  );
  t.deepEqual(outcome(viewOf(nodes), [taskOf('t', { cpus: 2 })]).counts, { n777: 1 });
});

test('1.0: one task after the other: each sees those that were placed before it', (t) => {
  const view = viewOf([nodeOf('a', { cpus: 3 })]);
  t.deepEqual(outcome(view, tasksOf(5, { cpus: 1 })).counts, { a: 3 });
  t.deepEqual(outcome(view, [taskOf('late', { cpus: 1 })]).explanations, [
    '0/1 nodes are available: 1 Insufficient cpu.',
  ]);
});

test('1.0: the higher priority is placed first, then who came first', (t) => {
  const view = viewOf([nodeOf('a', { cpus: 2 })]);
  const tasks = [
    taskOf('old', { service: 'old', cpus: 1 }),
    taskOf('young', { service: 'young', cpus: 1 }),
    taskOf('high', { service: 'high', cpus: 1, priority: 1 }),
  ];
  const { placed } = place(view, tasks, { nowMs: 0 });
  t.deepEqual(
    placed.map(({ task }) => task.id),
    ['high', 'old'],
  );
});

test('2.6: tasks with a node of their own come before all others', (t) => {
  const view = viewOf([nodeOf('a', { cpus: 1 })]);
  const tasks = [
    taskOf('free', { service: 'f', cpus: 1, priority: 9 }),
    taskOf('bound', { service: 'g', slot: 0, nodeId: 'a', cpus: 1 }),
  ];
  const { placed } = place(view, tasks, { nowMs: 0 });
  t.deepEqual(
    placed.map(({ task }) => task.id),
    ['bound'],
  );
});

test('1.9: a real line, with the taint that has to be tolerated', (t) => {
  const nodes: readonly Node[] = [
    nodeOf('a', { taints: ['disk=slow:NoSchedule'] }),
    nodeOf('b', { cpus: 1, memoryBytes: 1 }),
    nodeOf('c', { cpus: 1, memoryBytes: 1 }),
  ];
  t.is(
    explain(viewOf(nodes), taskOf('t', { cpus: 2, memoryBytes: 2 })).summary,
    '0/3 nodes are available: 1 node(s) had untolerated taint {disk: slow},' +
      ' 2 Insufficient cpu, 2 Insufficient memory.',
  );
  t.is(explain(new ClusterView(), taskOf('t')).summary, 'no nodes available to schedule pods');
});

test('nominated: room that is kept counts for the node, and not for rules about other tasks', (t) => {
  const view = viewOf([nodeOf('a', { cpus: 4, labels: { host: 'a' } })]);
  const nominated = taskOf('p', {
    service: 'p',
    labels: { app: 'db' },
    cpus: 3,
    ports: [hostPort(80)],
  });
  view.nominate(nominated, 'a');
  const refused = (shape: TaskShape): string => explain(view, taskOf('t', shape)).summary;
  t.is(refused({ cpus: 2 }), '0/1 nodes are available: 1 Insufficient cpu.');
  t.is(
    refused({ ports: [hostPort(80)] }),
    "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
  );
  const affinity = requiringTasks(affinityTerm('host', ['app=db']));
  t.is(
    refused({ placement: { affinity } }),
    "0/1 nodes are available: 1 node(s) didn't match pod affinity rules.",
  );
  t.deepEqual(explain(view, taskOf('t', { cpus: 1 })).fitting, ['a']);
  view.release('p');
  t.deepEqual(explain(view, taskOf('t', { cpus: 4, ports: [hostPort(80)] })).fitting, ['a']);
  view.nominate(nominated, 'a');
  view.assume(nominated, 'a', { cpuNano: 3e9, memoryBytes: 0, pids: 0, generic: undefined });
  view.release('p');
  t.deepEqual(explain(view, taskOf('t', { cpus: 2 })).fitting, [], 'it is there by now');
});
