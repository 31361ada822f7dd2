import test from 'ava';
import { PreemptionPolicy, SelectorOperator, ServiceSpec, SpreadAction } from '#proto';
import { UsageError } from '#cli/cli';
import { parseAffinity, parseSpread } from '#cli/parse/affinity';
import { parseNodeAffinity } from '#cli/parse/node-affinity';
import { specFromFlags } from '#cli/service/create-spec';
import { changedSpec } from '#cli/service/update-spec';
import { place } from '#scheduler';
import { nodeOf, taskOf, viewOf } from '#test/_support/placement';

const sources = { env: {}, readFile: () => '' };
const create = (flags: Record<string, unknown>): ServiceSpec =>
  specFromFlags('web', [], flags, sources);
const usage = { instanceOf: UsageError };

test('an affinity names a service, labels or itself, and a key; a weight makes it a preference', (t) => {
  const { term, weight } = parseAffinity('--affinity', 'db@node.labels.zone');
  t.is(weight, undefined);
  t.deepEqual(term.selector?.labels, { 'service.name': 'db' });
  t.is(term.topologyKey, 'node.labels.zone');
  const labels = parseAffinity('--affinity', '50:app=web,tier=front@zone');
  t.is(labels.weight, 50);
  t.deepEqual(labels.term.selector?.labels, { app: 'web', tier: 'front' });
  const self = parseAffinity('--affinity', 'self@node.hostname').term;
  t.deepEqual([self.selector?.labels, self.matchLabelKeys], [{}, ['service.name']]);
});

test('a spread has a skew of 1 and is hard unless it says otherwise', (t) => {
  const hard = SpreadAction.DO_NOT_SCHEDULE;
  t.like(parseSpread('--spread', 'zone'), { topologyKey: 'zone', maxSkew: 1, action: hard });
  t.like(parseSpread('--spread', 'node.hostname:3'), { topologyKey: 'node.hostname', maxSkew: 3 });
  const soft = SpreadAction.SCHEDULE_ANYWAY;
  t.like(parseSpread('--spread', 'zone:2:soft'), { maxSkew: 2, action: soft });
  t.like(parseSpread('--spread', 'zone:soft'), { maxSkew: 1, action: soft });
});

test('wrong rules name the flag and say how to write them', (t) => {
  const affinity = (text: string) =>
    t.throws(() => parseAffinity('--affinity', text), usage).message;
  for (const text of ['db', '@zone', 'db@', 'a@b@c'])
    t.is(
      affinity(text),
      `--affinity '${text}': write it as [WEIGHT:]TASKS@KEY, as in db@node.labels.zone`,
    );
  t.is(affinity('0:db@zone'), "--affinity '0:db@zone': a weight is a whole number, 1 to 100");
  t.is(affinity('a=b,c@zone'), "--affinity 'a=b,c@zone': 'c' is no label: write it as KEY=VALUE");
  for (const text of ['', ':1', 'zone:0', 'zone:x', 'zone:1:hard'])
    t.is(
      t.throws(() => parseSpread('--spread', text), usage).message,
      `--spread '${text}': write it as KEY[:MAX_SKEW][:soft], as in node.labels.zone:2`,
    );
});

test('service create and update edit the rules', (t) => {
  const made = create({
    affinity: ['db@zone', '5:cache@zone'],
    antiAffinity: ['self@node.hostname'],
    spread: ['zone:2'],
    nodeSelector: ['disk=ssd'],
    priority: '7',
  });
  const before = made.task?.placement;
  t.is(before?.affinity?.required.length, 1);
  t.is(before?.affinity?.preferred[0]?.weight, 5);
  t.is(before?.antiAffinity?.required.length, 1);
  t.deepEqual(before?.nodeSelector, { disk: 'ssd' });
  t.is(before?.priority, 7);
  const changed = changedSpec(
    made,
    {
      affinityAdd: ['9:cache@zone'],
      affinityRm: ['db@zone'],
      antiAffinityRm: ['self@node.hostname'],
      spreadAdd: ['zone:3'],
      nodeSelectorRm: ['disk'],
    },
    {},
  ).task?.placement;
  t.is(changed?.affinity?.required.length, 0);
  t.deepEqual(
    changed?.affinity?.preferred.map(({ weight }) => weight),
    [9],
  );
  t.is(changed?.antiAffinity, undefined);
  t.deepEqual(
    changed?.topologySpread.map(({ maxSkew }) => maxSkew),
    [3],
  );
  t.deepEqual(changed?.nodeSelector, {});
});

test('what the flags say is what the scheduler does', (t) => {
  const nodes = ['a', 'a', 'b'].map((zone, at) => nodeOf(`n${at}`, { labels: { zone } }));
  const placed = (flags: Record<string, unknown>, count: number): readonly string[] => {
    const placement = create(flags).task?.placement;
    const tasks = Array.from({ length: count }, (_, at) =>
      taskOf(`t${at}`, { service: 'web', ...(placement && { placement }) }),
    );
    return place(viewOf(nodes), tasks, { nowMs: 0 })
      .placed.map(({ nodeId }) => nodeId)
      .toSorted((a, b) => a.localeCompare(b));
  };
  t.deepEqual(placed({ antiAffinity: ['self@zone'] }, 3), ['n0', 'n2']);
  t.deepEqual(placed({ spread: ['zone'] }, 4), ['n0', 'n1', 'n2', 'n2']);
  t.deepEqual(placed({ affinity: ['self@zone'] }, 2), ['n0', 'n1']);
  t.deepEqual(placed({ nodeSelector: ['zone=b'] }, 2), ['n2', 'n2']);
});

