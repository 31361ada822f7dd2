import test from 'ava';
import { NodeSpec, Taint, TaintEffect, Toleration, TolerationOperator as Operator } from '#proto';
import { stayOf, stayOfTask, taintId, untolerated } from '#scheduler';
import { tolerates } from '#scheduler/toleration';
import { parseTaint, parseToleration } from '#cli/parse/taint';
import { aNode } from '#test/_support/objects';
import { nodeOf, outcome, taskOf, tasksOf, viewOf } from '#test/_support/placement';

const { NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE } = TaintEffect;
const tol = (init: Partial<Toleration>): Toleration => Toleration.create(init);
const taint = (text: string): Taint => parseTaint('--taint', text);

const matching: readonly (readonly [string, Partial<Toleration>, string, boolean])[] = [
  [
    'case 1: without an operator the values are compared',
    { key: 'dedicated', value: 'user1', effect: NO_SCHEDULE },
    'dedicated=user1:NoSchedule',
    true,
  ],
  ['another value', { key: 'dedicated', value: 'user2' }, 'dedicated=user1:NoSchedule', false],
  ['another key', { key: 'other', value: 'user1' }, 'dedicated=user1:NoSchedule', false],
  ['another effect', { key: 'k', value: 'v', effect: NO_SCHEDULE }, 'k=v:NoExecute', false],
  ['no effect is every effect', { key: 'k', value: 'v' }, 'k=v:NoExecute', true],
  ['Exists takes any value', { key: 'k', operator: Operator.EXISTS }, 'k=v:NoSchedule', true],
  ['Exists still compares keys', { key: 'j', operator: Operator.EXISTS }, 'k=v:NoSchedule', false],
  ['Exists without a key takes all', { operator: Operator.EXISTS }, 'k=v:NoSchedule', true],
  [
    'Exists without a key takes all of its effect',
    { operator: Operator.EXISTS, effect: NO_EXECUTE },
    'k=v:NoSchedule',
    false,
  ],
  [
    'an operator that there is not',
    { key: 'k', value: 'v', operator: 9 as never },
    'k=v:NoSchedule',
    false,
  ],
  ...(
    [
      ['950', '800', false],
      ['950', '950', false],
      ['950', '951', true],
      ['-5', '-4', true],
      ['9223372036854775806', '9223372036854775807', true],
      ['9223372036854775807', '9223372036854775808', false],
      ['0100', '200', false],
      ['100', '0200', false],
      ['+100', '200', false],
      ['100.5', '200', false],
      ['', '200', false],
      ['100', '', false],
      ['100', 'high', false],
      ['-0', '1', false],
    ] as const
  ).map(
    ([toleration, value, expected]) =>
      [
        `case 7: Gt ${toleration || 'nothing'} beside ${value || 'nothing'}`,
        { key: 'k', operator: Operator.GREATER, value: toleration },
        `k=${value}:NoSchedule`,
        expected,
      ] as const,
  ),
  [
    'Lt is the other way',
    { key: 'k', operator: Operator.LESS, value: '10' },
    'k=9:NoSchedule',
    true,
  ],
  ['Lt is strict', { key: 'k', operator: Operator.LESS, value: '10' }, 'k=10:NoSchedule', false],
];
for (const [name, toleration, text, expected] of matching) {
  test(`1.1 ${name}: ${text} is ${expected ? '' : 'not '}tolerated`, (t) => {
    t.is(tolerates(tol(toleration), taint(text)), expected);
  });
}

test('1.1: every hard taint needs some toleration, and the first without one is named', (t) => {
  const hard = [taint('a=1:NoSchedule'), taint('b=1:NoExecute')];
  const a = tol({ key: 'a', value: '1' });
  const b = tol({ key: 'b', operator: Operator.EXISTS });
  t.is(untolerated(hard, [])?.key, 'a');
  t.is(untolerated(hard, [a])?.key, 'b');
  t.is(untolerated(hard, [b, a]), undefined);
});

test('1.1: a taint is known by key and effect, not by its value', (t) => {
  t.is(taintId(taint('a=1:NoSchedule')), taintId(taint('a=2:NoSchedule')));
  t.not(taintId(taint('a=1:NoSchedule')), taintId(taint('a=1:NoExecute')));
});

test('1.1: NoSchedule and NoExecute keep tasks away, those that tolerate them come', (t) => {
  const nodes = [
    nodeOf('a', { taints: ['k=v:NoSchedule'] }),
    nodeOf('b', { taints: ['k=v:NoExecute'] }),
  ];
  const go = (...texts: readonly string[]): Record<string, number> =>
    outcome(
      viewOf(nodes),
      tasksOf(2, { tolerations: texts.map((text) => parseToleration('t', text)) }),
    ).counts;
  t.deepEqual(go(), {});
  t.deepEqual(go('k=v:NoSchedule'), { a: 2 });
  t.deepEqual(go('k=w'), {});
  t.deepEqual(go('k=v'), { a: 1, b: 1 });
  t.deepEqual(go('*'), { a: 1, b: 1 });
});

