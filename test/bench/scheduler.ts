/**
 * The shapes of SwarmKit's and of Kubernetes' own benchmarks: with the scheduler alone, without a store, each
 * placed at once, as one pass of the manager does it, and one task after the other; and through one and three
 * managers, where tasks are created in the store, placed by the leader's loop and committed by Raft.
 */
import { systemClock } from '#lib/clock-node';
import type { Task } from '#proto';
import { ClusterView, place, preempt } from '#scheduler';
import { nodeOf } from '#test/_support/placement';
import { measureWithManagers } from './managers/cluster.ts';
import type { Measured } from './managers/measure.ts';
import type { Row } from './row.ts';
import { kubernetesShapes, preemptionShape } from './scheduler-shapes/kubernetes.ts';
import { runningOn } from './scheduler-shapes/shape.ts';
import type { Shape } from './scheduler-shapes/shape.ts';
import { swarmkitShapes } from './scheduler-shapes/swarmkit.ts';

const clock = systemClock();
const blank = { peer: null, ratio: null, bar: null, ok: null };
const nowMs = 0;
/** Tasks of each shape that are placed one by one. */
const singlesMax = 100;

function prepared(shape: Pick<Shape, 'nodes' | 'before'>): ClusterView {
  const view = new ClusterView();
  for (const node of shape.nodes()) view.setNode(node);
  const before = shape.before?.() ?? [];
  const { placed } = place(view, before, { nowMs });
  if (placed.length !== before.length) throw new Error('what stands before has to find a node');
  for (const { task, nodeId } of placed) view.setTask(runningOn(task, nodeId));
  return view;
}

function requireAll(name: string, placedCount: number, count: number): void {
  if (placedCount !== count) throw new Error(`${name}: ${placedCount} of ${count} were placed`);
}

/** Placements a second; the median of a few runs. */
function atOnce(shape: Shape): number {
  const runs = 3;
  const rates = Array.from({ length: runs }, () => {
    const view = prepared(shape);
    const tasks = shape.measured();
    const startedAt = clock.monotonic();
    const { placed } = place(view, tasks, { nowMs });
    const tookMs = clock.monotonic() - startedAt;
    requireAll(shape.name, placed.length, tasks.length);
    return (tasks.length / tookMs) * 1_000;
  });
  return rates.toSorted((a, b) => a - b)[runs >> 1] ?? 0;
}

/** A node, and a task on it, that come and go. */
function churn(view: ClusterView, at: number, task: Task): void {
  const id = `churn-${at % 10}`;
  view.removeNode(id);
  view.setNode(nodeOf(id, { cpus: 1, labels: { round: String(at) } }));
  view.removeTask(id);
  view.setTask(runningOn({ ...task, id, serviceId: id }, id));
}

/** Milliseconds that each decision takes, in ascending order. */
function oneByOne(shape: Shape): readonly number[] {
  const view = prepared(shape);
  const tasks = shape.measured().slice(0, singlesMax);
  const times: number[] = [];
  for (const [at, task] of tasks.entries()) {
    const startedAt = clock.monotonic();
    if (shape.hasChurn === true) churn(view, at, task);
    const { placed } = place(view, [task], { nowMs });
    times.push(clock.monotonic() - startedAt);
    requireAll(shape.name, placed.length, 1);
  }
  return times.toSorted((a, b) => a - b);
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.trunc(sorted.length * part))] ?? 0;
}

function residentMib(): number {
  return Math.round(process.memoryUsage().rss / 2 ** 20);
}

function rowsOf(family: string, shape: Shape): readonly Row[] {
  const name = `${family} ${shape.name}`;
  const rate = Math.round(atOnce(shape));
  const times = oneByOne(shape);
  const { floor, floorOf = '' } = shape;
  const bar =
    floor === undefined
      ? blank
      : { ...blank, bar: `>= ${floorOf} (${floor}/s)`, ok: rate >= floor };
  return [
    { ...bar, name, unit: 'placements/s', ours: rate },
    { ...blank, name: `${name}, one by one, p50`, unit: 'ms', ours: percentile(times, 0.5) },
    { ...blank, name: `${name}, one by one, p99`, unit: 'ms', ours: percentile(times, 0.99) },
    { ...blank, name: `${name}, process`, unit: 'MiB RSS', ours: residentMib() },
  ];
}

