import test from 'ava';
import fc from 'fast-check';
import { Availability, NodeState } from '#proto';
import type { Node, Task } from '#proto';
import { explain, hints, place } from '#scheduler';
import { affinityTerm, requiringTasks, spreadOver } from '#test/_support/affinity';
import { hostPort, nodeOf, taskOf, tasksOf, viewOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';
import { world } from '#test/_support/placement-world';

const running = { state: 512 } as const;

/** "text (placed)" of each hint; of several changes that belong together "a + b". */
function hinted(nodes: readonly Node[], standing: readonly Task[], task: Task): readonly string[] {
  return hints(viewOf(nodes, standing), [task], { nowMs: 0 }).map(({ changes }) =>
    changes.map(({ text }) => text).join(' + '),
  );
}

interface Case {
  readonly title: string;
  readonly nodes: readonly Node[];
  readonly standing?: readonly Task[];
  readonly task: TaskShape;
  readonly hints: readonly string[];
}

const held = (nodeId: string, shape: TaskShape = {}): Task =>
  taskOf(`h-${nodeId}-${shape.service ?? 'o'}`, { ...running, service: 'o', nodeId, ...shape });

const cases: readonly Case[] = [
  {
    title:
      'a reservation that is a little too large is lowered to what is left on the emptiest node',
    nodes: [nodeOf('a', { cpus: 4 }), nodeOf('b', { cpus: 4 })],
    standing: [held('a', { cpus: 0.5 }), held('b', { cpus: 3 })],
    task: { cpus: 4 },
    hints: [
      'lower --reserve-cpu from 4 to 3.5',
      'lower --reserve-cpu from 4 to 1',
      'add a node like a (4 cpus, 8192MiB)',
    ],
  },
  {
    title: 'a taint is tolerated, or taken off',
    nodes: [nodeOf('a', { taints: ['disk=slow:NoSchedule'] })],
    task: {},
    hints: ['add toleration disk=slow:NoSchedule', 'take taint {disk: slow} off node a'],
  },
  {
    title: 'a node gets the label that a constraint asks for',
    nodes: [nodeOf('a')],
    task: { constraints: ['node.labels.zone==A'] },
    hints: ['label node a zone=A', 'drop --constraint node.labels.zone==A'],
  },
  {
    title: 'a node gets the labels that the selector asks for',
    nodes: [nodeOf('a', { labels: { zone: 'b' } })],
    task: { placement: { nodeSelector: { zone: 'a', disk: 'ssd' } } },
    hints: ['label node a zone=a disk=ssd'],
  },
  {
    title: 'a drained node is opened again, before one that is down',
    nodes: [
      nodeOf('a', { state: NodeState.DOWN }),
      nodeOf('b', { availability: Availability.DRAIN }),
    ],
    task: {},
    hints: ['uncordon node b', 'bring node a back: it is not ready'],
  },
  {
    title: 'the limit of replicas per node is raised by one',
    nodes: [nodeOf('a')],
    standing: [held('a', { service: 's' })],
    task: { slot: 2, perNodeMax: 1 },
    hints: ['raise --replicas-max-per-node from 1 to 2', 'add a node like a (4 cpus, 8192MiB)'],
  },
  {
    title: 'a host port in use is freed',
    nodes: [nodeOf('a')],
    standing: [held('a', { ports: [hostPort(80)] })],
    task: { ports: [hostPort(80)] },
    hints: ['free port 80 on a', 'add a node like a (4 cpus, 8192MiB)'],
  },
  {
    title: 'a skew is raised as far as need be',
    nodes: [
      nodeOf('a', { labels: { zone: 'a' } }),
      nodeOf('b', { cpus: 0, labels: { zone: 'b' } }),
    ],
    standing: [held('a', { service: 's', labels: { app: 'web' } })],
    task: {
      slot: 2,
      cpus: 1,
      labels: { app: 'web' },
      placement: { topologySpread: [spreadOver('zone', 1)] },
    },
    hints: ['raise the skew of --spread zone from 1 to 2'],
  },
  {
    title: 'an anti-affinity is dropped, a new node is the dearer way',
    nodes: [nodeOf('a')],
    standing: [held('a', { labels: { app: 'w' } })],
    task: { placement: { antiAffinity: requiringTasks(affinityTerm('node.hostname', ['app=w'])) } },
    hints: ['drop --anti-affinity app=w@node.hostname', 'add a node like a (4 cpus, 8192MiB)'],
  },
  {
    title: 'where one change is not enough, those that belong together are named',
    nodes: [nodeOf('a', { cpus: 1, taints: ['gpu=:NoSchedule'] })],
    task: { cpus: 2, constraints: ['node.labels.zone==a'] },
    hints: [
      'add toleration gpu=:NoSchedule + label node a zone=a + lower --reserve-cpu from 2 to 1',
    ],
  },
  {
    title: 'nothing is advised where nothing helps',
    nodes: [nodeOf('a', { platform: { os: 'linux', architecture: 'arm64' } })],
    task: { platforms: [{ os: 'linux', architecture: 'amd64' }] },
    hints: [],
  },
];

for (const one of cases) {
  test(`hint: ${one.title}`, (t) => {
    const task = taskOf('t', one.task);
    t.deepEqual(hinted(one.nodes, one.standing ?? [], task), one.hints);
  });
}

test('a hint says for how many of the tasks it is enough', (t) => {
  const view = viewOf([nodeOf('a', { cpus: 4, taints: ['x=:NoSchedule'] })]);
  const [first, ...rest] = tasksOf(5, { cpus: 1 });
  t.truthy(first);
  if (first === undefined) return;
  t.is(hints(view, [first, ...rest], { nowMs: 0 })[0]?.placed, 4);
});

test('commands are words for a shell', (t) => {
  const nodes = [nodeOf('a', { taints: ["it's=x y:NoExecute"] })];
  const [hint] = hints(viewOf(nodes), [taskOf('t')], { nowMs: 0 });
  t.is(
    hint?.changes[0]?.command,
    "tsctl service update --toleration-add 'it'\\''s=x y:NoExecute' s",
  );
});

test('property: what a hint says holds, and looking for it leaves the view as it was', (t) => {
  const settings = { seed: 20261126, numRuns: 150 };
  fc.assert(
    fc.property(world, ({ nodes, tasks }) => {
      const view = viewOf(nodes);
      const { unplaced } = place(view, tasks, { nowMs: 0 });
      for (const { task } of unplaced.slice(0, 2)) {
        const before = explain(view, task);
        const found = hints(view, [task], { nowMs: 0 });
        t.deepEqual(explain(view, task), before);
        t.deepEqual(
          [...view.nodes()].map(({ id }) => id),
          nodes.map(({ id }) => id),
        );
        for (const { changes, placed } of found) {
          t.is(placed, 1);
          t.true(changes.length > 0);
        }
      }
    }),
    settings,
  );
});