test('1.1 case 3: a PreferNoSchedule taint keeps nothing away, but a clean node comes first', (t) => {
  const soft = nodeOf('a', { taints: ['k=v:PreferNoSchedule'] });
  t.deepEqual(outcome(viewOf([soft]), tasksOf(2)).counts, { a: 2 });
  const view = viewOf([soft, nodeOf('b', { cpus: 2 })]);
  t.deepEqual(outcome(view, tasksOf(3, { cpus: 1 })).counts, { b: 2, a: 1 });
});

test('1.1 case 5: how many PreferNoSchedule taints are tolerated does not matter', (t) => {
  const nodes = [
    nodeOf('a'),
    nodeOf('b', { taints: ['k=v:PreferNoSchedule'] }),
    nodeOf('c', { taints: ['k=v:PreferNoSchedule', 'j=v:PreferNoSchedule'] }),
  ];
  const tolerations = [parseToleration('t', '*')];
  const hardOnly = [tol({ operator: Operator.EXISTS, effect: NO_SCHEDULE })];
  t.deepEqual(outcome(viewOf(nodes), tasksOf(3, { tolerations })).counts, { a: 1, b: 1, c: 1 });
  // Only tolerations of that effect, or of every effect, count for it.
  t.deepEqual(outcome(viewOf(nodes), tasksOf(3, { tolerations: hardOnly })).counts, { a: 3 });
});

test('1.1: the fewer taints that ask to be avoided, the sooner a node is filled', (t) => {
  const soft = (...keys: readonly string[]) =>
    keys.map((key) => Taint.create({ key, effect: PREFER_NO_SCHEDULE }));
  const view = viewOf([
    nodeOf('a', { taints: soft('x', 'y'), cpus: 1 }),
    nodeOf('b', { taints: soft('x'), cpus: 1 }),
  ]);
  t.deepEqual(outcome(view, [taskOf('t', { cpus: 1 })]).counts, { b: 1 });
});

const at = 1_000_000;
const tainted = (...texts: readonly string[]) => {
  const taints = texts.map(taint);
  const taintedAtMs = Object.fromEntries(taints.map((one, index) => [taintId(one), at + index]));
  return aNode('n', { spec: NodeSpec.create({ taints }), taintedAtMs });
};
const stays: readonly (readonly [string, readonly string[], readonly string[], number])[] = [
  ['no taint', [], [], Infinity],
  ['other effects do not evict', ['k=v:NoSchedule', 'k=v:PreferNoSchedule'], [], Infinity],
  ['not tolerated: now', ['k=v:NoExecute'], [], -Infinity],
  ['one of two not tolerated: now', ['k=v:NoExecute', 'j:NoExecute'], ['k=v'], -Infinity],
  ['tolerated without a time: forever', ['k=v:NoExecute'], ['k=v:NoExecute'], Infinity],
  ['tolerated for 60 s', ['k=v:NoExecute'], ['k=v:NoExecute:60'], at + 60_000],
  ['0 is now', ['k=v:NoExecute'], ['k=v:NoExecute:0'], -Infinity],
  ['less than 0 is now', ['k=v:NoExecute'], ['k=v:NoExecute:-1'], -Infinity],
  [
    'the earliest of the finite times wins',
    ['k=v:NoExecute', 'j:NoExecute', 'i:NoExecute'],
    ['k=v:NoExecute:60', 'j:NoExecute:10', 'i:NoExecute'],
    at + 1 + 10_000,
  ],
  [
    'only tolerations that are used count',
    ['k=v:NoExecute'],
    ['k=v:NoExecute:60', 'j:NoExecute:1'],
    at + 60_000,
  ],
];
for (const [name, taints, tolerations, untilMs] of stays) {
  test(`1.1 NoExecute: ${name}`, (t) => {
    const parsed = tolerations.map((text) => parseToleration('t', text));
    t.is(stayOf(tainted(...taints), parsed, 0).untilMs, untilMs);
  });
}

test('1.1 NoExecute: a task that came after the taint counts from its assignment', (t) => {
  const tolerations = [parseToleration('t', 'k=v:NoExecute:60')];
  t.is(stayOf(tainted('k=v:NoExecute'), tolerations, at + 5_000).untilMs, at + 65_000);
});

test('1.1 case 9: a toleration made longer does not extend a stay, one taken away ends it', (t) => {
  const node = tainted('k=v:NoExecute');
  const of = (...texts: readonly string[]) => texts.map((text) => parseToleration('t', text));
  const counting = taskOf('t', { tolerations: of('k=v:NoExecute:1') });
  t.is(stayOfTask(node, counting, of('k=v:NoExecute:100')).untilMs, at + 1_000);
  const long = taskOf('t', { tolerations: of('k=v:NoExecute:100') });
  t.is(stayOfTask(node, long, of()).untilMs, -Infinity);
  t.is(stayOfTask(node, long, of('k=v:NoExecute:1')).untilMs, at + 1_000);
  // A service that learns to tolerate saves tasks that did not.
  t.is(stayOfTask(node, taskOf('t'), of('k=v:NoExecute')).untilMs, Infinity);
});
