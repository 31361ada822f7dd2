import test from 'ava';
import { SpreadAction, TaskState } from '#proto';
import type { Node, Task, TopologySpread } from '#proto';
import { explain } from '#scheduler';
import { stackLabel } from '#scheduler/task-kind';
import { nodeTerm, requiringNodes, spreadOver, taskSelector } from '#test/_support/affinity';
import { nodeOf, outcome, taskOf, tasksOf, viewOf } from '#test/_support/placement';
import type { NodeShape, TaskShape } from '#test/_support/placement';

const skewed = "node(s) didn't match pod topology spread constraints";
const unlabelled = `${skewed} (missing required label)`;

/** Four nodes, two zones. */
const nodes = (init: readonly NodeShape[] = []): readonly Node[] =>
  ['a', 'b', 'x', 'y'].map((id, at) =>
    nodeOf(id, { labels: { zone: at < 2 ? 'zone1' : 'zone2', node: id }, ...init[at] }),
  );
let made = 0;
const stand = (counts: Readonly<Record<string, number>>, shape: TaskShape = {}): readonly Task[] =>
  Object.entries(counts).flatMap(([nodeId, count]) =>
    tasksOf(
      count,
      { nodeId, state: TaskState.RUNNING, labels: { app: 'web' }, service: 'old', ...shape },
      `old${made++}-`,
    ),
  );

interface Row {
  readonly name: string;
  readonly spreads: readonly TopologySpread[];
  readonly tasks?: readonly Task[];
  readonly nodes?: readonly Node[];
  readonly task?: TaskShape;
  readonly expected: readonly (string | undefined)[];
}
const ok = undefined;

