import test from 'ava';
import { NodeState, NodeStatus } from '#proto';
import { stayOnLostNode } from '#scheduler';
import { parseToleration } from '#cli/parse/taint';
import { nodeOf, taskOf } from '#test/_support/placement';

const key = 'node.tessera.io/unreachable';

/** What the service tolerates, what the task was made with (undefined: the same), when it was assigned, until when it stays. */
const cases: readonly (readonly [
  string,
  string,
  readonly string[],
  readonly string[] | undefined,
  number,
  number | undefined,
])[] = [
  ['1.1', 'without a toleration nothing is said', [], undefined, 0, undefined],
  ['1.1', 'seconds run from when the node went', [`${key}:NoExecute:300`], undefined, 0, 310_000],
  ['1.1', 'or from a later assignment', [`${key}:NoExecute:300`], undefined, 15_000, 315_000],
  ['1.1', 'without seconds it stays forever', [`${key}:NoExecute`], undefined, 0, Infinity],
  ['1.1', 'no effect is every effect', [key], undefined, 0, Infinity],
  ['1.1', '0 seconds are at once', [`${key}:NoExecute:0`], undefined, 0, -Infinity],
  ['1.1', 'fewer are too', [`${key}:NoExecute:-1`], undefined, 0, -Infinity],
  ['1.1', 'NoSchedule is another taint', [`${key}:NoSchedule`], undefined, 0, undefined],
  ['1.1', 'the taint has no value', [`${key}=yes:NoExecute`], undefined, 0, undefined],
  ['1.1', 'another key is another taint', ['disk:NoExecute:300'], undefined, 0, undefined],
  [
    '1.1',
    "Kubernetes' name means it too",
    ['node.kubernetes.io/unreachable:NoExecute:60'],
    undefined,
    0,
    70_000,
  ],
  ['0200', 'all taints are not this one', ['*', '*:NoExecute:60'], undefined, 0, undefined],
  [
    '1.1 case 9',
    'a later toleration makes no time longer',
    [`${key}:NoExecute:100`],
    [`${key}:NoExecute:1`],
    0,
    11_000,
  ],
  [
    '1.1 case 9',
    'but it makes one shorter',
    [`${key}:NoExecute:1`],
    [`${key}:NoExecute:100`],
    0,
    11_000,
  ],
  ['1.1 case 9', 'one that is gone says nothing', [], [`${key}:NoExecute:100`], 0, undefined],
  ['1.1', 'one that came later holds', [`${key}:NoExecute:100`], [], 0, 110_000],
];
for (const [rule, title, service, own, assignedAtMs, expected] of cases) {
  test(`${rule}: on a lost node: ${title}`, (t) => {
    const node = {
      ...nodeOf('n1'),
      status: NodeStatus.create({ state: NodeState.DOWN, changedAtMs: 10_000 }),
    };
    const parsed = (texts: readonly string[]) => texts.map((text) => parseToleration('t', text));
    const made = taskOf('web0', { nodeId: 'n1' });
    const placement = { ...made.spec?.placement, tolerations: parsed(own ?? service) };
    const task = { ...made, assignedAtMs, spec: { ...made.spec, placement } } as typeof made;
    t.is(stayOnLostNode(node, task, parsed(service)), expected);
  });
}
