/** Which of two tasks matters more. */
import type { Ms } from '#lib';
import type { Task } from '#proto';

/** The highest that users may give; what is above is kept for the system's own. */
export const userPriorityMax = 1_000_000_000;

export function priorityOf(task: Task): number {
  return task.spec?.placement?.priority ?? 0;
}

/** Since when the task has been on its node. */
export function startedAtMs(task: Task): Ms {
  return task.status?.runningAtMs || task.assignedAtMs;
}

/** A strict, total order: the higher priority first, then the one that has been there for longer. */
export function byImportance(a: Task, b: Task): number {
  const byPriority = priorityOf(b) - priorityOf(a);
  if (byPriority !== 0) return byPriority;
  const byStart = startedAtMs(a) - startedAtMs(b);
  if (byStart !== 0) return byStart;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
