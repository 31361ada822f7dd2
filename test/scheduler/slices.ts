/** Decisions in slices: the same as in one go, and with no more than so much work between two pauses. */
import test from 'ava';
import { TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { Meter, explain, explaining, finish, hinting, hints, place, placing } from '#scheduler';
import { preempting } from '#scheduler';
import type { ClusterView, Pause } from '#scheduler';
import { movedUnits, nodeUnits, placementUnits } from '#scheduler/meter';
import { spreadOver, taskSelector } from '#test/_support/affinity';
import { nodeOf, taskOf, tasksOf, viewOf } from '#test/_support/placement';

const nodeCount = 300;
const sliceUnits = 10_000;

/** Counts every look at a node's spec or description, whoever looks. */
class Looks {
  count = 0;

  counted(node: Node): Node {
    const { spec, description } = node;
    const look = <T>(part: T): T => {
      this.count++;
      return part;
    };
    return Object.defineProperties(
      { ...node },
      {
        spec: { get: () => look(spec), enumerable: true },
        description: { get: () => look(description), enumerable: true },
      },
    );
  }
}

const nodes = (): readonly Node[] =>
  Array.from({ length: nodeCount }, (_, at) =>
    nodeOf(`n${at}`, { labels: { host: `n${at}`, zone: `z${at % 7}` } }),
  );

interface Sliced<R> {
  readonly result: R;
  readonly pauses: number;
  /** The most looks at nodes between two pauses. */
  readonly looksMax: number;
}

function inSlices<R>(looks: Looks, steps: Generator<Pause, R>): Sliced<R> {
  let pauses = 0;
  let looksMax = 0;
  for (;;) {
    looks.count = 0;
    const { done, value } = steps.next();
    looksMax = Math.max(looksMax, looks.count);
    if (done === true) return { result: value, pauses, looksMax };
    pauses++;
  }
}

interface Shape {
  readonly name: string;
  readonly tasks: readonly Task[];
  /** At least so many pauses: what it looks at, by slices. */
  readonly pausesMin: number;
}

/** A slice may be too long by one look at every node. */
const slicesOf = (units: number): number =>
  Math.trunc(units / (sliceUnits + nodeUnits * nodeCount));
const labels = { app: 'web' };
const byHost = { topologySpread: [spreadOver('host', 5, { selector: taskSelector('app=web') })] };
const shapes: readonly Shape[] = [
  { name: 'plain tasks', tasks: tasksOf(2_000, { cpus: 0.1 }), pausesMin: 4 },
  {
    // Every task looks at as many places as there are nodes.
    name: 'a group with a rule that every node is a domain of its own for',
    tasks: tasksOf(400, { labels, placement: byHost }),
    pausesMin: slicesOf(400 * nodeCount),
  },
  {
    name: 'many services of one task with such a rule',
    tasks: Array.from({ length: 50 }, (_, at) =>
      taskOf(`t${at}`, { service: `s${at}`, labels, placement: byHost }),
    ),
    pausesMin: slicesOf(50 * 2 * nodeUnits * nodeCount),
  },
  {
    name: "Swarm's preference for a label that every node has a value of its own of",
    tasks: tasksOf(400, { preferences: ['spread=node.labels.host'] }),
    pausesMin: slicesOf(400 * nodeCount),
  },
  {
    name: 'services that no node would take',
    tasks: Array.from({ length: 50 }, (_, at) => taskOf(`t${at}`, { service: `s${at}`, cpus: 99 })),
    pausesMin: slicesOf(50 * 2 * nodeUnits * nodeCount),
  },
  {
    name: 'a global service with rules',
    tasks: nodes().map(({ id }) =>
      taskOf(`on-${id}`, { nodeId: id, slot: 0, labels, placement: byHost }),
    ),
    pausesMin: 1,
  },
];

for (const { name, tasks, pausesMin } of shapes)
  test(`placing ${name} pauses after so much work, and decides the same`, (t) => {
    const looks = new Looks();
    const view = (): ClusterView => viewOf(nodes().map((node) => looks.counted(node)));
    const meter = new Meter(sliceUnits);
    const sliced = inSlices(looks, placing(view(), tasks, { nowMs: 0, meter }));
    t.true(sliced.pauses >= pausesMin, `${sliced.pauses} pauses`);
    // A slice is over when it is full: before that comes at most one piece that looks at every node, which asks
    // each a few things.
    t.true(sliced.looksMax <= 4 * (sliceUnits / nodeUnits + nodeCount), `${sliced.looksMax} looks`);
    const atOnce = place(view(), tasks, { nowMs: 0 });
    const shown = ({ placed, unplaced }: typeof atOnce): unknown => [
      placed.map(({ task, nodeId }) => [task.id, nodeId]),
      unplaced.map(({ task, explanation }) => [task.id, explanation]),
    ];
    t.deepEqual(shown(sliced.result), shown(atOnce));
  });

test('looking for victims pauses too, and leaves the view as it was', (t) => {
  const looks = new Looks();
  const standing = nodes().flatMap(({ id }) =>
    [0, 1, 2, 3].map((at) =>
      taskOf(`${id}-${at}`, { service: `s${at}`, nodeId: id, cpus: 1, state: TaskState.RUNNING }),
    ),
  );
  const byNode = Map.groupBy(standing, ({ nodeId }) => nodeId);
  const view = viewOf(
    nodes().map((node) => looks.counted(node)),
    standing,
  );
  const options = { standing: (id: string) => byNode.get(id) ?? [], meter: new Meter(sliceUnits) };
  const task = taskOf('p', { service: 'p', cpus: 2, priority: 9, labels, placement: byHost });
  const sliced = inSlices(looks, preempting(view, task, options));
  t.is(sliced.result.kind, 'nominated');
  t.true(sliced.pauses > 100, `${sliced.pauses} pauses`);
  t.true(sliced.looksMax <= 4 * (sliceUnits / nodeUnits + nodeCount), `${sliced.looksMax} looks`);
  t.deepEqual(finish(preempting(view, task, options)), sliced.result);
});

test('asking every node why not pauses too, and says the same', (t) => {
  const looks = new Looks();
  const view = viewOf(nodes().map((node) => looks.counted(node)));
  const task = taskOf('t', { cpus: 99 });
  const meter = new Meter(1_000);
  const sliced = inSlices(looks, explaining(view, task, { meter }));
  t.true(sliced.pauses >= (nodeUnits * nodeCount) / 1_000, `${sliced.pauses} pauses`);
  t.true(sliced.looksMax <= 4 * (1_000 / nodeUnits), `${sliced.looksMax} looks`);
  t.is(sliced.result.refused.length, nodeCount);
  t.deepEqual(sliced.result, explain(view, task));
});

test('trying what would help pauses too, says the same and leaves the view as it was', (t) => {
  const looks = new Looks();
  const view = viewOf(nodes().map((node) => looks.counted(node)));
  const [first, ...rest] = tasksOf(300, { labels, placement: byHost, cpus: 40 });
  t.assert(first);
  if (first === undefined) return;
  const before = explain(view, first);
  const options = { nowMs: 0, meter: new Meter(sliceUnits) };
  const sliced = inSlices(looks, hinting(view, [first, ...rest], options));
  // Between the changes it pauses anyhow: here it is about the tasks that are placed to try one.
  const { pauses } = inSlices(looks, hinting(view, [first, ...rest], { nowMs: 0 }));
  t.true(sliced.pauses >= pauses + slicesOf(300 * nodeCount), `${sliced.pauses}, ${pauses}`);
  const shown = (found: typeof sliced.result): unknown =>
    found.map(({ changes, placed }) => [changes.map(({ text }) => text), placed]);
  t.deepEqual(shown(sliced.result), shown(hints(view, [first, ...rest], { nowMs: 0 })));
  t.deepEqual(explain(view, first), before);
});

test('nodes whose load has changed are put in order in slices', (t) => {
  const moved = 3_000;
  const all = Array.from({ length: moved }, (_, at) => nodeOf(`n${at}`));
  const standing = all.map(({ id }, at) =>
    taskOf(`t${at}`, { nodeId: id, state: TaskState.RUNNING, service: 'before' }),
  );
  const view = viewOf(all, standing);
  const pausesOfOne = (): number => {
    const meter = new Meter(sliceUnits);
    const { pauses, result } = inSlices(
      new Looks(),
      placing(view, [taskOf('one', { service: 'one' })], { nowMs: 0, meter }),
    );
    t.is(result.placed.length, 1);
    return pauses;
  };
  t.is(pausesOfOne(), (moved * movedUnits) / sliceUnits - 1);
  t.is(pausesOfOne(), 0, 'only those that have moved since');
});

test('a slice that takes too long ends before it is full, and nothing else is decided', (t) => {
  let looks = 0;
  const meter = new Meter(Infinity, () => {
    looks++;
    return looks % 2 === 0;
  });
  const tasks = tasksOf(300);
  const view = (): ClusterView => viewOf(nodes());
  const sliced = inSlices(new Looks(), placing(view(), tasks, { nowMs: 0, meter }));
  // A look every 1,000 units; each placement is 100 and looks at a node.
  t.true(looks >= (300 * (placementUnits + nodeUnits)) / 1_000, `${looks} looks`);
  t.is(sliced.pauses, Math.floor(looks / 2));
  const nodesOf = ({ placed }: typeof sliced.result): unknown => placed.map(({ nodeId }) => nodeId);
  t.deepEqual(nodesOf(sliced.result), nodesOf(place(view(), tasks, { nowMs: 0 })));
});