const rows: readonly Row[] = [
  {
    name: 'case 1: nodes 2/1/0/3, maxSkew 1: only the node with none',
    spreads: [spreadOver('node', 1)],
    tasks: stand({ a: 2, b: 1, y: 3 }),
    expected: [skewed, skewed, ok, skewed],
  },
  {
    name: 'case 1: nodes 2/1/0/3, maxSkew 2: the nodes with one and with none',
    spreads: [spreadOver('node', 2)],
    tasks: stand({ a: 2, b: 1, y: 3 }),
    expected: [skewed, ok, ok, skewed],
  },
  {
    name: 'a task that does not count itself may go where the skew is not yet beyond',
    spreads: [spreadOver('node', 1)],
    tasks: stand({ a: 2, b: 1, y: 3 }),
    task: { labels: { app: 'other' } },
    expected: [skewed, ok, ok, skewed],
  },
  {
    name: 'case 3: zones 3/3: all fit',
    spreads: [spreadOver('zone', 1)],
    tasks: stand({ a: 2, b: 1, x: 3 }),
    expected: [ok, ok, ok, ok],
  },
  {
    name: 'case 3: tasks of a node with a typo in its label vanish from the count',
    spreads: [spreadOver('zone', 1)],
    nodes: nodes([{}, { labels: { zon: 'zone1', node: 'b' } }]),
    tasks: stand({ a: 1, b: 2, x: 2 }),
    expected: [ok, unlabelled, skewed, skewed],
  },
  {
    name: 'case 5: tasks of other stacks do not count',
    spreads: [spreadOver('node', 1)],
    tasks: [
      ...stand({ a: 2 }, { labels: { app: 'web', [stackLabel]: 'ns2' } }),
      ...stand({ b: 1 }),
    ],
    expected: [ok, skewed, ok, ok],
  },
  {
    name: 'case 5: no selector: everything fits',
    spreads: [spreadOver('node', 1, { selector: undefined })],
    tasks: stand({ a: 9 }),
    expected: [ok, ok, ok, ok],
  },
  {
    name: 'an empty selector counts nothing either',
    spreads: [spreadOver('node', 1, { selector: taskSelector() })],
    tasks: stand({ a: 9 }),
    expected: [ok, ok, ok, ok],
  },
  {
    name: 'case 7: 2/2/1, maxSkew 2, minDomains 4 of 3: the least counts as 0',
    spreads: [spreadOver('node', 2, { minDomains: 4 })],
    nodes: nodes().slice(0, 3),
    tasks: stand({ a: 2, b: 2, x: 1 }),
    expected: [skewed, skewed, ok],
  },
  {
    name: 'case 7: 2/2/1, maxSkew 2, minDomains 2: all fit',
    spreads: [spreadOver('node', 2, { minDomains: 2 })],
    nodes: nodes().slice(0, 3),
    tasks: stand({ a: 2, b: 2, x: 1 }),
    expected: [ok, ok, ok],
  },
  {
    name: 'case 7: zones 2/1, maxSkew 2, minDomains 3: only the second zone',
    spreads: [spreadOver('zone', 2, { minDomains: 3 })],
    tasks: stand({ a: 1, b: 1, x: 1 }),
    expected: [skewed, skewed, ok, ok],
  },
  {
    name: 'case 9: zones 3/3 and nodes 2/1/0/3: the node with none',
    spreads: [spreadOver('zone', 1), spreadOver('node', 1)],
    tasks: stand({ a: 2, b: 1, y: 3 }),
    expected: [skewed, skewed, ok, skewed],
  },
  {
    name: 'case 9: zones 3/4 and nodes 2/1/0/4: nothing fits',
    spreads: [spreadOver('zone', 1), spreadOver('node', 1)],
    tasks: stand({ a: 2, b: 1, y: 4 }),
    expected: [skewed, skewed, skewed, skewed],
  },
  {
    name: 'only nodes with the keys of all hard spreads are counted',
    spreads: [spreadOver('zone', 1), spreadOver('node', 9)],
    nodes: nodes([{ labels: { zone: 'zone1' } }]),
    tasks: stand({ a: 5, b: 1, x: 1 }),
    expected: [unlabelled, ok, ok, ok],
  },
  {
    name: 'tasks that are being stopped do not count',
    spreads: [spreadOver('node', 1)],
    tasks: stand({ a: 2 }, { desired: TaskState.SHUTDOWN }),
    expected: [ok, ok, ok, ok],
  },
  {
    name: 'nodeAffinityPolicy Honor: nodes that are not asked for have no domain to fill',
    spreads: [spreadOver('zone', 1)],
    tasks: stand({ a: 2 }),
    task: { placement: { nodeSelector: { zone: 'zone1' } } },
    expected: [
      ok,
      ok,
      "node(s) didn't match Pod's node affinity/selector",
      "node(s) didn't match Pod's node affinity/selector",
    ],
  },
  {
    name: 'nodeAffinityPolicy Ignore: they have',
    spreads: [spreadOver('zone', 1, { isNodeAffinityIgnored: true })],
    tasks: stand({ a: 2 }),
    task: { placement: { nodeAffinity: requiringNodes(nodeTerm('zone in zone1')) } },
    expected: [
      skewed,
      skewed,
      "node(s) didn't match Pod's node affinity/selector",
      "node(s) didn't match Pod's node affinity/selector",
    ],
  },
  {
    name: 'nodeTaintsPolicy Ignore: a tainted node has a domain to fill',
    spreads: [spreadOver('node', 1)],
    nodes: nodes([{}, { taints: ['k:NoSchedule'] }]).slice(0, 2),
    tasks: stand({ a: 1 }),
    expected: [skewed, 'node(s) had untolerated taint {k: }'],
  },
  {
    name: 'nodeTaintsPolicy Honor: it has not',
    spreads: [spreadOver('node', 1, { areTaintsHonoured: true })],
    nodes: nodes([{}, { taints: ['k:NoSchedule'] }]).slice(0, 2),
    tasks: stand({ a: 1 }),
    expected: [ok, 'node(s) had untolerated taint {k: }'],
  },
  {
    name: 'matchLabelKeys: another version of the service is spread by itself',
    spreads: [spreadOver('node', 1, { matchLabelKeys: ['service.version'] })],
    tasks: [...stand({ a: 3 }, { specVersion: 1 }), ...stand({ b: 1 }, { specVersion: 2 })],
    task: { specVersion: 2 },
    expected: [ok, skewed, ok, ok],
  },
];
for (const row of rows) {
  test(`1.4: ${row.name}`, (t) => {
    const all = row.nodes ?? nodes();
    const { placement, ...shape } = row.task ?? {};
    const task = taskOf('t', {
      service: 'new',
      labels: { app: 'web' },
      ...shape,
      placement: { ...placement, topologySpread: row.spreads },
    });
    const { refused, fitting } = explain(viewOf(all, row.tasks ?? []), task);
    t.deepEqual(
      all.map(({ id }) =>
        fitting.includes(id)
          ? undefined
          : refused.find((one) => one.nodeId === id)?.refusal.reasons.join(),
      ),
      row.expected,
    );
  });
}

