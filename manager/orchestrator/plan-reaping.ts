/** Which tasks of a slot the store may forget. Pure. */
import type { Ms } from '#lib';
import { NodeState, TaskState } from '#proto';
import type { Node, Service, Task } from '#proto';
import { stayOnLostNode } from '#scheduler';
import { tolerationsOf } from './service-config.ts';
import { byAge } from './slot.ts';
import { isStopped, isWanted, stateOf } from './task-state.ts';

/** Finished tasks kept per slot where the cluster says nothing. */
export const historyLimitDefault = 5;
/** A task on a node that is DOWN this long is given up for good. */
export const orphanAfterMs: Ms = 24 * 3_600_000;

/** Whether a task that is to be removed can go: nothing of it runs on a node that can still be told. */
export function isRemovable(task: Task, node: (id: string) => Node | undefined): boolean {
  if (task.desiredState < TaskState.REMOVE) return false;
  if (isStopped(task) || stateOf(task) < TaskState.ASSIGNED) return true;
  // An agent that comes back removes what is not among its assignments.
  const on = node(task.nodeId);
  return on === undefined || on.status?.state === NodeState.DOWN;
}

/**
 * When the task is to be declared ORPHANED: its node is gone or DOWN for long, and its service does not tolerate that for
 * longer; Infinity = it is not.
 */
export function orphanAtMs(
  task: Task,
  node: (id: string) => Node | undefined,
  service: Service | undefined,
): Ms {
  const on = node(task.nodeId);
  if (on === undefined) return 0;
  if (on.status?.state !== NodeState.DOWN) return Infinity;
  const givenUpAtMs = on.status.changedAtMs + orphanAfterMs;
  if (!isWanted(task)) return givenUpAtMs;
  const staysUntilMs = stayOnLostNode(on, task, tolerationsOf(service?.spec?.task));
  return Math.max(givenUpAtMs, staysUntilMs ?? -Infinity);
}

export interface SlotReaping {
  readonly tasks: readonly Task[];
  readonly node: (id: string) => Node | undefined;
  /** Finished tasks to keep; negative keeps all. */
  readonly historyLimit: number;
}

/**
 * The tasks of one slot that can be deleted. The newest always stays unless it is to be removed: it says
 * why the slot is empty, and keeps the restart policy from starting over.
 */
export function planSlotReaping(input: SlotReaping): readonly Task[] {
  const { tasks, node, historyLimit } = input;
  const removable = tasks.filter((task) => isRemovable(task, node));
  if (historyLimit < 0) return removable;
  const members = tasks.filter((task) => task.desiredState < TaskState.REMOVE);
  if (members.length <= 1) return removable;
  const sorted = members.toSorted(byAge);
  const past = sorted.slice(0, -1).filter((task) => isStopped(task) && !isWanted(task));
  // The newest, when it has ended too, is part of the history.
  const newest = sorted[sorted.length - 1];
  const isNewestPast = newest !== undefined && isStopped(newest);
  const keep = Math.max(0, historyLimit - (isNewestPast ? 1 : 0));
  return [...removable, ...past.slice(0, Math.max(0, past.length - keep))];
}
