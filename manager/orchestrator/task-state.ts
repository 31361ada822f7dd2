/** Questions about one task that the loops ask all day. */
import { TaskState, TaskStatus } from '#proto';
import type { Task } from '#proto';

/** The observed state; NEW for a task without a status. */
export function stateOf(task: Task): TaskState {
  return task.status?.state ?? TaskState.NEW;
}

/** Has stopped for good: nothing of it runs. */
export function isStopped(task: Task): boolean {
  return stateOf(task) >= TaskState.COMPLETE;
}

/** Ended by itself, well or badly: not because the cluster asked for it. */
export function isEndedByItself(task: Task): boolean {
  // Whatever a task that makes room for another says on its way out is no fault of its own.
  if (task.preemptedBy !== undefined) return false;
  const state = stateOf(task);
  return state === TaskState.COMPLETE || state === TaskState.FAILED || state === TaskState.REJECTED;
}

/** Stands for its slot: the cluster wants it to run, now or after a delay. */
export function isWanted(task: Task): boolean {
  return task.desiredState <= TaskState.COMPLETE;
}

export function isRunning(task: Task): boolean {
  return stateOf(task) === TaskState.RUNNING;
}

/** On a node and not known to have stopped. */
export function isOnNode(task: Task): boolean {
  const state = stateOf(task);
  return state >= TaskState.ASSIGNED && state < TaskState.COMPLETE;
}

/** When the task was made, ms since the epoch. */
export function createdAtMs(task: Task): number {
  return task.meta?.createdAtMs ?? 0;
}

/** Milliseconds since the epoch of its last change of state. */
export function changedAtMs(task: Task): number {
  return task.status?.changedAtMs ?? 0;
}

/** A copy of the status with these changes. */
export function statusWith({ status }: Task, changes: Partial<TaskStatus>): TaskStatus {
  return status === undefined ? TaskStatus.create(changes) : { ...status, ...changes };
}
