/**
 * Placement: pending tasks in, decisions out. Tasks made from one version of a service are alike and are
 * placed together: nodes without a task of the service first, least loaded first, in the order that the
 * view keeps; then the rest from a heap. A placement costs O(log nodes).
 */
import type { Ms } from '#lib';
import type { Task } from '#proto';
import { isBetter } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import type { ClusterView } from './cluster-view.ts';
import { explain } from './explain.ts';
import { hasRoom, suits } from './filter.ts';
import { Heap } from './heap.ts';
import { preferenceFor } from './node-affinity.ts';
import type { NodeRecord } from './node-record.ts';
import { spreadKeys } from './preference.ts';
import { requirementsOf } from './requirements.ts';
import type { Requirements } from './requirements.ts';
import type { ServiceRecord } from './service-record.ts';
import { SpreadTree } from './spread-tree.ts';
import { countUnpreferred } from './toleration.ts';

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

/** Tasks that are alike, and what placing one of them needs. */
interface Group {
  readonly serviceId: string;
  readonly specVersion: number;
  readonly tasks: readonly Task[];
  readonly requirements: Requirements;
  readonly nowMs: Ms;
}

/**
 * Decides for all of `pending`, tasks with a node of their own (global services) first. Every placement
 * is assumed in the view at once; the caller forgets those that the store does not take.
 */
export function place(view: ClusterView, pending: Iterable<Task>, nowMs: Ms): PlacementResult {
  const placed: Placement[] = [];
  const unplaced: Unplaced[] = [];
  const groups = new Map<string, Task[]>();
  for (const task of pending) {
    if (task.nodeId !== '') {
      placeOnOwnNode(view, task, placed, unplaced);
      continue;
    }
    const key = `${task.serviceId}/${task.specVersion}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [task]);
    else group.push(task);
  }
  for (const tasks of groups.values()) {
    const first = tasks[0];
    if (first === undefined) continue;
    const { serviceId, specVersion } = first;
    const requirements = requirementsOf(first);
    placeGroup(view, { serviceId, specVersion, tasks, requirements, nowMs }, placed, unplaced);
  }
  return { placed, unplaced };
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
    hasRoom(record, requirements, view.service(task.serviceId));
  if (isFree) {
    view.assume(task, nodeId, requirements.demand);
    placed.push({ task, nodeId });
  } else unplaced.push({ task, explanation: explain(view, task).summary });
}

function placeGroup(
  view: ClusterView,
  group: Group,
  placed: Placement[],
  unplaced: Unplaced[],
): void {
  const { tasks, requirements } = group;
  const [first] = tasks;
  if (first === undefined) return;
  const keys = spreadKeys(first.spec?.placement?.preferences ?? []);
  const nodes = keys.length > 0 ? spread(view, group, keys) : level(view, group);
  let done = 0;
  for (const record of nodes) {
    const task = tasks[done];
    if (task === undefined) break;
    view.assume(task, record.id, requirements.demand);
    placed.push({ task, nodeId: record.id });
    done++;
    if (done === tasks.length) break;
  }
  if (done === tasks.length) return;
  const explanation = explain(view, first).summary;
  for (const task of tasks.slice(done)) unplaced.push({ task, explanation });
}

function candidate(
  record: NodeRecord,
  group: Group,
  service: ServiceRecord | undefined,
): Candidate {
  const { specVersion, nowMs } = group;
  return {
    record,
    isLast: service?.isFaulty(record.id, specVersion, nowMs) === true,
    unpreferredCount:
      record.softTaints.length === 0
        ? 0
        : countUnpreferred(record.softTaints, group.requirements.tolerations),
    preference: preferenceFor(record.node, group.requirements.nodeWish),
    serviceTaskCount: service?.taskCounts.get(record.id) ?? 0,
  };
}

/** The nodes to place on, one after the other; the caller assumes a task on each before the next. */
function* level(view: ClusterView, group: Group): Iterable<NodeRecord> {
  const { requirements, serviceId } = group;
  const service = view.service(serviceId);
  // Where some nodes are preferred, load alone does not say which is next.
  const isByLoad = requirements.nodeWish.preferred.length === 0;
  const rest: Candidate[] = [];
  for (const record of view.nodesByLoad()) {
    if (!suits(record, requirements) || !hasRoom(record, requirements, service)) continue;
    const next = candidate(record, group, service);
    rest.push(next);
    if (!isByLoad || next.serviceTaskCount > 0 || next.isLast || next.unpreferredCount > 0)
      continue;
    yield record;
    next.serviceTaskCount++;
  }
  const heap = new Heap(rest, isBetter);
  const latest = view.service(serviceId);
  for (let best = heap.peek(); best !== undefined; best = heap.peek()) {
    if (!hasRoom(best.record, requirements, latest)) {
      heap.drop();
      continue;
    }
    yield best.record;
    best.serviceTaskCount++;
    heap.sinkTop();
  }
}

function* spread(
  view: ClusterView,
  group: Group,
  keys: ReturnType<typeof spreadKeys>,
): Iterable<NodeRecord> {
  const { requirements, serviceId } = group;
  const service = view.service(serviceId);
  const tree = new SpreadTree(keys);
  for (const record of view.nodes()) {
    if (suits(record, requirements) && hasRoom(record, requirements, service))
      tree.add(candidate(record, group, service));
    else tree.addTasks(record, service?.taskCounts.get(record.id) ?? 0);
  }
  yield* tree.take((next) => hasRoom(next.record, requirements, view.service(serviceId)));
}
