/** How many of a service's tasks may be missing while the cluster moves tasks of its own accord. Pure. */
import { NodeState } from '#proto';
import type { DisruptionConfig, Node, Service, Task } from '#proto';
import { isGlobal, replicasOf } from '../orchestrator/service-config.ts';
import { slotKeyOf } from '../orchestrator/slot.ts';
import { isOnNode, isRunning, isWanted } from '../orchestrator/task-state.ts';

/** Where a service with a disruption budget stands. */
export interface Disruption {
  /** Slots that are to run. */
  readonly desired: number;
  /** Slots of which a task runs, is wanted, and is on a node that is not DOWN. */
  readonly available: number;
  /** Slots that may be missing at once. */
  readonly unavailableMax: number;
  /** Slots that may be taken away now, 0 or more. */
  readonly allowed: number;
}

/** The number of slots that may be missing, of so many; undefined: there is no budget. */
export function unavailableMax(
  config: DisruptionConfig | undefined,
  desired: number,
): number | undefined {
  const max = config?.maxUnavailable;
  if (max === undefined) return undefined;
  return max.kind === 'count' ? max.count : Math.ceil((desired * max.percent) / 100);
}

/**
 * Whether the task serves: it runs and is meant to, on a node that is not known to be lost. A task that does not may
 * be stopped without costing its budget anything.
 */
export function isAvailable(task: Task, node: Node | undefined): boolean {
  return isRunning(task) && isWanted(task) && !isLost(node);
}

function isLost(node: Node | undefined): boolean {
  return node === undefined || node.status?.state === NodeState.DOWN;
}

/**
 * Counts the tasks of a service against its budget, O(tasks of the service); undefined where it has none. What fails,
 * starts or is being stopped for whatever reason is missing already.
 */
export function disruptionOf(
  service: Service,
  tasks: Iterable<Task>,
  nodeOf: (id: string) => Node | undefined,
): Disruption | undefined {
  const config = service.spec?.disruption;
  if (config?.maxUnavailable === undefined) return undefined;
  const wanted = new Set<string>();
  const serving = new Set<string>();
  for (const task of tasks) {
    const key = slotKeyOf(task);
    // The nodes of a global service are as many as have tasks: one counts until its task has stopped.
    if (isOnNode(task) && !isLost(nodeOf(task.nodeId))) wanted.add(key);
    if (!isWanted(task)) continue;
    wanted.add(key);
    if (isAvailable(task, nodeOf(task.nodeId))) serving.add(key);
  }
  const desired = isGlobal(service) ? wanted.size : replicasOf(service);
  const max = unavailableMax(config, desired) ?? desired;
  const available = serving.size;
  const allowed = Math.max(0, available - Math.max(0, desired - max));
  return { desired, available, unavailableMax: max, allowed };
}