test('--max-unavailable is a number, a part, or none', (t) => {
  const budget = (text: string): unknown => create({ maxUnavailable: text }).disruption;
  t.deepEqual(budget('2'), { maxUnavailable: { kind: 'count', count: 2 } });
  t.deepEqual(budget('25%'), { maxUnavailable: { kind: 'percent', percent: 25 } });
  const changed = changedSpec(create({ maxUnavailable: '2' }), { maxUnavailable: 'none' }, {});
  t.is(changed.disruption, undefined);
  for (const text of ['', 'x', '-1', '1.5', '200000'])
    t.throws(() => create({ maxUnavailable: text }), { message: /--max-unavailable/ }, text);
  t.throws(() => create({ maxUnavailable: '101%' }), {
    message: /'101%': a part is a whole number from 0% to 100%/,
  });
});

test('--preemption-policy says whether a service may push out others', (t) => {
  const policy = (text: string): unknown =>
    create({ preemptionPolicy: text }).task?.placement?.preemptionPolicy;
  t.is(policy('never'), PreemptionPolicy.NEVER);
  t.is(policy('lower-priority'), PreemptionPolicy.LOWER_PRIORITY);
  t.throws(() => policy('sometimes'), { message: /use one of lower-priority, never/ });
});

test('resources of kinds that nodes tell, and processes, are set aside', (t) => {
  const made = create({ genericResource: ['gpu=2', 'nic=1'], reservePids: '50' });
  t.like(made.task?.resources?.reservations, { generic: { gpu: 2, nic: 1 }, pids: 50 });
  const flags = { genericResourceRm: ['nic'], genericResourceAdd: ['gpu=1', 'fpga=3'] };
  const changed = changedSpec(made, flags, {});
  t.deepEqual(changed.task?.resources?.reservations?.generic, { gpu: 1, fpga: 3 });
  for (const wrong of ['gpu=x', 'gpu=0', 'gpu', '=1'])
    t.throws(() => create({ genericResource: [wrong] }), usage, wrong);
});

test('a node affinity is written as kubectl writes selectors', (t) => {
  const { IN, NOT_IN, EXISTS, DOES_NOT_EXIST, GREATER, LESS } = SelectorOperator;
  const read = (text: string) => {
    const { weight, term } = parseNodeAffinity('--node-affinity', text);
    const expressions = term.expressions.map((one) => [one.key, one.operator, ...one.values]);
    return [weight, ...expressions];
  };
  t.deepEqual(read('zone in (a, b),disk!=hdd'), [
    undefined,
    ['zone', IN, 'a', 'b'],
    ['disk', NOT_IN, 'hdd'],
  ]);
  t.deepEqual(read('50:gpus>2, old<7'), [50, ['gpus', GREATER, '2'], ['old', LESS, '7']]);
  t.deepEqual(read('node.labels.rack notin (r1)'), [undefined, ['node.labels.rack', NOT_IN, 'r1']]);
  t.deepEqual(read('disk=ssd,!old,fast'), [
    undefined,
    ['disk', IN, 'ssd'],
    ['old', DOES_NOT_EXIST],
    ['fast', EXISTS],
  ]);
  t.deepEqual(read('a==b'), [undefined, ['a', IN, 'b']]);
  for (const text of ['', 'zone in ()', 'zone in (a', 'gpus>many', 'a b', '=x', 'a=', 'a=b=c'])
    t.regex(
      t.throws(() => read(text), usage).message,
      /^--node-affinity '.*': '.*' is no expression: write KEY=VALUE, /,
      text,
    );
  t.regex(t.throws(() => read('0:a'), usage).message, /a weight is a whole number, 1 to 100$/);
});

test('service create and update edit the node affinity, and nodes are chosen by it', (t) => {
  const made = create({ nodeAffinity: ['zone in (a,b),disk!=hdd', 'rack=r9', '10:fast'] });
  const changed = changedSpec(
    made,
    { nodeAffinityRm: ['rack=r9'], nodeAffinityAdd: ['20:fast', '5:zone=b'] },
    {},
  );
  const affinity = changed.task?.placement?.nodeAffinity;
  t.is(affinity?.required?.terms.length, 1);
  t.deepEqual(
    affinity?.preferred.map(({ weight }) => weight),
    [20, 5],
  );
  const nodes = [
    nodeOf('a-hdd', { labels: { zone: 'a', disk: 'hdd', fast: '' } }),
    nodeOf('a-ssd', { labels: { zone: 'a', disk: 'ssd', fast: '' } }),
    nodeOf('b-ssd', { labels: { zone: 'b', disk: 'ssd' } }),
    nodeOf('c', { labels: { zone: 'c', fast: '' } }),
  ];
  const task = taskOf('t', { placement: { nodeAffinity: affinity } });
  const result = place(viewOf(nodes), [task], { nowMs: 0 });
  t.deepEqual(
    result.placed.map(({ nodeId }) => nodeId),
    ['a-ssd'],
  );
  const rules = ['zone in (a,b),disk!=hdd', '20:fast', '5:zone=b'];
  const none = changedSpec(changed, { nodeAffinityRm: rules }, {});
  t.is(none.task?.placement?.nodeAffinity, undefined);
});
