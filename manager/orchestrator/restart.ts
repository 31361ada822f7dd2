/**
 * Whether and when a slot gets another task after its last one. Everything follows from the tasks that the
 * store holds, so that a new leader goes on where the old one was.
 */
import { backoffMs } from '#lib';
import type { Ms, Random } from '#lib';
import { RestartCondition, TaskState } from '#proto';
import type { Task } from '#proto';
import type { RestartConfig } from './service-config.ts';
import { changedAtMs, createdAtMs, isEndedByItself, stateOf } from './task-state.ts';

/** Share of a delay that is left to chance, so that what failed together does not come back together. */
const jitter = 0.1;
/** A task that ran this long was stable, whatever the delay before it. */
const stableAlwaysMs: Ms = 10 * 60_000;
/** No shorter run counts as stable. */
export const stableAtLeastMs: Ms = 60_000;

export type RestartDecision =
  /** The slot stays as it is until the service changes. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'restart'; readonly delayMs: Ms; readonly restartCount: number };

/** When the task began to run, as well as the store knows. */
export function ranSinceMs(task: Task): Ms {
  return task.status?.runningAtMs || Math.max(createdAtMs(task), task.runNotBeforeMs);
}

/** The delay that a task with this count was given, without its jitter. */
function fullDelayMs(config: RestartConfig, restartCount: number): Ms {
  if (restartCount === 0) return 0;
  return Math.min(config.delayMaxMs, config.delayMs * 2 ** Math.min(restartCount - 1, 30));
}

/** Whether the task ran long enough for its slot to start counting anew. */
function wasStable(task: Task, config: RestartConfig): boolean {
  const ranMs = changedAtMs(task) - ranSinceMs(task);
  const enoughMs = Math.max(stableAtLeastMs, 2 * fullDelayMs(config, task.restartCount));
  return ranMs >= Math.min(stableAlwaysMs, enoughMs);
}

/** The count of a task that follows `last`, which ended by itself: failures in a row before it. */
function nextRestartCount(last: Task, config: RestartConfig): number {
  return wasStable(last, config) ? 1 : last.restartCount + 1;
}

export function restartDelayOf(config: RestartConfig, restartCount: number, random: Random): Ms {
  const options = { baseMs: config.delayMs, maxMs: config.delayMaxMs, jitter };
  return Math.round(backoffMs(options, Math.max(0, restartCount - 1), random));
}

/** Ends of tasks of `last`'s version in its slot, up to its own, within the window that ends with it. */
function attemptCount(tasks: readonly Task[], last: Task, config: RestartConfig): number {
  const sinceMs = config.windowMs > 0 ? changedAtMs(last) - config.windowMs : -1;
  return tasks.filter(
    (task) =>
      task.specVersion === last.specVersion && isEndedByItself(task) && changedAtMs(task) > sinceMs,
  ).length;
}

/**
 * What to do about a slot whose newest task is `last` and does not run any more, or is being stopped by
 * the cluster. `tasks`: all of the slot, `last` among them.
 */
export function decideRestart(
  tasks: readonly Task[],
  last: Task,
  config: RestartConfig,
  random: Random,
): RestartDecision {
  const { condition, attemptsMax } = config;
  // It would run on, had it not made room for another: whether tasks that end are run again says nothing about it.
  if (last.preemptedBy !== undefined)
    return { kind: 'restart', delayMs: 0, restartCount: last.restartCount };
  if (condition === RestartCondition.NONE) return { kind: 'leave' };
  if (condition === RestartCondition.ON_FAILURE && stateOf(last) === TaskState.COMPLETE)
    return { kind: 'leave' };
  // Stopped by the cluster, or lost with its node: that says nothing about the task itself.
  if (!isEndedByItself(last))
    return { kind: 'restart', delayMs: 0, restartCount: last.restartCount };
  if (attemptsMax > 0 && attemptCount(tasks, last, config) > attemptsMax) return { kind: 'leave' };
  const restartCount = nextRestartCount(last, config);
  return { kind: 'restart', delayMs: restartDelayOf(config, restartCount, random), restartCount };
}
