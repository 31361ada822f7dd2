/** Which tasks may not stay on their node, as it is now. Pure. */
import { NodeState, TaintEffect } from '#proto';
import type { Node, Resources, Service, Task } from '#proto';
import { nodeSatisfies } from '#scheduler';
import { constraintsOf } from './service-config.ts';
import { byAge } from './slot.ts';
import { isOnNode, isWanted } from './task-state.ts';

export interface Eviction {
  readonly task: Task;
  /** For people. */
  readonly message: string;
}

/**
 * The service's present constraints decide, not the task's copy. Where only an update made them so that they
 * no longer hold, the task is the update's to replace: its own constraints still hold.
 */
function isMisplaced(task: Task, service: Service, node: Node): boolean {
  if (nodeSatisfies(node, constraintsOf(service.spec?.task))) return false;
  const isOfThisVersion = task.specVersion === service.specVersion;
  return isOfThisVersion || !nodeSatisfies(node, constraintsOf(task.spec));
}

type Amounts = readonly (readonly [string, number])[];

function amounts(resources: Resources | undefined): Amounts {
  if (resources === undefined) return [];
  const { cpuNano, memoryBytes, pids } = resources;
  const plain: Amounts = [
    ['cpu', cpuNano],
    ['memory', memoryBytes],
    ['pids', pids],
  ];
  return [...plain, ...Object.entries(resources.generic)].filter(([, amount]) => amount > 0);
}

/** The kinds of which more is reserved than there is. A node that says nothing of pids has any number. */
function overbooked(reserved: ReadonlyMap<string, number>, node: Node): ReadonlySet<string> {
  const has = new Map(amounts(node.description?.resources));
  const over = new Set<string>();
  for (const [kind, amount] of reserved) {
    if (kind === 'pids' && !has.has('pids')) continue;
    if (amount > (has.get(kind) ?? 0)) over.add(kind);
  }
  return over;
}

/** Youngest first, those tasks whose going makes the rest fit again. */
function outOfRoom(tasks: readonly Task[], node: Node): readonly Task[] {
  const demands = tasks.map((task) => ({
    task,
    asks: amounts(task.spec?.resources?.reservations),
  }));
  const reserved = new Map<string, number>();
  for (const { asks } of demands)
    for (const [kind, amount] of asks) reserved.set(kind, (reserved.get(kind) ?? 0) + amount);
  const leaving: Task[] = [];
  for (const { task, asks } of demands.toSorted((a, b) => byAge(b.task, a.task))) {
    const over = overbooked(reserved, node);
    if (over.size === 0) break;
    if (!asks.some(([kind]) => over.has(kind))) continue;
    for (const [kind, amount] of asks) reserved.set(kind, (reserved.get(kind) ?? 0) - amount);
    leaving.push(task);
  }
  return leaving;
}

/**
 * The tasks that have to leave a node. Drained and DOWN nodes are the orchestrator's; a node that is
 * not READY says nothing new about itself.
 */
export function planEnforcing(
  node: Node,
  tasks: Iterable<Task>,
  serviceOf: (id: string) => Service | undefined,
): readonly Eviction[] {
  if (node.status?.state !== NodeState.READY) return [];
  const isTainted = (node.spec?.taints ?? []).some(
    ({ effect }) => effect === TaintEffect.NO_EXECUTE,
  );
  const evictions: Eviction[] = [];
  const staying: Task[] = [];
  for (const task of tasks) {
    if (!isWanted(task) || !isOnNode(task)) continue;
    const service = serviceOf(task.serviceId);
    if (service === undefined || service.isRemoving) continue;
    if (isTainted)
      evictions.push({ task, message: 'its node has a taint that it does not tolerate' });
    else if (isMisplaced(task, service, node))
      evictions.push({ task, message: 'its node no longer meets the constraints' });
    else staying.push(task);
  }
  // A node that has not described itself yet has room for what is there.
  if (node.description?.resources === undefined) return evictions;
  const message = 'its node no longer has the resources that it reserves';
  return [...evictions, ...outOfRoom(staying, node).map((task) => ({ task, message }))];
}
