/** One slot of a service that wants it filled: what to stop, what to start, what to let run. */
import type { Ms } from '#lib';
import { Availability, NodeState, TaskState } from '#proto';
import type { Node, Service, Task } from '#proto';
import { stayOnLostNode } from '#scheduler';
import { newTask, runNow } from './new-task.ts';
import { never } from './plan.ts';
import type { Change, World } from './plan.ts';
import { decideRestart } from './restart.ts';
import { isGlobal, restartConfigOf, tolerationsOf } from './service-config.ts';
import { membersOf } from './slot.ts';
import type { Slot } from './slot.ts';
import {
  createdAtMs,
  isEndedByItself,
  isOnNode,
  isRunning,
  isStopped,
  isWanted,
} from './task-state.ts';

/** A new task waits at most this long for the one before it to stop. */
const stopWaitMaxMs: Ms = 60_000;
/** A task that may not leave its drained node for its budget's sake is looked at again after this. */
const budgetRetryMs: Ms = 5_000;

export interface SlotPlan {
  readonly changes: readonly Change[];
  readonly wakeAtMs: Ms;
  /** See `SlotWake`. */
  readonly isForBudget: boolean;
}

/** Whether a task may stay on its node, as far as the node's own state goes. */
type NodeVerdict =
  | { readonly kind: 'stay' }
  | { readonly kind: 'later'; readonly lookAgainAtMs: Ms; readonly isForBudget: boolean }
  | { readonly kind: 'leave'; readonly message: string; readonly isForBudget: boolean };

const stay: NodeVerdict = { kind: 'stay' };
const leave = (message: string, isForBudget = false): NodeVerdict => ({
  kind: 'leave',
  message,
  isForBudget,
});

/**
 * A task leaves a node that is DOWN once it is known not to be one of many that went together, or later where its service
 * tolerates that. One of a global service has nowhere else to go: it stays, and goes on undisturbed if the node comes back.
 */
function judgeLost(world: World, service: Service, task: Task, node: Node): NodeVerdict {
  const isDrained = node.spec?.availability === Availability.DRAIN;
  const staysUntilMs =
    stayOnLostNode(node, task, tolerationsOf(service.spec?.task)) ??
    (isGlobal(service) && !isDrained ? Infinity : -Infinity);
  const atMs = Math.max(world.replaceAtMs(node), staysUntilMs);
  if (atMs > world.nowMs) return { kind: 'later', lookAgainAtMs: atMs, isForBudget: false };
  const isLate = staysUntilMs > -Infinity;
  return leave(isLate ? 'its node has been down for as long as it tolerates' : 'its node is down');
}

/** UNKNOWN and DISCONNECTED nodes keep their tasks: they may run there all the same. */
function judgeNode(world: World, service: Service, task: Task): NodeVerdict {
  if (task.nodeId === '') return stay;
  const node = world.node(task.nodeId);
  if (node === undefined) return leave('its node was removed');
  if (node.status?.state === NodeState.DOWN) return judgeLost(world, service, task, node);
  if (node.spec?.availability !== Availability.DRAIN) return stay;
  if (node.spec.drainIgnoresBudgets) return leave('its node is drained, whatever its budget', true);
  if (world.budgets.allows(task)) return leave('its node is drained', true);
  return { kind: 'later', lookAgainAtMs: world.nowMs + budgetRetryMs, isForBudget: true };
}

/** Whether the slot's only task is on its way or runs: what nearly all slots are, told apart cheaply. */
export function isCalm(world: World, service: Service, slot: Slot): boolean {
  const [task] = slot.tasks;
  if (task === undefined || slot.tasks.length > 1) return false;
  return (
    task.desiredState === TaskState.RUNNING &&
    !isStopped(task) &&
    judgeNode(world, service, task) === stay
  );
}

/** Whether the task may still run although it should not: what comes after it must wait. */
export function isInTheWay(world: World, task: Task): boolean {
  if (!isOnNode(task)) return false;
  const node = world.node(task.nodeId);
  return node !== undefined && node.status?.state !== NodeState.DOWN;
}

export function desire(task: Task, state: TaskState, message = ''): Change {
  return { kind: 'desire', taskId: task.id, state, message };
}

