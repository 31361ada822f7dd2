/**
 * Which changes of the cluster could help a task that no node would take, given the filters that refused it. Pure. What
 * is not named here wakes nobody, but for the flush of the queue every few minutes.
 */
import { Availability, NodeState, TaskState } from '#proto';
import type { Node, Task } from '#proto';
import type { FilterName } from '#scheduler';
import { isSame } from '../orchestrator/task-comparer.ts';
import { isOnNode, isStopped, isWanted, stateOf } from '../orchestrator/task-state.ts';

/**
 * `node-available`: one became READY or active. `node-labels`: anything that rules know nodes by. `task-left`: one
 * stopped, or room that was kept is free. `task-stopping`: one is not wanted any more, but still there.
 */
export type WakeEvent =
  | 'node-added'
  | 'node-available'
  | 'node-taints'
  | 'node-labels'
  | 'node-resources'
  | 'node-volumes'
  | 'node-removed'
  | 'task-placed'
  | 'task-stopping'
  | 'task-left';

/** Rules that look at tasks on other nodes: what happens on one node may open another. */
export const topologyFilters: readonly FilterName[] = ['topology-spread', 'service-affinity'];

const helped: Readonly<Record<Exclude<WakeEvent, 'node-added'>, readonly FilterName[]>> = {
  'node-available': ['availability'],
  // Spreads may leave out nodes with taints.
  'node-taints': ['taints', 'topology-spread'],
  'node-labels': ['node-affinity', 'constraints', 'platform', ...topologyFilters],
  'node-resources': ['resources'],
  'node-volumes': ['volumes'],
  // The least domain may have gone with it, or a task that kept others away.
  'node-removed': topologyFilters,
  'task-placed': topologyFilters,
  'task-stopping': ['replicas-per-node', 'topology-spread'],
  'task-left': ['ports', 'resources', 'replicas-per-node', ...topologyFilters],
};

/** `filters`: those that refused nodes; none when there were no nodes. A new node may help everybody. */
export function couldHelp(event: WakeEvent, filters: ReadonlySet<FilterName>): boolean {
  return event === 'node-added' || helped[event].some((filter) => filters.has(filter));
}

function isOpen(node: Node): boolean {
  const isActive = node.spec?.availability === Availability.ACTIVE;
  return isActive && node.status?.state === NodeState.READY;
}

/** What a node's change may mean for those that wait. */
export function nodeWakes(old: Node, node: Node): readonly WakeEvent[] {
  const events: WakeEvent[] = [];
  if (isOpen(node) && !isOpen(old)) events.push('node-available');
  if (!isSame(old.spec?.taints, node.spec?.taints)) events.push('node-taints');
  const { resources: had, volumes: kept, ...before } = old.description ?? {};
  const { resources: has, volumes, ...after } = node.description ?? {};
  if (!isSame(had, has)) events.push('node-resources');
  if (!isSame(kept, volumes)) events.push('node-volumes');
  if (
    !isSame(old.spec?.labels, node.spec?.labels) ||
    !isSame(before, after) ||
    old.role !== node.role ||
    old.status?.address !== node.status?.address
  )
    events.push('node-labels');
  return events;
}

/** What a task's change may mean for others that wait; `task` is undefined where it was removed. */
export function taskWakes(old: Task | undefined, task: Task | undefined): readonly WakeEvent[] {
  const wasThere = old !== undefined && isOnNode(old);
  if (task === undefined || isStopped(task)) return wasThere ? ['task-left'] : [];
  if (!isOnNode(task)) return [];
  const events: WakeEvent[] = [];
  if (stateOf(task) === TaskState.ASSIGNED && !wasThere) events.push('task-placed');
  if (!isWanted(task) && (old === undefined || isWanted(old))) events.push('task-stopping');
  return events;
}
