import test from 'ava';
import { NodeSpec, ServiceSpec, TaintEffect, TolerationOperator as Operator } from '#proto';
import { UsageError } from '#cli/cli';
import { nodeChange } from '#cli/commands/node-update';
import { parseTaint, parseToleration } from '#cli/parse/taint';
import { specFromFlags } from '#cli/service/create-spec';
import { changedSpec } from '#cli/service/update-spec';

const { NO_SCHEDULE, NO_EXECUTE } = TaintEffect;
const usage = { instanceOf: UsageError };

const tolerations: readonly (readonly [string, object])[] = [
  ['gpu', { key: 'gpu', operator: Operator.EXISTS, value: '', effect: undefined }],
  ['gpu=a100', { key: 'gpu', operator: Operator.EQUAL, value: 'a100', seconds: undefined }],
  ['gpu=', { key: 'gpu', operator: Operator.EQUAL, value: '' }],
  ['gpu:NoSchedule', { key: 'gpu', operator: Operator.EXISTS, effect: NO_SCHEDULE }],
  ['a.b/c=d:noexecute:60', { key: 'a.b/c', value: 'd', effect: NO_EXECUTE, seconds: 60 }],
  ['gpu:NoExecute:5m', { operator: Operator.EXISTS, effect: NO_EXECUTE, seconds: 300 }],
  ['gpu:NoExecute:0', { operator: Operator.EXISTS, effect: NO_EXECUTE, seconds: 0 }],
  ['risk>900', { key: 'risk', operator: Operator.GREATER, value: '900' }],
  ['risk<900:NoSchedule', { operator: Operator.LESS, value: '900', effect: NO_SCHEDULE }],
  ['*', { key: '', operator: Operator.EXISTS, effect: undefined }],
  ['*:NoExecute', { key: '', operator: Operator.EXISTS, effect: NO_EXECUTE }],
];
for (const [text, expected] of tolerations) {
  test(`--toleration ${text} is read`, (t) => {
    t.like(parseToleration('--toleration', text), expected);
  });
}

test('wrong taints and tolerations name the flag and say how to write them', (t) => {
  const form = 'write it as KEY[=VALUE][:EFFECT[:SECONDS]], as in disk=slow:NoExecute:60';
  const cases: readonly (readonly [string, string])[] = [
    ['=x', `--toleration '=x': ${form}`],
    ['*=x', `--toleration '*=x': ${form}`],
    ['a:NoExecute:1:2', `--toleration 'a:NoExecute:1:2': ${form}`],
    [
      'a:Never',
      "--toleration 'a:Never': the effect 'Never' is none: use NoSchedule, PreferNoSchedule or NoExecute",
    ],
    [
      'a:NoExecute:1y',
      "--toleration 'a:NoExecute:1y': '1y' is no time: write whole seconds, or as in 5m",
    ],
    [
      'a:NoExecute:99999999d',
      "--toleration 'a:NoExecute:99999999d': '99999999d' is no time: write whole seconds, or as in 5m",
    ],
    ['a:300', "--toleration 'a:300': a time goes with an effect: write a:NoExecute:300"],
    [
      'a=b:NoSchedule:30',
      "--toleration 'a=b:NoSchedule:30': seconds go with the effect NoExecute: write a=b:NoExecute:30",
    ],
  ];
  for (const [text, message] of cases)
    t.is(t.throws(() => parseToleration('--toleration', text), usage).message, message);
  for (const text of ['gpu', '=x:NoSchedule', 'a=b:NoSchedule:3'])
    t.is(
      t.throws(() => parseTaint('--taint', text), usage).message,
      `--taint '${text}': write it as KEY=VALUE:EFFECT, as in disk=slow:NoSchedule`,
    );
});

test('service create gives tolerations, service update adds, replaces and removes them', (t) => {
  const sources = { env: {}, readFile: () => '' };
  const flags = { toleration: ['gpu', 'disk=slow:NoExecute:60'] };
  const made: ServiceSpec = specFromFlags('web', [], flags, sources);
  const shown = (spec: ServiceSpec): readonly string[] =>
    (spec.task?.placement?.tolerations ?? []).map(
      ({ key, value, seconds }) => `${key}=${value}/${seconds ?? ''}`,
    );
  t.deepEqual(shown(made), ['gpu=/', 'disk=slow/60']);
  const change = { tolerationAdd: ['disk=slow:NoExecute:30', 'x'], tolerationRm: ['gpu'] };
  t.deepEqual(shown(changedSpec(made, change, {})), ['disk=slow/30', 'x=/']);
});

test('node update puts taints on, replaces their value and takes them off', (t) => {
  const change = (spec: NodeSpec, options: Parameters<typeof nodeChange>[0]): readonly string[] =>
    nodeChange(options)(spec).taints.map(({ key, value, effect }) => `${key}=${value}/${effect}`);
  const taints = ['a=1:NoSchedule', 'a=1:NoExecute', 'b:NoSchedule'].map((text) =>
    parseTaint('t', text),
  );
  const spec = NodeSpec.create({ taints });
  t.deepEqual(change(spec, { taint: ['a=2:NoSchedule'] }), ['a=1/2', 'b=/0', 'a=2/0']);
  t.deepEqual(change(spec, { taintRm: ['a'] }), ['b=/0']);
  t.deepEqual(change(spec, { taintRm: ['a:noexecute'] }), ['a=1/0', 'b=/0']);
  t.throws(() => nodeChange({ taintRm: [':NoExecute'] }), usage);
});