test('1.4: a skew can be resolved by evictions, a missing label cannot', (t) => {
  const view = viewOf(nodes([{}, { labels: {} }]), stand({ a: 1 }));
  const topologySpread = [spreadOver('node', 1)];
  const task = taskOf('t', { labels: { app: 'web' }, placement: { topologySpread } });
  const resolvable = explain(view, task).refused.map(({ nodeId, refusal }) => [
    nodeId,
    refusal.isResolvable,
    refusal.shortages,
  ]);
  t.deepEqual(resolvable, [
    ['a', true, [{ name: 'skew', need: 2, have: 1, capacity: 1 }]],
    ['b', false, []],
  ]);
});

const soft = (key: string, maxSkew = 1): TopologySpread =>
  spreadOver(key, maxSkew, { action: SpreadAction.SCHEDULE_ANYWAY });
const web = (...topologySpread: readonly TopologySpread[]): TaskShape => ({
  labels: { app: 'web' },
  placement: { topologySpread },
});

test('1.4: a hard spread places evenly and leaves the rest waiting where a domain is full', (t) => {
  const view = viewOf(nodes([{ cpus: 1 }, { cpus: 0 }, { cpus: 9 }, { cpus: 9 }]));
  const result = outcome(view, tasksOf(5, { cpus: 1, ...web(spreadOver('zone', 1)) }));
  t.deepEqual(result.counts, { a: 1, x: 1, y: 1 });
  t.deepEqual(result.explanations, [`0/4 nodes are available: 2 Insufficient cpu, 2 ${skewed}.`]);
});

test('1.4: a soft spread places evenly but leaves nothing waiting', (t) => {
  const view = viewOf(nodes([{ cpus: 1 }, { cpus: 0 }, { cpus: 9 }, { cpus: 9 }]));
  const result = outcome(view, tasksOf(5, { cpus: 1, ...web(soft('zone')) }));
  t.deepEqual(result.counts, { a: 1, x: 2, y: 2 });
});

test('1.4: nodes that lack a key of a soft spread come last', (t) => {
  const view = viewOf(nodes([{ labels: {} }]), stand({ b: 3, x: 3, y: 3 }));
  t.deepEqual(outcome(view, tasksOf(3, { ...web(soft('node')), service: 'n' })).counts, {
    b: 1,
    x: 1,
    y: 1,
  });
});

test('1.4: a domain that is behind takes what comes until it is not', (t) => {
  const view = viewOf(nodes(), stand({ a: 2, b: 2 }));
  const tasks = tasksOf(6, { ...web(spreadOver('zone', 1)), service: 'n' });
  t.deepEqual(outcome(view, tasks).counts, { a: 1, x: 3, y: 2 });
});

test("1.4: Swarm's preferences go on to hold beside other rules, as soft spreads", (t) => {
  const view = viewOf(nodes());
  const shape = { ...web(spreadOver('node', 2)), preferences: ['spread=node.labels.zone'] };
  t.deepEqual(outcome(view, tasksOf(6, shape)).counts, { a: 2, b: 1, x: 2, y: 1 });
});

test('1.4: a task that is asked to stop is no longer counted, though it still runs', (t) => {
  const [old] = stand({ a: 1 });
  if (old === undefined) return t.fail();
  const view = viewOf(nodes(), [old]);
  const task = taskOf('t', { ...web(spreadOver('node', 1)), service: 'new' });
  t.deepEqual(explain(view, task).fitting, ['b', 'x', 'y']);
  const stopping = { ...old, desiredState: TaskState.SHUTDOWN };
  view.setTask(stopping, old);
  t.deepEqual(explain(view, task).fitting, ['a', 'b', 'x', 'y']);
  view.removeTask(old.id);
  t.deepEqual(explain(view, task).fitting, ['a', 'b', 'x', 'y']);
});
