/** Tasks of one shape through the leader's scheduling loop: created, placed and committed by Raft. */
import { TaskState, TaskStatus } from '#proto';
import type { Task } from '#proto';
import { ClusterView, Meter, placing } from '#scheduler';
import type { Placement } from '#scheduler';
import type { LoopBasics } from '#manager/leader-loops';
import { SchedulingLoop } from '#manager/scheduling/index';
import type { ClusterStore } from '#manager/store/cluster-store';
import { nodeOf } from '#test/_support/placement';
import { withStallProbe } from '../loop-stall.ts';
import { kubernetesShapes, preemptionShape } from '../scheduler-shapes/kubernetes.ts';
import { runningOn, tasksOf } from '../scheduler-shapes/shape.ts';
import type { Shape } from '../scheduler-shapes/shape.ts';
import { swarmkitShapes } from '../scheduler-shapes/swarmkit.ts';

export interface Measured {
  readonly nodes: number;
  readonly tasks: number;
  /** From the first creation to the last assignment, both committed. */
  readonly perSecond: number;
  /** From a task's creation to its assignment, one task at a time. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly stallMs: number;
  /** That stall by the clock, and the own processor time of the thread that it held. */
  readonly stallWallMs: number;
  readonly stallOwnMs: number;
  readonly residentMib: number;
}

/** Tasks that are placed first and taken away again, as Kubernetes' shapes have initial pods: managers that have just started compile their code yet. */
const initialTasks = 1_000;
/** Tasks that are created and awaited one by one, after the others. */
const singlesMax = 100;
const churnPeriodMs = 10;
/** Work of the preparation between two turns of the event loop, as the scheduler counts it. */
const preparedPerSlice = 50_000;

type Basics = Omit<LoopBasics, 'store'> & { readonly store: ClusterStore };

function shapeNamed(name: string): Shape {
  const shapes: readonly Shape[] = [...kubernetesShapes, ...swarmkitShapes, preemptionShape];
  const shape = shapes.find((one) => one.name === name);
  if (shape === undefined) throw new Error(`no shape ${name}`);
  return shape;
}

