import test from 'ava';
import fc from 'fast-check';
import { PreemptionPolicy, TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { explain, place, preempt, priorityOf } from '#scheduler';
import type { PreemptOptions, Preemption } from '#scheduler';
import { spreadOver } from '#test/_support/affinity';
import { hostPort, nodeOf, taskOf, viewOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';

const low = 0;
const mid = 100;
const high = 1_000;
const stand = (id: string, nodeId: string, shape: TaskShape): Task =>
  taskOf(id, { nodeId, state: TaskState.RUNNING, service: `of-${id}`, ...shape });

function tried(
  nodes: readonly Node[],
  tasks: readonly Task[],
  task: Task,
  options: Partial<PreemptOptions> = {},
): Preemption {
  const standing = (nodeId: string): readonly Task[] =>
    tasks.filter((one) => one.nodeId === nodeId);
  return preempt(viewOf(nodes, tasks), task, { standing, ...options });
}

const shown = (result: Preemption): string =>
  result.kind === 'none'
    ? result.summary
    : `${result.nodeId}: ${result.victims.map(({ id }) => id).join(' ')}`;
const four = (...ids: readonly string[]): readonly Node[] =>
  ids.map((id) => nodeOf(id, { cpus: 4 }));
const big = taskOf('p', { service: 'p', priority: high, cpus: 3 });

interface Row {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly tasks: readonly Task[];
  readonly task?: Task;
  readonly options?: Partial<PreemptOptions>;
  readonly expected: string;
}

const budget = (allowed: number, ...ids: readonly string[]): Partial<PreemptOptions> => ({
  budgetOf: ({ id }) => (ids.includes(id) ? { id: 'budget', allowed } : undefined),
});

const rows: readonly Row[] = [
  {
    name: 'case 1: the small one of lower priority is reprieved, only the large one goes',
    nodes: four('node1'),
    tasks: [
      stand('low-small', 'node1', { priority: low, cpus: 1 }),
      stand('mid-large', 'node1', { priority: mid, cpus: 3 }),
    ],
    expected: 'node1: mid-large',
  },
  {
    name: 'case 3: of two alike the one that came later goes',
    nodes: four('node1'),
    tasks: [
      stand('t4', 'node1', { cpus: 1, runningAtMs: 4 }),
      stand('t5', 'node1', { cpus: 1, runningAtMs: 5 }),
    ],
    expected: 'node1: t5',
  },
  {
    name: 'equal priority is never a victim',
    nodes: four('node1'),
    tasks: [stand('same', 'node1', { priority: high, cpus: 3 })],
    expected: 'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  },
  {
    name: 'case 11: two nodes stay too small, two are hopeless',
    nodes: [
      ...four('a', 'b'),
      nodeOf('c', { taints: ['k:NoSchedule'] }),
      nodeOf('d', { labels: { zone: 'x' }, taints: ['k:NoSchedule'] }),
    ],
    tasks: ['a', 'b'].flatMap((id) => [
      stand(`${id}-high`, id, { priority: high, cpus: 2 }),
      stand(`${id}-low`, id, { priority: low, cpus: 1 }),
    ]),
    expected:
      'preemption: 0/4 nodes are available: 2 Insufficient cpu,' +
      ' 2 Preemption is not helpful for scheduling.',
  },
  {
    name: 'a node smaller than the task is hopeless',
    nodes: [nodeOf('a', { cpus: 2 })],
    tasks: [stand('low', 'a', { cpus: 1 })],
    expected: 'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  },
  {
    name: 'choice 1: fewest budgets broken, whatever the priorities',
    nodes: four('a', 'b'),
    tasks: [
      stand('cheap', 'a', { priority: low, cpus: 4 }),
      stand('dear', 'b', { priority: mid, cpus: 4 }),
    ],
    options: budget(0, 'cheap'),
    expected: 'b: dear',
  },
  {
    name: 'choice 2: the lowest highest priority',
    nodes: four('a', 'b'),
    tasks: [
      stand('mid', 'a', { priority: mid, cpus: 4 }),
      stand('low1', 'b', { priority: low, cpus: 2 }),
      stand('low2', 'b', { priority: low, cpus: 2 }),
    ],
    expected: 'b: low1 low2',
  },
  {
    name: 'choice 3: the smallest sum of priorities',
    nodes: four('a', 'b'),
    tasks: [
      stand('a1', 'a', { priority: mid, cpus: 2 }),
      stand('a2', 'a', { priority: mid, cpus: 2 }),
      stand('b1', 'b', { priority: mid, cpus: 2 }),
      stand('b2', 'b', { priority: low, cpus: 2 }),
    ],
    expected: 'b: b1 b2',
  },
  {
    name: 'choice 3 and 4: fewer victims',
    nodes: four('a', 'b'),
    tasks: [
      stand('a1', 'a', { cpus: 2 }),
      stand('a2', 'a', { cpus: 2 }),
      stand('b1', 'b', { cpus: 4 }),
    ],
    expected: 'b: b1',
  },
  {
    name: 'choice 5, case 9: all of one node came latest',
    nodes: four('node1', 'node2', 'node3'),
    tasks: ['node1', 'node2', 'node3'].flatMap((id, at) =>
      [0, 1].map((nth) =>
        stand(`${id}-${nth}`, id, { cpus: 2, runningAtMs: at === 1 ? 20 + nth : 10 + nth }),
      ),
    ),
    expected: 'node2: node2-0 node2-1',
  },
  {
    name: 'choice 5, case 9: mixed: the one whose earliest came latest',
    nodes: four('node1', 'node2', 'node3'),
    tasks: [
      stand('n1a', 'node1', { cpus: 2, runningAtMs: 1 }),
      stand('n1b', 'node1', { cpus: 2, runningAtMs: 9 }),
      stand('n2a', 'node2', { cpus: 2, runningAtMs: 3 }),
      stand('n2b', 'node2', { cpus: 2, runningAtMs: 4 }),
      stand('n3a', 'node3', { cpus: 2, runningAtMs: 2 }),
      stand('n3b', 'node3', { cpus: 2, runningAtMs: 8 }),
    ],
    expected: 'node2: n2a n2b',
  },
  {
    name: 'choice 6: the first',
    nodes: four('a', 'b'),
    tasks: [stand('a1', 'a', { cpus: 4 }), stand('b1', 'b', { cpus: 4 })],
    expected: 'a: a1',
  },
  {
    name: 'reprieve: those whose budget does not allow it are asked first',
    nodes: four('a'),
    tasks: [
      stand('guarded', 'a', { priority: low, cpus: 1, runningAtMs: 9 }),
      stand('free', 'a', { priority: mid, cpus: 1, runningAtMs: 1 }),
    ],
    options: budget(0, 'guarded'),
    expected: 'a: free',
  },
  {
    name: 'a budget that allows one: the second beyond it is spared if it can be',
    nodes: four('a'),
    tasks: [
      stand('g1', 'a', { cpus: 2, runningAtMs: 1 }),
      stand('g2', 'a', { cpus: 1, runningAtMs: 2 }),
    ],
    options: budget(1, 'g1', 'g2'),
    expected: 'a: g1',
  },
  {
    name: 'preemptionPolicy Never',
    nodes: four('a'),
    tasks: [stand('low', 'a', { cpus: 4 })],
    task: taskOf('p', {
      priority: high,
      cpus: 3,
      placement: { preemptionPolicy: PreemptionPolicy.NEVER },
    }),
    expected: 'preemption: not eligible due to preemptionPolicy=Never.',
  },
  {
    name: 'not again while a victim still stands on the nominated node',
    nodes: four('a', 'b'),
    tasks: [stand('going', 'a', { cpus: 4 }), stand('low', 'b', { cpus: 4 })],
    options: { nominatedNodeId: 'a', isBeingPreempted: ({ id }) => id === 'going' },
    expected: 'preemption: not eligible due to a terminating pod on the nominated node.',
  },
  {
    name: 'again when no victim is left on the nominated node',
    nodes: four('a', 'b'),
    tasks: [stand('other', 'a', { cpus: 4, priority: mid }), stand('low', 'b', { cpus: 4 })],
    options: { nominatedNodeId: 'a', isBeingPreempted: () => false },
    expected: 'b: low',
  },
  {
    name: 'a host port is made free',
    nodes: four('a'),
    tasks: [stand('web', 'a', { ports: [hostPort(80)] }), stand('other', 'a', { cpus: 1 })],
    task: taskOf('p', { service: 'p', priority: high, ports: [hostPort(80)] }),
    expected: 'a: web',
  },
];
for (const { name, nodes, tasks, task = big, options = {}, expected } of rows) {
  test(`1.8: ${name}`, (t) => {
    t.is(shown(tried(nodes, tasks, task, options)), expected);
  });
}

test('1.8 case 5: a victim whose going mends the skew of two spreads', (t) => {
  const nodes = ['a', 'b', 'x'].map((id, at) =>
    nodeOf(id, { labels: { zone: at < 2 ? 'zone1' : 'zone2', host: id } }),
  );
  const labels = { app: 'web' };
  const tasks = [
    stand('a-high', 'a', { labels, priority: high }),
    stand('b-high', 'b', { labels, priority: high }),
    stand('b-low', 'b', { labels, priority: low }),
    stand('x-high1', 'x', { labels, priority: high }),
    stand('x-low', 'x', { labels, priority: low }),
  ];
  const topologySpread = [spreadOver('zone', 1), spreadOver('host', 1)];
  const task = taskOf('p', { service: 'p', labels, priority: high, placement: { topologySpread } });
  // zones 3/2, hosts 1/2/2: a would bring its zone to 4, b too; x would bring its host to 3.
  t.is(shown(tried(nodes, tasks, task)), 'b: b-low');
});

test('1.8 case 7: of five nodes 40 percent and no fewer than one are tried', (t) => {
  const nodes = four('a', 'b', 'c', 'd', 'e');
  const tasks = nodes.map(({ id }, at) => stand(`of-${id}`, id, { cpus: 4, priority: 9 - at }));
  const asked: string[] = [];
  const options = {
    trials: { percent: 40, min: 1 },
    standing: (nodeId: string) => {
      asked.push(nodeId);
      return tasks.filter((one) => one.nodeId === nodeId);
    },
  };
  t.is(shown(tried(nodes, tasks, big, options)), 'b: of-b');
  t.deepEqual(asked, ['a', 'b']);
  asked.length = 0;
  t.is(shown(tried(nodes, tasks, big, { ...options, offset: 4 })), 'e: of-e');
  t.deepEqual(asked, ['e', 'a']);
});

test('1.8 case 7: trials go on while every offer breaks a budget', (t) => {
  const nodes = four('a', 'b', 'c');
  const tasks = nodes.map(({ id }) => stand(`of-${id}`, id, { cpus: 4 }));
  const options = { ...budget(0, 'of-a', 'of-b'), trials: { percent: 0, min: 1 } };
  t.is(shown(tried(nodes, tasks, big, options)), 'c: of-c');
});

test('tasks of higher priority are placed first', (t) => {
  const view = viewOf([nodeOf('a', { cpus: 1 })]);
  const tasks = [
    taskOf('l', { service: 'l', cpus: 1, priority: low }),
    taskOf('h', { service: 'h', cpus: 1, priority: high }),
    taskOf('m', { service: 'm', cpus: 1, priority: mid }),
  ];
  const { placed, unplaced } = place(view, tasks, { nowMs: 0 });
  t.deepEqual(
    [placed, unplaced].flat().map(({ task }) => task.id),
    ['h', 'm', 'l'],
  );
});

const shape = fc.record({
  cpus: fc.integer({ min: 0, max: 3 }),
  priority: fc.integer({ min: 0, max: 3 }),
  runningAtMs: fc.integer({ min: 0, max: 5 }),
  isGuarded: fc.boolean(),
});
const world = fc.record({
  nodes: fc.array(fc.array(shape, { maxLength: 5 }), { minLength: 1, maxLength: 4 }),
  priority: fc.integer({ min: 0, max: 4 }),
  cpus: fc.integer({ min: 1, max: 4 }),
  allowed: fc.integer({ min: 0, max: 2 }),
  isSpread: fc.boolean(),
});

test('the preemptor fits once its victims are gone, needs each of them, and nothing else changes', (t) => {
  let nominatedCount = 0;
  fc.assert(
    fc.property(world, ({ nodes, priority, cpus, allowed, isSpread }) => {
      const all = nodes.map((_, at) => nodeOf(`n${at}`, { cpus: 4, labels: { host: `n${at}` } }));
      const labels = { app: 'web' };
      const tasks = nodes.flatMap((here, at) =>
        here.map((one, nth) => stand(`n${at}t${nth}`, `n${at}`, { ...one, labels })),
      );
      const guarded = new Set(
        nodes.flatMap((here, at) =>
          here.flatMap(({ isGuarded }, nth) => (isGuarded ? [`n${at}t${nth}`] : [])),
        ),
      );
      const placement = isSpread ? { topologySpread: [spreadOver('host', 1)] } : {};
      const task = taskOf('p', { service: 'p', priority, cpus, labels, placement });
      const view = viewOf(all, tasks);
      const before = explain(view, task);
      if (before.fitting.length > 0) return;
      const result = preempt(view, task, {
        standing: (nodeId) => tasks.filter((one) => one.nodeId === nodeId),
        budgetOf: ({ id }) => (guarded.has(id) ? { id: 'b', allowed } : undefined),
      });
      t.deepEqual(explain(view, task), before, 'the view is as it was');
      if (result.kind === 'none') return;
      nominatedCount++;
      t.true(result.victims.length > 0);
      const fitsWithout = (victims: readonly Task[]): boolean => {
        const other = viewOf(
          all,
          tasks.filter((one) => !victims.includes(one)),
        );
        return explain(other, task).fitting.includes(result.nodeId);
      };
      t.true(fitsWithout(result.victims));
      for (const victim of result.victims) {
        t.true(priorityOf(victim) < priority);
        t.is(victim.nodeId, result.nodeId);
        t.false(fitsWithout(result.victims.filter((one) => one !== victim)));
      }
    }),
    { seed: 8, numRuns: 500 },
  );
  t.true(nominatedCount > 50, String(nominatedCount));
});

test('what is tried with the sums of a node comes to the same as what is tried in the view', (t) => {
  let nominatedCount = 0;
  fc.assert(
    fc.property(world, ({ nodes, priority, cpus, allowed }) => {
      const all = nodes.map((_, at) => nodeOf(`n${at}`, { cpus: 4 }));
      const tasks = nodes.flatMap((here, at) =>
        here.map((one, nth) => stand(`n${at}t${nth}`, `n${at}`, one)),
      );
      const budgetOf = ({ id }: Task) =>
        nodes.some((here, at) => here.some((one, nth) => one.isGuarded && id === `n${at}t${nth}`))
          ? { id: 'b', allowed }
          : undefined;
      const found = (perNodeMax: number): Preemption =>
        tried(all, tasks, taskOf('p', { service: 'p', priority, cpus, perNodeMax }), { budgetOf });
      const [bySums, inView] = [found(0), found(1_000)];
      if (bySums.kind === 'nominated') nominatedCount++;
      t.deepEqual({ ...bySums, others: [] }, { ...inView, others: [] });
    }),
    { seed: 9, numRuns: 500 },
  );
  t.true(nominatedCount > 50, String(nominatedCount));
});

test('what other nodes offered is told with the cheapest first, those alike in the order they were asked', (t) => {
  const priorities = [mid, low, mid + 5, low, mid];
  const nodes = priorities.map((_, at) => nodeOf(`n${at}`, { cpus: 4 }));
  const tasks = priorities.map((priority, at) => stand(`t${at}`, `n${at}`, { cpus: 2, priority }));
  const result = tried(nodes, tasks, big);
  const nodeIds = result.kind === 'nominated' ? [result, ...result.others] : [];
  t.deepEqual(
    nodeIds.map(({ nodeId }) => nodeId),
    ['n1', 'n3', 'n0', 'n4', 'n2'],
  );
});

test('nodes after enough offers are not looked at, and what they offered holds for one that is alike', (t) => {
  const nodes = Array.from({ length: 1_000 }, (_, at) => nodeOf(`n${at}`, { cpus: 4 }));
  const tasks = nodes.map(({ id }, at) => stand(`t${at}`, id, { cpus: 2 }));
  const byNode = new Map(tasks.map((task) => [task.nodeId, task]));
  let lookCount = 0;
  const standing = (nodeId: string): readonly Task[] => {
    lookCount++;
    const task = byNode.get(nodeId);
    return task === undefined ? [] : [task];
  };
  const result = preempt(viewOf(nodes, tasks), big, { standing, offset: 990 });
  t.is(lookCount, 100);
  t.is(result.kind === 'nominated' ? result.others.length : 0, 99);
  const guarded = preempt(viewOf(nodes, tasks), big, { standing, ...budget(500, 't3', 't992') });
  t.is(guarded.kind === 'nominated' ? guarded.others.length : 0, 98, 'a budget may be used up');
  const ports = [hostPort(80)];
  const asking = preempt(viewOf(nodes, tasks), { ...big, ports }, { standing });
  t.is(asking.kind === 'nominated' ? asking.others.length : -1, 0, 'more than sums');
});
