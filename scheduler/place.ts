/**
 * Placement: pending tasks in, decisions out. Tasks made from one version of a service are alike and are
 * placed together. A placement costs O(log nodes).
 */
import type { Ms } from '#lib';
import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { explain } from './explain.ts';
import { hasRoom, suits } from './filter.ts';
import type { Group } from './group.ts';
import type { KindRecord } from './kind-index.ts';
import { nodesFor } from './node-order.ts';
import type { NodeRecord } from './node-record.ts';
import { priorityOf } from './priority.ts';
import { requirementsOf } from './requirements.ts';
import type { Requirements } from './requirements.ts';
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
  const { nowMs, scoring = defaultScoring } = options;
  const placed: Placement[] = [];
  const unplaced: Unplaced[] = [];
  const groups = new Map<string, [Task, ...Task[]]>();
  for (const task of pending) {
    if (task.nodeId !== '') {
      placeOnOwnNode(view, task, placed, unplaced);
      continue;
    }
    const key = kindIdOf(task);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [task]);
    else group.push(task);
  }
  for (const tasks of byPriority([...groups.values()])) {
    const [{ serviceId, specVersion }] = tasks;
    const requirements = requirementsOf(tasks[0]);
    const group = { serviceId, specVersion, tasks, requirements, scoring, nowMs };
    placeGroup(view, group, placed, unplaced);
  }
  return { placed, unplaced };
}

/** The higher first; those alike stay in the order they came. */
function byPriority<G extends readonly [Task, ...Task[]]>(groups: readonly G[]): readonly G[] {
  return groups.toSorted(([a], [b]) => priorityOf(b) - priorityOf(a));
}

function placeOnOwnNode(
  view: ClusterView,
  task: Task,
  placed: Placement[],
  unplaced: Unplaced[],
): void {
  const { nodeId } = task;
  const record = view.node(nodeId);
  const requirements = requirementsOf(task);
  const isFree =
    record !== undefined &&
    suits(record, requirements) &&
    hasRoom(record, requirements, view.service(task.serviceId)) &&
    isAllowed(view, task, record, requirements);
  if (isFree) {
    view.assume(task, nodeId, requirements.demand);
    placed.push({ task, nodeId });
  } else unplaced.push({ task, explanation: explain(view, task).summary });
}

function isAllowed(
  view: ClusterView,
  task: Task,
  record: NodeRecord,
  requirements: Requirements,
): boolean {
  if (!hasTopology(view, task)) return true;
  const rules = new TopologyRules(view, task, requirements);
  return rules.allows(rules.locate(record));
}

function placeGroup(
  view: ClusterView,
  group: Group,
  placed: Placement[],
  unplaced: Unplaced[],
): void {
  const { tasks, requirements } = group;
  const [first] = tasks;
  const nodes = nodesFor(view, group);
  let done = 0;
  let kind: KindRecord | undefined;
  for (const record of nodes) {
    const task = tasks[done];
    if (task === undefined) break;
    kind = view.assume(task, record.id, requirements.demand, kind);
    placed.push({ task, nodeId: record.id });
    done++;
    if (done === tasks.length) break;
  }
  if (done === tasks.length) return;
  const explanation = explain(view, first).summary;
  for (const task of tasks.slice(done)) unplaced.push({ task, explanation });
}