/** A second and more in one piece would cost the leader its lead. */
async function placedInSlices(
  view: ClusterView,
  tasks: readonly Task[],
): Promise<readonly Placement[]> {
  const steps = placing(view, tasks, { nowMs: 0, meter: new Meter(preparedPerSlice) });
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value.placed;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Nodes and what stands on them. */
async function prepare(store: ClusterStore, shape: Shape): Promise<number> {
  const nodes = shape.nodes();
  await store.batch(nodes, (tx, node) => tx.create('node', node));
  const view = new ClusterView();
  for (const node of nodes) view.setNode(node);
  const before = shape.before?.() ?? [];
  const placed = await placedInSlices(view, before);
  await store.batch(placed, (tx, { task, nodeId }) => tx.create('task', runningOn(task, nodeId)));
  return nodes.length;
}

/** A node, and a task on it, that come and go; ends when it is told to. */
function churn(store: ClusterStore, like: Task): () => void {
  let at = 0;
  const timer = setInterval(() => {
    const id = `churn-${at++ % 10}`;
    const change = store.update((tx) => {
      if (tx.get('task', id) !== undefined) tx.remove('task', id);
      if (tx.get('node', id) !== undefined) tx.remove('node', id);
      tx.create('node', nodeOf(id, { cpus: 1, labels: { round: String(at) } }));
      tx.create('task', runningOn({ ...like, id, serviceId: id }, id));
    });
    void change.catch((error: unknown) => {
      throw error;
    });
  }, churnPeriodMs);
  return () => clearInterval(timer);
}

/** The agents: what is told to stop has stopped a moment later. */
function stopVictims(store: ClusterStore): () => void {
  let told: string[] = [];
  const stop = (): void => {
    const ids = told;
    told = [];
    const written = store.batch(ids, (tx, id) => {
      const task = tx.get('task', id);
      if (task === undefined) return;
      const status = TaskStatus.create({ ...task.status, state: TaskState.SHUTDOWN });
      tx.update('task', { ...task, status });
    });
    void written.catch((error: unknown) => {
      throw error;
    });
  };
  const watch = store.watch(({ events }) => {
    for (const event of events) {
      if (event.table !== 'task' || event.kind !== 'update') continue;
      const { id, desiredState, status } = event.object;
      const isTold = desiredState >= TaskState.SHUTDOWN && event.old.desiredState < desiredState;
      if (!isTold || (status?.state ?? 0) >= TaskState.COMPLETE) continue;
      if (told.length === 0) setTimeout(stop, 1);
      told.push(id);
    }
  });
  return () => watch.cancel();
}

/** Counts what is assigned; `until` resolves at so many. */
class Assignments {
  #count = 0;
  #wanted = Infinity;
  #reached: () => void = () => undefined;

  constructor(store: ClusterStore) {
    store.watch(({ events }) => {
      for (const event of events) {
        if (event.table !== 'task' || event.kind !== 'update') continue;
        if (event.old.status?.state !== TaskState.PENDING) continue;
        if (event.object.status?.state === TaskState.ASSIGNED) this.#count++;
      }
      if (this.#count >= this.#wanted) this.#reached();
    });
  }

  async more(count: number): Promise<void> {
    this.#wanted = this.#count + count;
    await new Promise<void>((resolve) => {
      this.#reached = resolve;
    });
    this.#wanted = Infinity;
  }
}

/** Places tasks of a service of their own where there is room, and removes them. */
async function warmUp(store: ClusterStore, assignments: Assignments): Promise<void> {
  const tasks = tasksOf(initialTasks, { service: 'warm-up', cpus: 0.1 });
  const done = assignments.more(tasks.length);
  await store.batch(tasks, (tx, task) => tx.create('task', task));
  await done;
  await store.batch(tasks, (tx, { id }) => tx.remove('task', id));
}

export interface Made {
  readonly tasks: readonly Task[];
  /** That come one by one. */
  readonly singles: readonly Task[];
}

/** 100,000 of them take more than a second in one piece: for a member that does not lead others yet. */
export function makeTasks(name: string): Made {
  const shape = shapeNamed(name);
  return { tasks: shape.measured(), singles: shape.measured().slice(0, singlesMax) };
}

export async function measureShape(
  basics: Basics,
  name: string,
  { tasks, singles }: Made,
): Promise<Measured> {
  const { store } = basics;
  const shape = shapeNamed(name);
  const nodes = await prepare(store, shape);
  const loop = new SchedulingLoop(basics);
  loop.start();
  const assignments = new Assignments(store);
  // Its nodes are full.
  if (name !== preemptionShape.name) await warmUp(store, assignments);
  const [like] = tasks;
  if (like === undefined) throw new Error(`${name} has no tasks`);
  const endStops = stopVictims(store);
  const endChurn = shape.hasChurn === true ? churn(store, like) : () => undefined;
  const { tookMs, stallMs, stallWallMs, stallOwnMs } = await withStallProbe(async () => {
    const done = assignments.more(tasks.length);
    await store.batch(tasks, (tx, task) => tx.create('task', task));
    await done;
  });
  const times: number[] = [];
  for (const task of singles) {
    const startedAt = performance.now();
    const done = assignments.more(1);
    await store.update((tx) => tx.create('task', task));
    await done;
    times.push(performance.now() - startedAt);
  }
  endChurn();
  endStops();
  await loop.stop();
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.trunc(times.length * part)] ?? 0;
  return {
    nodes,
    tasks: tasks.length,
    perSecond: (tasks.length / tookMs) * 1_000,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    stallMs,
    stallWallMs,
    stallOwnMs,
    residentMib: process.memoryUsage().rss / 2 ** 20,
  };
}
