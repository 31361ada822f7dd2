import test from 'ava';
import { validateNodeAffinity } from '#manager/control/validate-node-affinity';
import { NodeRole, SelectorOperator } from '#proto';
import type { NodeAffinity } from '#proto';
import { isAskedFor } from '#scheduler';
import { nodeWishOf, preferenceFor } from '#scheduler/node-affinity';
import { satisfies } from '#scheduler/selector';
import { expression, nodeTerm, preferringNodes, requiringNodes } from '#test/_support/affinity';
import { nodeOf, outcome, taskOf, tasksOf, viewOf } from '#test/_support/placement';
import { Placement, TaskState } from '#proto';

const node = {
  ...nodeOf('n1', { labels: { zone: 'a', gen: '0206', word: 'many', empty: '' } }),
  role: NodeRole.MANAGER,
};

const operators: readonly (readonly [string, boolean])[] = [
  ['zone in a,b', true],
  ['zone in b', false],
  ['zone in A', false],
  ['missing in a', false],
  ['zone notin b', true],
  ['zone notin a,b', false],
  ['missing notin a', true],
  ['zone', true],
  ['empty', true],
  ['missing', false],
  ['!missing', true],
  ['!zone', false],
  ['gen > 204', true],
  ['gen > 0204', true],
  ['gen > +205', true],
  ['gen > 206', false],
  ['gen < 207', true],
  ['gen < 0206', false],
  ['word > 1', false],
  ['missing > 1', false],
  ['gen > 1,2', false],
  ['gen > many', false],
  ['gen > 99999999999999999999', false],
  ['node.labels.zone in a', true],
  ['node.hostname in n1', true],
  ['node.role in manager', true],
  ['engine.labels.x', false],
];
for (const [text, expected] of operators) {
  test(`1.2 operators: ${text} ${expected ? 'holds' : 'does not hold'}`, (t) => {
    const placement = Placement.create({ nodeAffinity: requiringNodes(nodeTerm(text)) });
    t.is(isAskedFor(node, placement), expected);
  });
}

test('1.2 operators: one that there is not holds nowhere', (t) => {
  t.false(satisfies('a', { ...expression('zone'), operator: 9 as SelectorOperator }));
});

const required: readonly (readonly [string, NodeAffinity | undefined, boolean])[] = [
  ['required=nil matches', undefined, true],
  ['only preferences match', preferringNodes([1, nodeTerm('missing')]), true],
  ['no terms match nothing', requiringNodes(), false],
  ['an empty term matches nothing', requiringNodes(nodeTerm()), false],
  ['terms are ORed', requiringNodes(nodeTerm('missing'), nodeTerm('zone')), true],
  ['an empty term beside one that holds', requiringNodes(nodeTerm(), nodeTerm('zone')), true],
  ['expressions of a term are ANDed', requiringNodes(nodeTerm('missing', 'zone')), false],
  ['case 1: leading zeros are fine', requiringNodes(nodeTerm('gen > 0204')), true],
  [
    'case 3: a field holds, an expression of the same term does not',
    requiringNodes(nodeTerm('@metadata.name in n1', 'missing')),
    false,
  ],
  [
    'case 3: in a second term it does',
    requiringNodes(nodeTerm('missing'), nodeTerm('@metadata.name in n1')),
    true,
  ],
  ['a field with NotIn', requiringNodes(nodeTerm('@metadata.name notin n1')), false],
  ['a field that there is not', requiringNodes(nodeTerm('@metadata.uid in n1')), false],
];
for (const [name, nodeAffinity, expected] of required) {
  test(`1.2: ${name}`, (t) => {
    t.is(isAskedFor(node, Placement.create({ nodeAffinity })), expected);
  });
}

test('1.2: all pairs of the node selector must be there, with case', (t) => {
  const asked = (nodeSelector: Record<string, string>, nodeAffinity?: NodeAffinity): boolean =>
    isAskedFor(node, Placement.create({ nodeSelector, nodeAffinity }));
  t.true(asked({ zone: 'a', word: 'many' }));
  t.false(asked({ zone: 'a', word: 'few' }));
  t.false(asked({ zone: 'A' }));
  t.false(asked({ missing: '' }));
  t.true(asked({ empty: '' }));
});

test('1.2 case 9: node selector and required terms must both hold', (t) => {
  const asked = (zone: string, nodeAffinity: NodeAffinity): boolean =>
    isAskedFor(node, Placement.create({ nodeSelector: { zone }, nodeAffinity }));
  t.false(asked('a', requiringNodes(nodeTerm('missing'))));
  t.false(asked('b', requiringNodes(nodeTerm('zone'))));
  t.true(asked('a', requiringNodes(nodeTerm('zone'))));
});

test('1.2 case 5: a field with two values is refused', (t) => {
  const nodeAffinity = requiringNodes(nodeTerm('@metadata.name in n1,n2'));
  t.throws(() => validateNodeAffinity(nodeAffinity), { message: /must have one element/ });
});

test('1.2 IgnoredDuringExecution: a label that changes moves no task that stands', (t) => {
  const placement = { nodeAffinity: requiringNodes(nodeTerm('zone')) };
  const here = taskOf('here', { nodeId: 'n', state: TaskState.RUNNING, placement });
  const view = viewOf([nodeOf('n', { labels: { zone: 'a' } })], [here]);
  view.setNode(nodeOf('n'));
  t.is(view.service('s')?.taskCounts.get('n'), 1);
  t.deepEqual(outcome(view, [taskOf('t', { placement })]).explanations, [
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
  ]);
});

test('1.2 case 7: weights of 5 (holds), 7 (does not) and 11 (holds) sum up to 16', (t) => {
  const nodeAffinity = preferringNodes(
    [5, nodeTerm('@metadata.name in n1')],
    [7, nodeTerm('zone in b')],
    [11, nodeTerm('zone in a')],
    [0, nodeTerm('zone in a')],
    [50, nodeTerm()],
  );
  t.is(preferenceFor(node, nodeWishOf(Placement.create({ nodeAffinity }))), 16);
});

test('1.2: tasks go to nodes that are asked for only, and the reason names the rule', (t) => {
  const view = viewOf([
    nodeOf('a', { labels: { disk: 'ssd' }, cpus: 2 }),
    nodeOf('b', { labels: { disk: 'hdd' } }),
    nodeOf('c'),
  ]);
  const placement = { nodeSelector: { disk: 'ssd' } };
  t.deepEqual(outcome(view, tasksOf(3, { cpus: 1, placement })), {
    counts: { a: 2 },
    explanations: [
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector.",
    ],
  });
});

test('1.2: preferred nodes are filled first, the heaviest preference before the others', (t) => {
  const view = viewOf([
    nodeOf('a', { cpus: 2 }),
    nodeOf('b', { cpus: 2, labels: { disk: 'ssd' } }),
    nodeOf('c', { cpus: 2, labels: { disk: 'ssd', zone: 'x' } }),
  ]);
  const nodeAffinity = preferringNodes([50, nodeTerm('disk in ssd')], [50, nodeTerm('zone')]);
  const place = (count: number): Record<string, number> =>
    outcome(view, tasksOf(count, { cpus: 1, placement: { nodeAffinity } }, `t${count}-`)).counts;
  t.deepEqual(place(2), { c: 2 });
  t.deepEqual(place(3), { b: 2, a: 1 });
});
