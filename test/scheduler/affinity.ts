import test from 'ava';
import { AffinityTerm, TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { explain } from '#scheduler';
import { stackLabel } from '#scheduler/task-kind';
import { affinityTerm, preferringTasks, requiringTasks } from '#test/_support/affinity';
import { nodeOf, outcome, taskOf, tasksOf, viewOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';

const noAffinity = "node(s) didn't match pod affinity rules";
const noAnti = "node(s) didn't match pod anti-affinity rules";
const noExisting = "node(s) didn't satisfy existing pods anti-affinity rules";

let count = 0;
const on = (nodeId: string, labels: Record<string, string>, shape: TaskShape = {}): Task =>
  taskOf(`old${count++}`, {
    nodeId,
    state: TaskState.RUNNING,
    labels,
    service: `other${count}`,
    ...shape,
  });
const affine = (...terms: readonly AffinityTerm[]) => ({ affinity: requiringTasks(...terms) });
const anti = (...terms: readonly AffinityTerm[]) => ({ antiAffinity: requiringTasks(...terms) });

/** Node by node, in order: undefined for one that fits, else its reason. */
function verdicts(nodes: readonly Node[], tasks: readonly Task[], task: Task) {
  const { refused, fitting } = explain(viewOf(nodes, tasks), task);
  return nodes.map(({ id }) =>
    fitting.includes(id)
      ? undefined
      : refused.find((one) => one.nodeId === id)?.refusal.reasons.join(),
  );
}

const regions = [
  nodeOf('m1', { labels: { region: 'China' } }),
  nodeOf('m2', { labels: { region: 'China', az: 'az1' } }),
  nodeOf('m3', { labels: { region: 'India' } }),
];
const byRegion = (...texts: readonly string[]) => affinityTerm('region', texts);
const zones = [
  nodeOf('a', { labels: { zone: 'z1', host: 'a' } }),
  nodeOf('b', { labels: { zone: 'z1', host: 'b' } }),
  nodeOf('c', { labels: { zone: 'z2', host: 'c' } }),
  nodeOf('d', { labels: {} }),
];

interface Row {
  readonly name: string;
  readonly nodes?: readonly Node[];
  readonly tasks?: readonly Task[];
  readonly task: TaskShape;
  readonly expected: readonly (string | undefined)[];
}

const rows: readonly Row[] = [
  {
    name: 'case 1: affinity by region reaches every node of the region',
    tasks: [on('m1', { foo: 'bar' })],
    task: { placement: affine(byRegion('foo=bar')) },
    expected: [undefined, undefined, noAffinity],
  },
  {
    name: 'an affinity that nothing meets',
    tasks: [on('m1', { foo: 'baz' })],
    task: { placement: affine(byRegion('foo=bar')) },
    expected: [noAffinity, noAffinity, noAffinity],
  },
  {
    name: 'a node that lacks the key fails',
    tasks: [on('m2', { foo: 'bar' })],
    task: { placement: affine(affinityTerm('az', ['foo=bar'])) },
    expected: [noAffinity, undefined, noAffinity],
  },
  {
    name: 'several terms must be met by the same tasks',
    tasks: [on('m1', { a: '1' }), on('m1', { b: '1' })],
    task: { placement: affine(byRegion('a=1'), byRegion('b=1')) },
    expected: [noAffinity, noAffinity, noAffinity],
  },
  {
    name: 'several terms met by one task, each in its own domain',
    tasks: [on('m2', { a: '1', b: '1' })],
    task: { placement: affine(byRegion('a=1'), affinityTerm('az', ['b=1'])) },
    expected: [noAffinity, undefined, noAffinity],
  },
  {
    name: 'bootstrap: the first of a series may go to any node with the key',
    nodes: zones,
    task: { labels: { app: 'web' }, placement: affine(affinityTerm('zone', ['app=web'])) },
    expected: [undefined, undefined, undefined, noAffinity],
  },
  {
    name: 'bootstrap ends with the first task that matches',
    nodes: zones,
    tasks: [on('c', { app: 'web' })],
    task: { labels: { app: 'web' }, placement: affine(affinityTerm('zone', ['app=web'])) },
    expected: [noAffinity, noAffinity, undefined, noAffinity],
  },
  {
    name: 'bootstrap needs a task that meets all of its own terms',
    nodes: zones,
    task: {
      labels: { app: 'web' },
      placement: affine(affinityTerm('zone', ['app=web']), affinityTerm('zone', ['app=db'])),
    },
    expected: [noAffinity, noAffinity, noAffinity, noAffinity],
  },
  {
    name: 'case 3: NotIn on its own label is not met by itself',
    tasks: [on('m1', { foo: 'bar' })],
    task: {
      labels: { foo: 'bar' },
      placement: affine(byRegion('foo notin bar')),
    },
    expected: [noAffinity, noAffinity, noAffinity],
  },
  {
    name: 'anti-affinity: any one term is enough',
    nodes: zones,
    tasks: [on('a', { app: 'web' })],
    task: {
      placement: anti(affinityTerm('zone', ['app=db']), affinityTerm('zone', ['app=web'])),
    },
    expected: [noAnti, noAnti, undefined, undefined],
  },
  {
    name: 'anti-affinity: a node that lacks the key cannot violate it',
    nodes: zones,
    tasks: [on('d', { app: 'web' })],
    task: { placement: anti(affinityTerm('zone', ['app=web'])) },
    expected: [undefined, undefined, undefined, undefined],
  },
  {
    name: 'case 5: an existing anti-affinity keeps away what declares nothing',
    nodes: zones,
    tasks: [on('a', {}, { placement: anti(affinityTerm('zone', ['security=S1'])) })],
    task: { labels: { security: 'S1' } },
    expected: [noExisting, noExisting, undefined, undefined],
  },
  {
    name: 'an existing anti-affinity may select by several values, or by none',
    nodes: zones,
    tasks: [
      on('a', {}, { placement: anti(affinityTerm('zone', ['security in S0,S1'])) }),
      on('c', {}, { placement: anti(affinityTerm('zone', [])) }),
    ],
    task: { labels: { security: 'S1' } },
    expected: [noExisting, noExisting, noExisting, undefined],
  },
  {
    name: 'an existing anti-affinity that selects others keeps nothing away',
    nodes: zones,
    tasks: [on('a', {}, { placement: anti(affinityTerm('zone', ['security=S2'])) })],
    task: { labels: { security: 'S1' } },
    expected: [undefined, undefined, undefined, undefined],
  },
  {
    name: 'an existing required affinity keeps nothing away',
    nodes: zones,
    tasks: [on('a', { x: '1' }, { placement: affine(affinityTerm('zone', ['x=1'])) })],
    task: { labels: { x: '1' } },
    expected: [undefined, undefined, undefined, undefined],
  },
  {
    name: 'case 7: an existing term whose key no node has does nothing, a second one its zone',
    nodes: zones,
    tasks: [
      on(
        'a',
        {},
        { placement: anti(affinityTerm('planet', ['app=web']), affinityTerm('zone', ['app=web'])) },
      ),
    ],
    task: { labels: { app: 'web' } },
    expected: [noExisting, noExisting, undefined, undefined],
  },
  {
    name: 'case 7: alone it has no effect on any node',
    nodes: zones,
    tasks: [on('a', {}, { placement: anti(affinityTerm('planet', ['app=web'])) })],
    task: { labels: { app: 'web' } },
    expected: [undefined, undefined, undefined, undefined],
  },
  {
    name: 'case 9: terms mean tasks of their own stack, existing ones too',
    tasks: [
      on('m1', { foo: 'bar', [stackLabel]: 'NS1' }),
      on('m3', { [stackLabel]: 'NS2' }, { placement: anti(byRegion('foo=123')) }),
    ],
    task: {
      labels: { foo: '123', [stackLabel]: 'NS1' },
      placement: anti(byRegion('foo=bar')),
    },
    expected: [noAnti, noAnti, undefined],
  },
  {
    name: 'stacks: named ones instead of its own',
    tasks: [on('m1', { foo: 'bar', [stackLabel]: 'NS2' }), on('m3', { foo: 'bar' })],
    task: { placement: affine(affinityTerm('region', ['foo=bar'], { stacks: ['NS2'] })) },
    expected: [undefined, undefined, noAffinity],
  },
  {
    name: 'stacks: any',
    tasks: [on('m1', { foo: 'bar', [stackLabel]: 'NS2' }), on('m3', { foo: 'bar' })],
    task: { placement: affine(affinityTerm('region', ['foo=bar'], { isAnyStack: true })) },
    expected: [undefined, undefined, undefined],
  },
  {
    name: 'no selector matches no task',
    tasks: [on('m1', { foo: 'bar' })],
    task: { placement: anti(AffinityTerm.create({ topologyKey: 'region' })) },
    expected: [undefined, undefined, undefined],
  },
  {
    name: 'an empty selector matches every task',
    tasks: [on('m1', {})],
    task: { placement: anti(affinityTerm('region', [])) },
    expected: [noAnti, noAnti, undefined],
  },
  {
    name: 'matchLabelKeys: only tasks with the same value',
    tasks: [on('m1', { app: 'web', rev: '1' }), on('m3', { app: 'web', rev: '2' })],
    task: {
      labels: { app: 'web', rev: '2' },
      placement: anti(affinityTerm('region', ['app=web'], { matchLabelKeys: ['rev', 'none'] })),
    },
    expected: [undefined, undefined, noAnti],
  },
  {
    name: 'mismatchLabelKeys: only tasks with another value',
    tasks: [on('m1', { app: 'web', rev: '1' }), on('m3', { app: 'web', rev: '2' })],
    task: {
      labels: { app: 'web', rev: '2' },
      placement: anti(affinityTerm('region', ['app=web'], { mismatchLabelKeys: ['rev'] })),
    },
    expected: [noAnti, noAnti, undefined],
  },
  {
    name: 'the name of the service is a label of its tasks',
    tasks: [on('m1', {}, { service: 'db' })],
    task: { placement: affine(byRegion('service.name=db')) },
    expected: [undefined, undefined, noAffinity],
  },
  {
    name: 'check order: affinity, own anti-affinity, that of existing tasks',
    tasks: [on('m1', { a: '1' }, { placement: anti(byRegion('x=1')) })],
    task: {
      labels: { x: '1' },
      placement: { ...affine(byRegion('b=1')), ...anti(byRegion('a=1')) },
    },
    expected: [noAffinity, noAffinity, noAffinity],
  },
  {
    name: 'check order: own anti-affinity before that of existing tasks',
    tasks: [on('m1', { a: '1' }, { placement: anti(byRegion('x=1')) })],
    task: { labels: { x: '1' }, placement: anti(byRegion('a=1')) },
    expected: [noAnti, noAnti, undefined],
  },
];
for (const { name, nodes = regions, tasks = [], task, expected } of rows) {
  test(`1.3: ${name}`, (t) => {
    t.deepEqual(verdicts(nodes, tasks, taskOf('t', { service: 'new', ...task })), expected);
  });
}

test('1.3: unmet affinity cannot be resolved by evictions, anti-affinity can', (t) => {
  const isResolvable = (tasks: readonly Task[], shape: TaskShape): boolean | undefined =>
    explain(viewOf(regions, tasks), taskOf('t', { service: 'new', ...shape })).refused[0]?.refusal
      .isResolvable;
  t.false(isResolvable([], { placement: affine(byRegion('foo=bar')) }));
  t.true(isResolvable([on('m1', { foo: 'bar' })], { placement: anti(byRegion('foo=bar')) }));
  const guard = on('m1', {}, { placement: anti(byRegion('foo=bar')) });
  t.true(isResolvable([guard], { labels: { foo: 'bar' } }));
});

test('1.3: tasks of a service that avoids itself go to different domains, the rest waits', (t) => {
  const labels = { app: 'web' };
  const shape = { labels, placement: anti(affinityTerm('zone', ['app=web'])) };
  t.deepEqual(outcome(viewOf(zones.slice(0, 3)), tasksOf(3, shape)), {
    counts: { a: 1, c: 1 },
    explanations: [`0/3 nodes are available: 3 ${noAnti}.`],
  });
});

test('1.3: a service that wants to be together gathers where its first task went', (t) => {
  const shape = {
    labels: { app: 'web' },
    cpus: 1,
    placement: affine(affinityTerm('zone', ['app=web'])),
  };
  const small = [
    nodeOf('a', { labels: { zone: 'z1' }, cpus: 2 }),
    nodeOf('b', { labels: { zone: 'z2' }, cpus: 2 }),
  ];
  t.deepEqual(outcome(viewOf(small), tasksOf(3, shape)), {
    counts: { a: 2 },
    explanations: [`0/2 nodes are available: 1 Insufficient cpu, 1 ${noAffinity}.`],
  });
});

test('1.3: a task that has stopped neither attracts nor keeps away', (t) => {
  const guard = on('m1', { foo: 'bar' }, { placement: anti(byRegion('foo=bar')) });
  const view = viewOf(regions, [guard]);
  const task = taskOf('t', { service: 'new', labels: { foo: 'bar' } });
  t.is(explain(view, task).fitting.length, 1);
  view.setTask({ ...guard, desiredState: TaskState.SHUTDOWN }, guard);
  t.is(explain(view, task).fitting.length, 1, 'it still runs');
  view.setTask(
    {
      ...on('m1', {}),
      id: guard.id,
      status: { ...guard.status, state: TaskState.SHUTDOWN },
    } as Task,
    guard,
  );
  t.is(explain(view, task).fitting.length, 3);
});

test('1.3: a node that changes its label takes its tasks to the other domain', (t) => {
  const view = viewOf(regions, [on('m1', { foo: 'bar' })]);
  const task = taskOf('t', { service: 'new', placement: affine(byRegion('foo=bar')) });
  t.deepEqual(explain(view, task).fitting, ['m1', 'm2']);
  view.setNode(nodeOf('m1', { labels: { region: 'India' } }));
  t.deepEqual(explain(view, task).fitting, ['m1', 'm3']);
});

const chosen = (nodes: readonly Node[], tasks: readonly Task[], shape: TaskShape) =>
  outcome(viewOf(nodes, tasks), [taskOf('t', { service: 'new', ...shape })]).counts;

test('1.3 scores: preferred terms attract and repel by their weights', (t) => {
  const near = affinityTerm('zone', ['app=db']);
  const shape = { placement: { affinity: preferringTasks([1, near]) } };
  t.deepEqual(chosen(zones, [on('c', { app: 'db' })], shape), { c: 1 });
  const far = { placement: { antiAffinity: preferringTasks([1, near]) } };
  t.deepEqual(chosen(zones.slice(0, 3), [on('a', { app: 'db' })], far), { c: 1 });
  const both = {
    placement: {
      affinity: preferringTasks([2, affinityTerm('zone', ['app=x'])]),
      antiAffinity: preferringTasks([5, near]),
    },
  };
  const stand = [on('a', { app: 'db' }), on('b', { app: 'x' }), on('b', { app: 'x' })];
  t.deepEqual(chosen(zones.slice(0, 3), stand, both), { c: 1 }, '2 + 2 - 5 is below 0');
});

test('1.3 scores: preferred terms of existing tasks count for those they select', (t) => {
  const guard = on(
    'c',
    {},
    {
      placement: { affinity: preferringTasks([1, affinityTerm('zone', ['app=web'])]) },
    },
  );
  t.deepEqual(chosen(zones, [guard], { labels: { app: 'web' } }), { c: 1 });
  const shy = on(
    'a',
    {},
    {
      placement: { antiAffinity: preferringTasks([1, affinityTerm('zone', ['app=web'])]) },
    },
  );
  t.deepEqual(chosen(zones.slice(0, 3), [shy], { labels: { app: 'web' } }), { c: 1 });
});

test('1.3 scores: the required affinity of an existing task attracts what it selects', (t) => {
  const fond = on(
    'c',
    { app: 'web' },
    {
      placement: affine(affinityTerm('zone', ['app=web'])),
    },
  );
  t.deepEqual(chosen(zones, [fond], { labels: { app: 'web' } }), { c: 1 });
});

test('1.3 scores: a service that prefers distance spreads, one that prefers company gathers', (t) => {
  const labels = { app: 'web' };
  const self = affinityTerm('zone', ['app=web']);
  const apart = { labels, placement: { antiAffinity: preferringTasks([100, self]) } };
  t.deepEqual(outcome(viewOf(zones.slice(0, 3)), tasksOf(4, apart)).counts, { a: 1, b: 1, c: 2 });
  const together = { labels, placement: { affinity: preferringTasks([100, self]) } };
  t.deepEqual(outcome(viewOf(zones.slice(0, 3)), tasksOf(4, together)).counts, { a: 2, b: 2 });
});