/** Every task pushes out one of low priority, which is gone for the next. */
function preemptionRows(): readonly Row[] {
  const { name } = preemptionShape;
  const view = new ClusterView();
  for (const node of preemptionShape.nodes()) view.setNode(node);
  const standing = new Map<string, Task[]>();
  for (const { task, nodeId } of place(view, preemptionShape.before(), { nowMs }).placed) {
    const running = runningOn(task, nodeId);
    view.setTask(running);
    const here = standing.get(nodeId);
    if (here === undefined) standing.set(nodeId, [running]);
    else here.push(running);
  }
  const times: number[] = [];
  for (const [at, task] of preemptionShape.measured().entries()) {
    const startedAt = clock.monotonic();
    const options = { standing: (id: string) => standing.get(id) ?? [], offset: at * 25 };
    const result = preempt(view, task, options);
    if (result.kind === 'none') throw new Error(`${name}: ${result.summary}`);
    const { nodeId, victims } = result;
    for (const victim of victims) view.removeTask(victim.id);
    const { placed } = place(view, [task], { nowMs });
    times.push(clock.monotonic() - startedAt);
    requireAll(name, placed.length, 1);
    standing.set(
      nodeId,
      (standing.get(nodeId) ?? []).filter((one) => !victims.includes(one)),
    );
  }
  const sorted = times.toSorted((a, b) => a - b);
  const totalMs = times.reduce((sum, ms) => sum + ms, 0);
  const rate = Math.round((times.length / totalMs) * 1_000);
  return [
    { ...blank, name: `kubernetes ${name}`, unit: 'placements/s', ours: rate },
    { ...blank, name: `kubernetes ${name}, p50`, unit: 'ms', ours: percentile(sorted, 0.5) },
    { ...blank, name: `kubernetes ${name}, p99`, unit: 'ms', ours: percentile(sorted, 0.99) },
  ];
}

/** Where there is a bar, the median of three, each with new processes, and the longest stall of all: it is a second of work. */
async function throughManagers(count: number, shape: Shape): Promise<Measured> {
  const roundCount = shape.committedFloor === undefined ? 1 : 3;
  const rounds: Measured[] = [];
  while (rounds.length < roundCount) rounds.push(await measureWithManagers(count, shape.name));
  const median = rounds.toSorted((a, b) => a.perSecond - b.perSecond)[roundCount >> 1];
  const worst = rounds.toSorted((a, b) => b.stallMs - a.stallMs)[0];
  if (median === undefined || worst === undefined) throw new Error('no round was measured');
  const rates = rounds.map(({ perSecond }) => Math.round(perSecond));
  console.log(`  ${shape.name}, ${count} manager(s): ${rates.join(', ')} placements/s`);
  const { stallMs, stallWallMs, stallOwnMs } = worst;
  return { ...median, stallMs, stallWallMs, stallOwnMs };
}

async function managerRows(family: string, shape: Shape): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const count of [1, 3]) {
    const measured = await throughManagers(count, shape);
    const rate = Math.round(measured.perSecond);
    const { committedFloor: floor } = shape;
    const bar =
      floor === undefined
        ? blank
        : { ...blank, bar: `>= 10 x Kubernetes (${floor}/s)`, ok: rate >= floor };
    const name = `${family} ${shape.name}, ${count === 1 ? '1 manager' : `${count} managers`}`;
    const more = {
      p50: measured.p50Ms,
      p99: measured.p99Ms,
      'longest stall': measured.stallMs,
      'that stall by the clock': measured.stallWallMs,
      "that stall, the loop's own processor time": measured.stallOwnMs,
    };
    rows.push(
      { ...bar, name, unit: 'committed placements/s', ours: rate },
      ...Object.entries(more).map(
        ([what, ms]): Row => ({ ...blank, name: `${name}, ${what}`, unit: 'ms', ours: ms }),
      ),
      { ...blank, name: `${name}, leader`, unit: 'MiB RSS', ours: measured.residentMib },
    );
  }
  return rows;
}

/** `SHAPES=name,...`: only shapes whose names begin so; all of them without it. */
const wanted = (process.env['SHAPES'] ?? '').split(',').filter((name) => name !== '');

function isWanted({ name }: Pick<Shape, 'name'>): boolean {
  return wanted.length === 0 || wanted.some((one) => name.startsWith(one));
}

export async function bench(): Promise<Row[]> {
  const rows = [
    ...swarmkitShapes.filter(isWanted).flatMap((shape) => rowsOf('swarmkit', shape)),
    ...kubernetesShapes.filter(isWanted).flatMap((shape) => rowsOf('kubernetes', shape)),
    ...[preemptionShape].filter(isWanted).flatMap(preemptionRows),
  ];
  for (const shape of [...kubernetesShapes, preemptionShape].filter(isWanted))
    rows.push(...(await managerRows('kubernetes', shape)));
  for (const shape of swarmkitShapes.filter(isWanted))
    rows.push(...(await managerRows('swarmkit', shape)));
  return rows;
}
