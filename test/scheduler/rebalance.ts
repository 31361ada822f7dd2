import test from 'ava';
import fc from 'fast-check';
import { TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { defaultScoring, place, rebalance, strategies } from '#scheduler';
import type { Move, ScoringConfig } from '#scheduler';
import { refusalOf } from '#scheduler/explain';
import { affinityTerm, requiringTasks } from '#test/_support/affinity';
import { nodeOf, taskOf, viewOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';
import { world } from '#test/_support/placement-world';

const running = { state: TaskState.RUNNING } as const;

/** `count` running tasks of a service on a node. */
function standing(service: string, nodeId: string, count: number, shape: TaskShape = {}): Task[] {
  return Array.from({ length: count }, (_, at) =>
    taskOf(`${service}-${nodeId}-${at}`, { service, nodeId, slot: at + 1, ...running, ...shape }),
  );
}

function movesOf(
  nodes: readonly Node[],
  tasks: readonly Task[],
  scoring: ScoringConfig = defaultScoring,
): readonly Move[] {
  const plan = rebalance(viewOf(nodes, tasks), tasks, { nowMs: 0, scoring });
  return plan.moves;
}

const words = (moves: readonly Move[]): readonly string[] =>
  moves.map(({ task, toNodeId, gain }) => `${task.id}>${toNodeId} ${gain}`);

const binpack = { ...defaultScoring, strategy: 'binpack' } as const;
const spread = { ...defaultScoring, strategy: 'spread' } as const;

test('a node that joins takes its share, with the fewest moves', (t) => {
  const nodes = [nodeOf('a'), nodeOf('b'), nodeOf('c')];
  const tasks = [...standing('web', 'a', 3), ...standing('web', 'b', 3)];
  const moves = movesOf(nodes, tasks);
  t.is(moves.length, 2);
  t.true(moves.every(({ toNodeId }) => toNodeId === 'c'));
  t.is(new Set(moves.map(({ task }) => task.nodeId)).size, 2, 'one of each');
});

test('a difference of one task is no gain', (t) => {
  const nodes = [nodeOf('a'), nodeOf('b')];
  t.deepEqual(movesOf(nodes, [...standing('web', 'a', 2), ...standing('web', 'b', 1)]), []);
  t.deepEqual(movesOf(nodes, standing('web', 'a', 1)), []);
});

test('services that are even each are evened out together', (t) => {
  const nodes = [nodeOf('a'), nodeOf('b')];
  const tasks = ['v', 'w', 'x', 'y'].flatMap((name) => standing(name, 'a', 1));
  t.deepEqual(
    movesOf(nodes, tasks).map(({ toNodeId, gain }) => `${toNodeId} ${gain}`),
    ['b load', 'b load'],
  );
});

test('a move leaves a taint that asks to be avoided', (t) => {
  const nodes = [nodeOf('a', { taints: ['old=:PreferNoSchedule'] }), nodeOf('b')];
  t.deepEqual(words(movesOf(nodes, standing('web', 'a', 1))), ['web-a-0>b taints']);
});

test('the younger and less important go first', (t) => {
  const nodes = [nodeOf('a'), nodeOf('b')];
  const one = (id: string, priority: number, runningAtMs: number): Task =>
    taskOf(id, { nodeId: 'a', priority, runningAtMs, ...running });
  t.deepEqual(words(movesOf(nodes, [one('old', 0, 5), one('new', 0, 9), one('dear', 1, 9)])), [
    'new>b service',
  ]);
});

test('tasks stay where the filters leave them no better node', (t) => {
  const tasks = standing('web', 'a', 4, { cpus: 1, constraints: ['node.labels.disk==ssd'] });
  const a = nodeOf('a', { labels: { disk: 'ssd' } });
  t.deepEqual(movesOf([a, nodeOf('b')], tasks), []);
  t.deepEqual(movesOf([a, nodeOf('b', { labels: { disk: 'ssd' }, cpus: 0 })], tasks), []);
  const small = nodeOf('b', { labels: { disk: 'ssd' }, cpus: 1 });
  t.is(movesOf([a, small], tasks).length, 1);
});

test('a preference for zones comes before the numbers of tasks', (t) => {
  const zone = (id: string, value: string): Node => nodeOf(id, { labels: { zone: value } });
  const nodes = [zone('a', 'x'), zone('b', 'x'), zone('c', 'y')];
  const preferences = ['spread=node.labels.zone'];
  const tasks = [
    ...standing('web', 'a', 2, { preferences }),
    ...standing('web', 'b', 2, { preferences }),
  ];
  t.deepEqual(
    movesOf(nodes, tasks).map(({ toNodeId, gain }) => `${toNodeId} ${gain}`),
    ['c topologySpread', 'c topologySpread'],
  );
});

test('tasks that others must be near to are left alone', (t) => {
  const placement = { affinity: requiringTasks(affinityTerm('node.hostname', ['app=db'])) };
  const tasks = [
    ...standing('db', 'a', 3, { labels: { app: 'db' } }),
    ...standing('web', 'a', 1, { placement }),
  ];
  t.deepEqual(movesOf([nodeOf('a'), nodeOf('b')], tasks), []);
});

test('with spread a node that is less full by a tenth takes tasks', (t) => {
  const nodes = [nodeOf('a', { cpus: 10 }), nodeOf('b', { cpus: 10 })];
  const big = (cpus: number): Task[] =>
    ['v', 'w'].flatMap((name) => standing(name, 'a', 1, { cpus, memoryBytes: 2 ** 20 }));
  t.is(movesOf(nodes, big(3), spread).length, 1);
  t.deepEqual(movesOf(nodes, big(0.5), spread), []);
});

test('with binpack a node that can be emptied is, and no other', (t) => {
  const nodes = [nodeOf('a', { cpus: 4 }), nodeOf('b', { cpus: 4 }), nodeOf('c', { cpus: 4 })];
  const on = (service: string, nodeId: string, count: number): Task[] =>
    standing(service, nodeId, count, { cpus: 1, memoryBytes: 2 ** 30 });
  const tasks = [...on('v', 'a', 3), ...on('w', 'b', 3), ...on('x', 'c', 1)];
  t.deepEqual(
    movesOf(nodes, tasks, binpack).map(({ task, gain }) => `${task.id} ${gain}`),
    ['x-c-0 node'],
  );
  const full = [...on('v', 'a', 4), ...on('w', 'b', 3), ...on('x', 'c', 2)];
  t.deepEqual(movesOf(nodes, full, binpack), []);
});

test('a plan that may hold few moves says that it is not whole', (t) => {
  const nodes = [nodeOf('a'), nodeOf('b')];
  const tasks = standing('web', 'a', 8);
  const plan = rebalance(viewOf(nodes, tasks), tasks, { nowMs: 0, movesMax: 2 });
  t.is(plan.moves.length, 2);
  t.false(plan.isWhole);
});

/** Tasks placed on all nodes but the last, which comes then. */
function grown(nodes: readonly Node[], tasks: readonly Task[], scoring: ScoringConfig): Task[] {
  const { placed } = place(viewOf(nodes.slice(0, -1)), tasks, { nowMs: 0, scoring });
  return placed.map(({ task, nodeId }) => ({
    ...task,
    nodeId,
    status: { ...task.status, state: TaskState.RUNNING } as Task['status'],
  }));
}

const settings = { seed: 20261126, numRuns: 300 };

/** The sum of the squares of the tasks of each service on each node. */
function unevenness(tasks: readonly Task[]): number {
  const counts = new Map<string, number>();
  for (const { serviceId, nodeId } of tasks) {
    const key = `${serviceId}/${nodeId}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()].reduce((sum, count) => sum + count ** 2, 0);
}

test('property: after a plan every moved task passes the filters, and planning again gives nothing', (t) => {
  fc.assert(
    fc.property(world, fc.constantFrom(...strategies), ({ nodes, tasks }, strategy) => {
      const scoring = { ...defaultScoring, strategy };
      const before = grown(nodes, tasks, scoring);
      const plan = rebalance(viewOf(nodes, before), before, { nowMs: 0, scoring });
      t.true(plan.isWhole);
      const to = new Map(plan.moves.map(({ task, toNodeId }) => [task.id, toNodeId]));
      t.is(to.size, plan.moves.length, 'each task moves once');
      const after = before.map((task) => ({ ...task, nodeId: to.get(task.id) ?? task.nodeId }));
      for (const task of after) {
        if (!to.has(task.id)) continue;
        const view = viewOf(
          nodes,
          after.filter((other) => other !== task),
        );
        const record = view.node(task.nodeId);
        t.truthy(record);
        if (record !== undefined)
          t.is(refusalOf(view, { ...task, nodeId: '' }, record), undefined, task.id);
      }
      const again = rebalance(viewOf(nodes, after), after, { nowMs: 0, scoring });
      t.deepEqual(words(again.moves), []);
    }),
    settings,
  );
});

test('property: services without rules never lie less even than before', (t) => {
  const services = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
  const cpus = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(services, cpus, (counts, sizes) => {
      const nodes = sizes.map((size, at) => nodeOf(`n${at}`, { cpus: size }));
      const tasks = counts.flatMap((count, service) =>
        Array.from({ length: count }, (_, at) =>
          taskOf(`s${service}t${at}`, { service: `s${service}`, slot: at + 1, cpus: 1 }),
        ),
      );
      const before = grown(nodes, tasks, defaultScoring);
      const { moves } = rebalance(viewOf(nodes, before), before, { nowMs: 0 });
      const to = new Map(moves.map(({ task, toNodeId }) => [task.id, toNodeId]));
      const after = before.map((task) => ({ ...task, nodeId: to.get(task.id) ?? task.nodeId }));
      if (moves.length === 0) t.is(unevenness(after), unevenness(before));
      else t.true(unevenness(after) <= unevenness(before));
    }),
    settings,
  );
});
