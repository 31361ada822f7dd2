/**
 * Placement: pending tasks in, decisions out. Tasks made from one version of a service are alike and are
 * placed together. A placement costs O(log nodes).
 */
import type { Ms } from '#lib';
import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { explaining } from './explain.ts';
import { hasRoom, suits } from './filter.ts';
import type { Group } from './group.ts';
import type { KindRecord } from './kind-index.ts';
import { Meter, finish, nodeUnits, pause, placementUnits } from './meter.ts';
import type { Pause } from './meter.ts';
import { nodesFor } from './node-order.ts';
import { priorityOf } from './priority.ts';
import type { FilterName } from './refusal.ts';
import { requirementsOf } from './requirements.ts';
import { defaultScoring } from './scores.ts';
import type { ScoringConfig } from './scores.ts';
import { kindIdOf } from './task-kind.ts';
import { TopologyRules, hasTopology } from './topology-rules.ts';

/** This task goes to this node. The view already counts it there. */
export interface Placement {
  readonly task: Task;
  readonly nodeId: string;
}

/** This task cannot go anywhere now. */
export interface Unplaced {
  readonly task: Task;
  /** One line that says why, as in "0/5 nodes are available: 5 Insufficient cpu.". */
  readonly explanation: string;
  /** The filters that refused nodes; empty when there are no nodes. */
  readonly filters: ReadonlySet<FilterName>;
}

export interface PlacementResult {
  readonly placed: readonly Placement[];
  readonly unplaced: readonly Unplaced[];
}

/** What placing may be told besides the cluster and the tasks. */
export interface PlaceOptions {
  readonly nowMs: Ms;
  /** Default: `defaultScoring`. */
  readonly scoring?: ScoringConfig;
  /** When to pause, for `placing`. Default: never. */
  readonly meter?: Meter;
  /** Default true. False for who only asks whether: explanations look at every node. */
  readonly isExplaining?: boolean;
}

/**
 * Decides for all of `pending`, tasks with a node of their own (global services) first. Every placement
 * is assumed in the view at once; the caller forgets those that the store does not take.
 */
export function place(
  view: ClusterView,
  pending: Iterable<Task>,
  options: PlaceOptions,
): PlacementResult {
  return finish(placing(view, pending, options));
}

/** `place` in slices. Where it pauses, others may run, but must not change the view. */
export function* placing(
  view: ClusterView,
  pending: Iterable<Task>,
  options: PlaceOptions,
): Generator<Pause, PlacementResult> {
  const { nowMs, scoring = defaultScoring, meter = new Meter(Infinity) } = options;
  const { isExplaining = true } = options;
  const result: Decided = { placed: [], unplaced: [], meter, isExplaining };
  const bound = new Map<string, [Task, ...Task[]]>();
  const groups = new Map<string, [Task, ...Task[]]>();
  for (const task of pending) {
    const map = task.nodeId === '' ? groups : bound;
    const key = kindIdOf(task);
    const group = map.get(key);
    if (group === undefined) map.set(key, [task]);
    else group.push(task);
    if (meter.isDue(nodeUnits)) yield pause;
  }
  for (const tasks of bound.values()) yield* placeOnOwnNodes(view, tasks, result);
  for (const tasks of byPriority([...groups.values()])) {
    const [{ serviceId, specVersion }] = tasks;
    const requirements = requirementsOf(tasks[0]);
    const group = { serviceId, specVersion, tasks, requirements, scoring, nowMs };
    yield* placeGroup(view, group, result);
  }
  return result;
}

/** What is decided so far. */
interface Decided {
  readonly placed: Placement[];
  readonly unplaced: Unplaced[];
  readonly meter: Meter;
  readonly isExplaining: boolean;
}

const unexplained = { summary: '', filters: new Set<FilterName>() };

/** The higher first; those alike stay in the order they came. */
function byPriority<G extends readonly [Task, ...Task[]]>(groups: readonly G[]): readonly G[] {
  return groups.toSorted(([a], [b]) => priorityOf(b) - priorityOf(a));
}

/** Tasks that are alike, each bound to a node. */
function* placeOnOwnNodes(
  view: ClusterView,
  tasks: readonly [Task, ...Task[]],
  { placed, unplaced, meter, isExplaining }: Decided,
): Generator<Pause, void> {
  const [first] = tasks;
  const requirements = requirementsOf(first);
  const hasRules = hasTopology(view, first);
  const rules = hasRules ? new TopologyRules(view, first, requirements) : undefined;
  if (hasRules && meter.isDue(nodeUnits * view.nodeCount)) yield pause;
  for (const task of tasks) {
    const { nodeId } = task;
    const record = view.node(nodeId);
    const spot = record === undefined ? undefined : rules?.locate(record);
    const isFree =
      record !== undefined &&
      suits(record, requirements) &&
      hasRoom(record, requirements, view.service(task.serviceId)) &&
      (spot === undefined || rules?.allows(spot) === true);
    if (isFree) {
      view.assume(task, nodeId, requirements.demand);
      if (spot !== undefined) rules?.placed(spot);
      placed.push({ task, nodeId });
    } else {
      const why = isExplaining ? yield* explaining(view, task, { rules, meter }) : unexplained;
      unplaced.push({ task, explanation: why.summary, filters: why.filters });
    }
    if (meter.isDue(placementUnits)) yield pause;
  }
}

function* placeGroup(
  view: ClusterView,
  group: Group,
  { placed, unplaced, meter, isExplaining }: Decided,
): Generator<Pause, void> {
  const { tasks, requirements } = group;
  const [first] = tasks;
  const nodes = nodesFor(view, group, meter);
  let done = 0;
  let kind: KindRecord | undefined;
  for (const record of nodes) {
    if (record === pause) {
      yield pause;
      continue;
    }
    const task = tasks[done];
    if (task === undefined) break;
    kind = view.assume(task, record.id, requirements.demand, kind);
    placed.push({ task, nodeId: record.id });
    done++;
    if (meter.isDue(placementUnits)) yield pause;
    if (done === tasks.length) break;
  }
  if (done === tasks.length) return;
  const { summary, filters } = isExplaining
    ? yield* explaining(view, first, { meter })
    : unexplained;
  for (const task of tasks.slice(done)) unplaced.push({ task, explanation: summary, filters });
}
