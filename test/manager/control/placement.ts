import test from 'ava';
import type { Clock } from '#lib';
import { systemClock } from '#lib/clock-node';
import {
  ContainerSpec,
  Expression,
  NodeSpec,
  NodeTerm,
  Placement,
  TaintEffect,
  TaskSpec,
  Toleration,
} from '#proto';
import { EndpointSpec, Protocol, ServiceAffinity, TaskSelector } from '#proto';
import { TolerationOperator as Operator, UpdateNodeRequest } from '#proto';
import { parseTaint } from '#cli/parse/taint';
import { affinityTerm, expression, nodeTerm, preferringNodes } from '#test/_support/affinity';
import { preferringTasks, requiringNodes, requiringTasks } from '#test/_support/affinity';
import { spreadOver } from '#test/_support/affinity';
import { aCall, aSpec, makeTestControl, refusal } from '#test/_support/control';
import { aNode } from '#test/_support/objects';
import { hostPort } from '#test/_support/placement';

const containers = [ContainerSpec.create({ image: 'web' })];
const place = (init: Partial<Placement>) =>
  aSpec({ task: TaskSpec.create({ containers, placement: Placement.create(init) }) });
const tolerate = (init: Partial<Toleration>) => place({ tolerations: [Toleration.create(init)] });

