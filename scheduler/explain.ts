/** Why a task has no node: every node with its reason, and all of it in one line. */
import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { refuse } from './filter.ts';
import { Meter, finish, nodeUnits, pause } from './meter.ts';
import type { Pause } from './meter.ts';
import type { NodeRecord } from './node-record.ts';
import { summarise } from './refusal.ts';
import type { FilterName, Refusal } from './refusal.ts';
import { requirementsOf } from './requirements.ts';
import { TopologyRules, hasTopology } from './topology-rules.ts';

/** Asking a node and putting its reasons into words. */
export const explainedUnits = 3 * nodeUnits;

/** A node that may not take the task. */
export interface RefusedNode {
  readonly nodeId: string;
  readonly refusal: Refusal;
}

export interface Explanation {
  /** Nodes that were asked: all, or the one that the task is bound to. */
  readonly nodeCount: number;
  /** As in "0/5 nodes are available: 3 Insufficient cpu, 2 node(s) had untolerated taint {k: v}.". */
  readonly summary: string;
  /** In the order of the nodes' ids. */
  readonly refused: readonly RefusedNode[];
  /** Nodes that would take the task after all; empty for one that was just refused. */
  readonly fitting: readonly string[];
  /** The filters that refused nodes. */
  readonly filters: ReadonlySet<FilterName>;
}

/** Why this node may not take the task; undefined when it may. O(nodes) where the task has rules about others. */
export function refusalOf(view: ClusterView, task: Task, record: NodeRecord): Refusal | undefined {
  const requirements = requirementsOf(task);
  const refusal = refuse(record, requirements, view.service(task.serviceId));
  if (refusal !== undefined || !hasTopology(view, task)) return refusal;
  const rules = new TopologyRules(view, task, requirements);
  return rules.refuse(rules.locate(record));
}

export interface ExplainOptions {
  /** The task's rules about other tasks where the caller has them, for they cost as much as asking. */
  readonly rules?: TopologyRules | undefined;
  /** When to pause, for `explaining`. Default: never. */
  readonly meter?: Meter;
}

/** Asks every node about the task, as the view is now; of a task that is bound to a node only that one. O(nodes). */
export function explain(view: ClusterView, task: Task, options: ExplainOptions = {}): Explanation {
  return finish(explaining(view, task, options));
}

/** `explain` in slices. Where it pauses, others may run, but must not change the view. */
export function* explaining(
  view: ClusterView,
  task: Task,
  { rules: known, meter = new Meter(Infinity) }: ExplainOptions,
): Generator<Pause, Explanation> {
  const requirements = requirementsOf(task);
  const service = view.service(task.serviceId);
  const isRuled = known === undefined && hasTopology(view, task);
  const rules = isRuled ? new TopologyRules(view, task, requirements) : known;
  if (isRuled && meter.isDue(nodeUnits * view.nodeCount)) yield pause;
  const refused: RefusedNode[] = [];
  const fitting: string[] = [];
  let nodeCount = 0;
  const own = view.node(task.nodeId);
  const asked = task.nodeId === '' ? view.nodes() : own === undefined ? [] : [own];
  for (const record of asked) {
    nodeCount++;
    const refusal = refuse(record, requirements, service) ?? rules?.refuse(rules.locate(record));
    if (refusal === undefined) fitting.push(record.id);
    else refused.push({ nodeId: record.id, refusal });
    if (meter.isDue(explainedUnits)) yield pause;
  }
  refused.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  const summary = summarise(
    nodeCount,
    refused.map(({ refusal }) => refusal),
  );
  const filters = new Set(refused.map(({ refusal }) => refusal.filter));
  return { nodeCount, summary, refused, fitting: fitting.toSorted(), filters };
}
