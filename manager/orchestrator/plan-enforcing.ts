/** Which tasks may not stay on their node, as it is now. Pure. */
import type { Ms } from '#lib';
import { NodeState } from '#proto';
import type { Node, Resources, Service, Task } from '#proto';
import { nodeSatisfies, stayOfTask, taintText } from '#scheduler';
import type { Stay } from '#scheduler';
import { never } from './plan.ts';
import { constraintsOf, tolerationsOf } from './service-config.ts';
import { byAge } from './slot.ts';
import { isOnNode, isWanted } from './task-state.ts';

export interface Eviction {
  readonly task: Task;
  /** For people. */
  readonly message: string;
}

export interface Enforcing {
  readonly evictions: readonly Eviction[];
  /** When the next task has stayed beside a taint for as long as it may; `never` when none has to go. */
  readonly wakeAtMs: Ms;
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

function tainted(task: Task, { taint, untilMs }: Stay): Eviction {
  const words = taint === undefined ? '' : ` ${taintText(taint)}`;
  const message =
    untilMs === -Infinity
      ? `its node has taint${words}, which it does not tolerate`
      : `its node has had taint${words} for as long as it tolerates that`;
  return { task, message };
}

/**
 * The tasks that have to leave a node at `nowMs`, and when to look again. Drained and DOWN nodes are the orchestrator's; a node that is
 * not READY says nothing new about itself.
 */
export function planEnforcing(
  node: Node,
  tasks: Iterable<Task>,
  serviceOf: (id: string) => Service | undefined,
  nowMs: Ms,
): Enforcing {
  if (node.status?.state !== NodeState.READY) return { evictions: [], wakeAtMs: never };
  const evictions: Eviction[] = [];
  let wakeAtMs = never;
  const staying: Task[] = [];
  for (const task of tasks) {
    if (!isWanted(task) || !isOnNode(task)) continue;
    const service = serviceOf(task.serviceId);
    if (service === undefined || service.isRemoving) continue;
    const stay = stayOfTask(node, task, tolerationsOf(service.spec?.task));
    if (stay.untilMs > nowMs) wakeAtMs = Math.min(wakeAtMs, stay.untilMs);
    if (stay.untilMs <= nowMs) evictions.push(tainted(task, stay));
    else if (isMisplaced(task, service, node))
      evictions.push({ task, message: 'its node no longer meets the constraints' });
    else staying.push(task);
  }
  // A node that has not described itself yet has room for what is there.
  if (node.description?.resources === undefined) return { evictions, wakeAtMs };
  const message = 'its node no longer has the resources that it reserves';
  const crowded = outOfRoom(staying, node).map((task) => ({ task, message }));
  return { evictions: [...evictions, ...crowded], wakeAtMs };
}
