/** A place in a service that one running task fills: a number (replicated) or a node (global). */
import { TaskState } from '#proto';
import type { Task } from '#proto';
import { createdAtMs } from './task-state.ts';

export interface Slot {
  /** Unique in its service: the number, or the node's id. */
  readonly key: string;
  /** 1..n of a replicated service; 0 of a global one. */
  readonly number: number;
  /** Empty for a replicated service. */
  readonly nodeId: string;
  /** All tasks that the store holds for it, oldest first. */
  readonly tasks: readonly Task[];
}

export function slotKeyOf(task: Task): string {
  return task.slot > 0 ? String(task.slot) : task.nodeId;
}

/** Oldest first. Tasks of one slot made in the same millisecond are told apart by what follows from what. */
export function byAge(a: Task, b: Task): number {
  return (
    createdAtMs(a) - createdAtMs(b) ||
    a.specVersion - b.specVersion ||
    a.restartCount - b.restartCount ||
    (a.id < b.id ? -1 : 1)
  );
}

function isMember(task: Task): boolean {
  return task.desiredState < TaskState.REMOVE;
}

/** The tasks that still belong to the slot: not those that are only there to be removed. */
export function membersOf(slot: Slot): readonly Task[] {
  return slot.tasks.every(isMember) ? slot.tasks : slot.tasks.filter(isMember);
}

/** Whether any task belongs to the slot. */
export function isFilled(slot: Slot): boolean {
  return slot.tasks.some(isMember);
}