/**
 * Brings the slot to exactly one task that is wanted, two while an update hands over. With `mayCreate`
 * false (a paused node) nothing new is made. Applying the changes and planning again gives none.
 */
export function planSlot(world: World, service: Service, slot: Slot, mayCreate: boolean): SlotPlan {
  const members = membersOf(slot);
  const changes: Change[] = [];
  const staying: Task[] = [];
  let wakeAtMs = never;
  let isForBudget = false;
  for (const task of members) {
    if (!isWanted(task)) continue;
    if (isStopped(task)) {
      changes.push(desire(task, TaskState.SHUTDOWN));
      continue;
    }
    const verdict = judgeNode(world, service, task);
    if (verdict.kind === 'leave') {
      if (verdict.isForBudget) world.budgets.take(task);
      changes.push(desire(task, TaskState.SHUTDOWN, verdict.message));
      continue;
    }
    staying.push(task);
    if (verdict.kind === 'stay') continue;
    wakeAtMs = Math.min(wakeAtMs, verdict.lookAgainAtMs);
    isForBudget ||= verdict.isForBudget;
  }
  const kept = handOver(staying, changes);
  const heldUntilMs = heldUntil(service, members);
  if (kept.length === 0 && mayCreate && heldUntilMs > world.nowMs) {
    wakeAtMs = Math.min(wakeAtMs, heldUntilMs);
  } else if (kept.length === 0 && mayCreate) {
    const replacement = replace(world, service, slot, members);
    if (replacement !== undefined) changes.push({ kind: 'create', task: replacement });
  }
  const stopping = members.filter((task) => !kept.includes(task));
  for (const task of kept) {
    if (task.desiredState !== TaskState.READY) continue;
    const runAtMs = runsAtMs(world, task, stopping);
    if (runAtMs <= world.nowMs) changes.push(desire(task, TaskState.RUNNING));
    else wakeAtMs = Math.min(wakeAtMs, runAtMs);
  }
  return { changes, wakeAtMs, isForBudget };
}

/**
 * Of several tasks that are wanted the newest stays, and until it runs the newest of those that do:
 * a start-first update hands over in between.
 */
function handOver(staying: readonly Task[], changes: Change[]): readonly Task[] {
  const newest = staying[staying.length - 1];
  if (newest === undefined || staying.length === 1) return staying;
  const serving = isRunning(newest) ? newest : staying.findLast(isRunning);
  for (const task of staying)
    if (task !== newest && task !== serving)
      changes.push(desire(task, TaskState.SHUTDOWN, 'replaced'));
  return serving === undefined || serving === newest ? [newest] : [serving, newest];
}

/**
 * A task that failed while its delay still ran, because it could not be prepared: without this wait the
 * next one would fail at once, and so on without any delay.
 */
function heldUntil(service: Service, members: readonly Task[]): Ms {
  const last = members[members.length - 1];
  if (last === undefined || !isEndedByItself(last)) return 0;
  return last.specVersion === service.specVersion ? last.runNotBeforeMs : 0;
}

function replace(
  world: World,
  service: Service,
  slot: Slot,
  members: readonly Task[],
): Task | undefined {
  const last = members[members.length - 1];
  if (last === undefined) return newTask(world, service, slot, runNow);
  const config = restartConfigOf(service.spec?.task);
  const decision = decideRestart(members, last, config, world.random);
  if (decision.kind === 'leave') return undefined;
  const { delayMs, restartCount } = decision;
  const mustWait = delayMs > 0 || members.some((task) => isInTheWay(world, task));
  return newTask(world, service, slot, {
    desiredState: mustWait ? TaskState.READY : TaskState.RUNNING,
    runNotBeforeMs: delayMs > 0 ? world.nowMs + delayMs : 0,
    restartCount,
  });
}

/** When a task that waits may run: after its delay, and once what it replaces has stopped. */
function runsAtMs(world: World, task: Task, stopping: readonly Task[]): Ms {
  if (!stopping.some((other) => isInTheWay(world, other))) return task.runNotBeforeMs;
  return Math.max(task.runNotBeforeMs, createdAtMs(task)) + stopWaitMaxMs;
}
