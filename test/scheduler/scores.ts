import test from 'ava';
import { TaskState } from '#proto';
import { defaultScoring } from '#scheduler';
import type { ScoringConfig } from '#scheduler';
import { Reserved, demandOf } from '#scheduler/resources';
import {
  balancedAllocation,
  leastAllocated,
  mostAllocated,
  normalised,
  normalisedBetween,
  normalisedSpread,
  resourceScore,
  spreadScore,
} from '#scheduler/scores';
import { nodeOf, outcome, taskOf, tasksOf, viewOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';

const use = (requested: number, allocatable: number, weight = 1) => ({
  requested,
  allocatable,
  weight,
});

const numbers: readonly (readonly [string, number, number])[] = [
  ['1.5 case 7: cpu 3 of 4, memory 5k of 10k: least', leastAllocated([use(3, 4), use(5, 10)]), 37],
  ['1.5 case 7: the same with 6 processors: least', leastAllocated([use(3, 6), use(5, 10)]), 50],
  ['1.5 case 7: cpu 3 of 4, memory 5k of 10k: most', mostAllocated([use(3, 4), use(5, 10)]), 62],
  ['1.5 case 7: the same with 6 processors: most', mostAllocated([use(3, 6), use(5, 10)]), 50],
  ['1.5: memory that is all left weighs 2: least', leastAllocated([use(3, 4), use(0, 10, 2)]), 75],
  ['1.5: memory weighs 2: least', leastAllocated([use(3, 4), use(5, 10, 2)]), 41],
  ['1.5: memory weighs 2: most', mostAllocated([use(3, 4), use(5, 10, 2)]), 58],
  [
    '1.5 case 9: more processors than there are count as all: most',
    mostAllocated([use(300, 250), use(600, 1_000)]),
    80,
  ],
  ['1.5 case 9: the empty node: most', mostAllocated([use(100, 250), use(200, 1_000)]), 30],
  ['1.5: more than there is: least gives 0', leastAllocated([use(5, 4)]), 0],
  ['1.5: a resource the node lacks is left out', leastAllocated([use(3, 4), use(1, 0)]), 25],
  ['1.5: nothing to judge by', mostAllocated([use(1, 0)]), 0],
  ['1.5 balanced: equal parts', balancedAllocation([use(2, 4), use(5, 10)]), 100],
  ['1.5 balanced: two differ by half', balancedAllocation([use(4, 4), use(5, 10)]), 75],
  ['1.5 balanced: parts stop at 1', balancedAllocation([use(9, 4), use(10, 10)]), 100],
  [
    '1.5 balanced: three by the standard deviation',
    balancedAllocation([use(1, 1), use(0, 1), use(0, 1)]),
    52,
  ],
  ['1.0 normalise: a part of the greatest', normalised(5, 16), 31],
  ['1.0 normalise reversed: the less the better', normalised(1, 3, true), 67],
  ['1.0 normalise: none has any', normalised(0, 0), 0],
  ['1.0 normalise reversed: none has any', normalised(0, 0, true), 100],
  ['1.3 normalise: between least and greatest', normalisedBetween(-2, -6, 2), 50],
  ['1.3 normalise: all equal', normalisedBetween(7, 7, 7), 0],
  ['1.4 normalise: the least sum is best', normalisedSpread(2, 2, 8), 100],
  ['1.4 normalise: the greatest sum', normalisedSpread(8, 2, 8), 25],
  ['1.4 normalise: nothing stands anywhere', normalisedSpread(0, 0, 0), 100],
  ['1.4: tasks x ln(domains + 2) + max skew - 1', Math.round(spreadScore(3, 2, 5) * 1_000), 8_159],
];
for (const [name, actual, expected] of numbers) {
  test(`${name}: ${expected}`, (t) => {
    t.is(actual, expected);
  });
}

const only = (strategy: ScoringConfig['strategy'], init: object = {}): ScoringConfig => ({
  strategy,
  weights: { ...defaultScoring.weights, ...init },
});
const scoreOf = (config: ScoringConfig, standing: number, shape: TaskShape): number => {
  const node = nodeOf('n', { cpus: 0.25, memoryBytes: 1_000 * 2 ** 20 });
  const reserved = new Reserved();
  for (let at = 0; at < standing; at++) reserved.add(demandOf(taskOf('t')), 1);
  return resourceScore(config, demandOf(taskOf('t', shape)), reserved, node.description?.resources);
};

test('1.5 case 9: tasks without reservations count for a little: 80 beside two, 30 alone', (t) => {
  const most = only('binpack', { balance: 0 });
  t.is(scoreOf(most, 2, {}), 80);
  t.is(scoreOf(most, 0, {}), 30);
});

test('1.5 balanced: left out for a task that reserves nothing', (t) => {
  const balance = only('spread', { resources: 0 });
  t.is(scoreOf(balance, 0, {}), 0);
  t.is(scoreOf(balance, 0, { cpus: 0.125 }), 75);
});

test('1.5: devices enter a score only for tasks that ask for them', (t) => {
  const reserved = new Reserved();
  reserved.add(demandOf(taskOf('t', { generic: { gpu: 3 } })), 1);
  const node = nodeOf('n', { cpus: 1, memoryBytes: 1_000 * 2 ** 20, generic: { gpu: 4 } });
  const score = (shape: TaskShape): number =>
    resourceScore(
      only('binpack', { balance: 0 }),
      demandOf(taskOf('t', shape)),
      reserved,
      node.description?.resources,
    );
  // Processor 0.2 of 1 and memory 400 of 1,000 MiB; with the device 4 of 4 too.
  t.is(score({}), 30);
  t.is(score({ generic: { gpu: 1 } }), 53);
});

const nodes = [nodeOf('a', { cpus: 4 }), nodeOf('b', { cpus: 4 }), nodeOf('c', { cpus: 8 })];
const busy = taskOf('busy', { nodeId: 'b', state: TaskState.RUNNING, cpus: 2, service: 'other' });

test('the strategy spread goes where the most is left, counted in resources', (t) => {
  const view = viewOf(nodes, [busy]);
  const { counts } = outcome(view, tasksOf(4, { cpus: 1 }), 0, only('spread', { service: 0 }));
  t.deepEqual(counts, { a: 1, c: 3 });
});

test('the strategy binpack fills a node before it begins another', (t) => {
  const view = viewOf(nodes, [busy]);
  const { counts } = outcome(view, tasksOf(5, { cpus: 1 }), 0, only('binpack', { balance: 0 }));
  t.deepEqual(counts, { a: 3, b: 2 });
});

test('the default goes by numbers of tasks, whatever they reserve', (t) => {
  const view = viewOf(nodes, [busy]);
  t.deepEqual(outcome(view, tasksOf(4, { cpus: 1 })).counts, { a: 2, b: 1, c: 1 });
});

test('1.1 case 3: beside other scores an unwanted taint weighs three times as much', (t) => {
  const view = viewOf([
    nodeOf('a', { cpus: 8, taints: ['k:PreferNoSchedule'] }),
    nodeOf('b', { cpus: 4 }),
  ]);
  const { counts } = outcome(view, tasksOf(4, { cpus: 1 }), 0, only('spread'));
  t.deepEqual(counts, { b: 4 });
});

test('a node on which the service keeps failing comes last, whatever its score', (t) => {
  const failed = Array.from({ length: 5 }, (_, at) =>
    taskOf(`f${at}`, { nodeId: 'c', state: TaskState.FAILED, changedAtMs: 1_000 }),
  );
  const view = viewOf(nodes, failed);
  const { counts } = outcome(view, tasksOf(3, { cpus: 1 }), 2_000, only('spread'));
  t.deepEqual(counts, { a: 2, b: 1 });
});