const refused: readonly (readonly [string, ReturnType<typeof aSpec>, string])[] = [
  [
    '1.1: an empty key needs Exists',
    tolerate({ value: 'x' }),
    '--toleration has no key: name one, or use operator exists without value',
  ],
  [
    '1.1: Exists has no value',
    tolerate({ key: 'k', operator: Operator.EXISTS, value: 'x' }),
    '--toleration k="x": operator exists takes no value: leave one of the two out',
  ],
  [
    '1.1: seconds go with NoExecute only',
    tolerate({ key: 'k', operator: Operator.EXISTS, effect: TaintEffect.NO_SCHEDULE, seconds: 5 }),
    '--toleration k: seconds need the effect NoExecute: write k:NoExecute:5',
  ],
  [
    '1.1: seconds go with NoExecute only, not with every effect',
    tolerate({ operator: Operator.EXISTS, seconds: 5 }),
    '--toleration : seconds need the effect NoExecute: write KEY:NoExecute:5',
  ],
  [
    '1.1: Gt takes a plain number',
    tolerate({ key: 'k', operator: Operator.GREATER, value: '0100' }),
    '--toleration k: "0100" is not a whole number of 64 bits: write it plainly, as in 900',
  ],
  [
    'a key has the letters of a label',
    tolerate({ key: 'a b', operator: Operator.EXISTS }),
    '--toleration "a b" is not a taint name',
  ],
  [
    'a value has the letters of a label',
    tolerate({ key: 'a', value: 'b c' }),
    '--toleration a="b c": a value is of letters, digits and ._-, at most 63',
  ],
  [
    'an operator that there is not',
    tolerate({ key: 'a', operator: 7 as never }),
    '--toleration operator 7 is not known: use one of equal, exists, greater, less',
  ],
  [
    '1.2 case 5: metadata.name has one value',
    place({ nodeAffinity: requiringNodes(nodeTerm('@metadata.name in a,b')) }),
    'node affinity field metadata.name must have one element',
  ],
  [
    '1.2: metadata.name is the only field',
    place({ nodeAffinity: requiringNodes(nodeTerm('@metadata.uid in a')) }),
    'node affinity field "metadata.uid": there is only metadata.name',
  ],
  [
    '1.2: a field has In or NotIn',
    place({ nodeAffinity: requiringNodes(nodeTerm('@metadata.name')) }),
    'node affinity field metadata.name: use the operator IN or NOT_IN',
  ],
  [
    '1.2: Gt takes exactly one number',
    place({ nodeAffinity: requiringNodes(nodeTerm('gen > 1,2')) }),
    'node affinity "gen": this operator takes one whole number',
  ],
  [
    '1.2: Exists takes no values',
    place({
      nodeAffinity: requiringNodes(
        NodeTerm.create({
          expressions: [Expression.create({ ...expression('zone'), values: ['a'] })],
        }),
      ),
    }),
    'node affinity "zone": this operator takes no value: leave it out',
  ],
  [
    '1.2: In takes values',
    place({
      nodeAffinity: requiringNodes(
        NodeTerm.create({ expressions: [Expression.create({ key: 'zone' })] }),
      ),
    }),
    'node affinity "zone" has no value: name one or more',
  ],
  [
    '1.2: a weight is 1 to 100',
    place({ nodeAffinity: preferringNodes([101, nodeTerm('zone')]) }),
    'node affinity weight is 101: use a whole number from 1 to 100',
  ],
  [
    'a required affinity names a term',
    place({ nodeAffinity: requiringNodes() }),
    'node affinity requires one of no terms: name one, or leave it out',
  ],
  [
    'a node selector names a label',
    place({ nodeSelector: { 'a b': 'c' } }),
    '--node-selector "a b" is neither a label of a node nor a key of a constraint',
  ],
  [
    '1.3: a term has a topology key',
    place({ affinity: requiringTasks(affinityTerm('', ['app=web'])) }),
    '--affinity has no topology key: name one, as in node.hostname',
  ],
  [
    'a topology key is a label',
    place({ antiAffinity: requiringTasks(affinityTerm('a b', ['app=web'])) }),
    '--anti-affinity topology key "a b" is neither a label of a node nor a key of a constraint',
  ],
  [
    '1.3: a weight is 1 to 100',
    place({ affinity: preferringTasks([0, affinityTerm('zone', ['app=web'])]) }),
    '--affinity weight is 0: use a whole number from 1 to 100',
  ],
  [
    'tasks are not selected by numbers',
    place({ antiAffinity: requiringTasks(affinityTerm('zone', ['app > 1'])) }),
    '--anti-affinity "app": tasks are not compared by numbers: use IN or NOT_IN',
  ],
  [
    'a label key matches or does not',
    place({
      antiAffinity: requiringTasks(
        affinityTerm('zone', [], { matchLabelKeys: ['a'], mismatchLabelKeys: ['a'] }),
      ),
    }),
    '--anti-affinity label key "a" cannot both match and not match',
  ],
  [
    '1.4: a max skew is 1 or more',
    place({ topologySpread: [spreadOver('zone', 0)] }),
    '--spread max skew is 0: use a whole number from 1 to 100000',
  ],
  [
    '1.4: min domains are of hard spreads',
    place({ topologySpread: [spreadOver('zone', 1, { action: 1, minDomains: 2 })] }),
    '--spread zone: min domains need a hard spread: leave them out, or the action',
  ],
  [
    'a key is spread over once',
    place({ topologySpread: [spreadOver('zone', 1), spreadOver('zone', 2)] }),
    '--spread zone is given twice: give each key once',
  ],
  [
    '1.6: 0.0.0.0 is every address',
    aSpec({
      endpoint: EndpointSpec.create({
        ports: ['0.0.0.0', '127.0.0.1'].map((ip) => hostPort(80, Protocol.TCP, ip)),
      }),
    }),
    'two --publish ask for port 127.0.0.1:80/tcp of the host: give each its own',
  ],
  [
    'so many tolerations and no more',
    place({ tolerations: Array.from({ length: 65 }, () => Toleration.create({ key: 'a' })) }),
    '--toleration: 65 entries are too many: use at most 64',
  ],
];
for (const [name, spec, message] of refused) {
  test(`${name}: refused with what to do`, async (t) => {
    const { control } = await makeTestControl();
    t.is(await refusal(control.createService({ spec }, aCall())), `INVALID_SPEC: ${message}`);
  });
}

test('tolerations of every kind are taken', async (t) => {
  const { control } = await makeTestControl();
  const spec = place({
    tolerations: [
      Toleration.create({ key: 'k', value: 'v', effect: TaintEffect.NO_EXECUTE, seconds: 60 }),
      Toleration.create({ key: 'k', operator: Operator.LESS, value: '-5' }),
      Toleration.create({ key: 'k' }),
      Toleration.create({ operator: Operator.EXISTS }),
    ],
  });
  t.is(await refusal(control.createService({ spec }, aCall())), 'accepted');
});

test('a node affinity of every kind is taken', async (t) => {
  const { control } = await makeTestControl();
  const required = requiringNodes(
    nodeTerm('@metadata.name notin a', 'zone in a,b', '!gpu', 'gen > 0204'),
    nodeTerm(),
  );
  const { preferred } = preferringNodes([1, nodeTerm('node.role in worker')]);
  const spec = place({
    nodeSelector: { 'node.platform.arch': 'amd64', 'example.com/disk': '' },
    nodeAffinity: { ...required, preferred },
  });
  t.is(await refusal(control.createService({ spec }, aCall())), 'accepted');
});

test('affinities and spreads of every kind are taken, and read back in one order', async (t) => {
  const { control } = await makeTestControl();
  const selector = TaskSelector.create({ labels: { b: '2', a: '1' } });
  const spec = place({
    affinity: {
      ...requiringTasks(affinityTerm('zone', [], { selector, isAnyStack: true })),
      ...{ preferred: preferringTasks([7, affinityTerm('node.hostname', ['app'])]).preferred },
    },
    antiAffinity: ServiceAffinity.create(),
    topologySpread: [
      spreadOver('zone', 1, { minDomains: 3, matchLabelKeys: ['service.version'] }),
      spreadOver('zone', 1, { action: 1 }),
    ],
  });
  const { service } = await control.createService({ spec }, aCall());
  const placement = service?.spec?.task?.placement;
  t.deepEqual(Object.keys(placement?.affinity?.required[0]?.selector?.labels ?? {}), ['a', 'b']);
  t.is(placement?.antiAffinity, undefined);
});

test('a taint keeps the time it was put on until it is taken off, whatever its value', async (t) => {
  const real = systemClock();
  const startMs = 1_000_000;
  let nowMs = startMs;
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => real.monotonic(),
    after: (ms, fn) => real.after(ms, fn),
  };
  const { control, store } = await makeTestControl({ clock });
  await store.update((tx) => tx.create('node', aNode('n1')));
  const taint = async (...texts: readonly string[]): Promise<unknown> => {
    nowMs += 1_000;
    const spec = NodeSpec.create({ taints: texts.map((text) => parseTaint('t', text)) });
    const answer = await control.updateNode(UpdateNodeRequest.create({ ref: 'n1', spec }), aCall());
    return answer.node?.taintedAtMs;
  };
  t.deepEqual(await taint('a=1:NoExecute'), { 'a:NoExecute': startMs + 1_000 });
  t.deepEqual(await taint('a=2:NoExecute', 'a:NoSchedule'), {
    'a:NoExecute': startMs + 1_000,
    'a:NoSchedule': startMs + 2_000,
  });
  t.deepEqual(await taint(), {});
  t.deepEqual(await taint('a=2:NoExecute'), { 'a:NoExecute': startMs + 4_000 });
});

test('a node has a taint of one key and effect once', async (t) => {
  const { control, store } = await makeTestControl();
  await store.update((tx) => tx.create('node', aNode('n1')));
  const taints = ['a=1:NoExecute', 'a=2:NoExecute'].map((text) => parseTaint('t', text));
  const request = UpdateNodeRequest.create({ ref: 'n1', spec: NodeSpec.create({ taints }) });
  t.is(
    await refusal(control.updateNode(request, aCall())),
    'INVALID_SPEC: --taint a:NoExecute is given twice: give it once',
  );
});
