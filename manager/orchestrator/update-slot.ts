/** Where one slot stands in a rolling update. */
import type { Ms } from '#lib';
import { RestartCondition, TaskState } from '#proto';
import type { Service, Task, UpdateConfig } from '#proto';
import { never } from './plan.ts';
import { ranSinceMs } from './restart.ts';
import { monitorMs, restartConfigOf } from './service-config.ts';
import type { RestartConfig } from './service-config.ts';
import { membersOf } from './slot.ts';
import type { Slot } from './slot.ts';
import type { TaskComparer } from './task-comparer.ts';
import { changedAtMs, createdAtMs, isEndedByItself, isRunning } from './task-state.ts';
import { isWanted, stateOf } from './task-state.ts';

/** A new task that found no node for this long has failed its slot. */
const placeTimeoutMs: Ms = 2 * 60_000;
/** So has one that has a node and does not run for this long; pulling an image takes its time. */
const startTimeoutMs: Ms = 10 * 60_000;

export interface SlotProgress {
  readonly slot: Slot;
  /**
   * `untouched`: fits the spec and is not this update's doing. `outdated`: to be replaced. `under-way`: its
   * new task has yet to run, or has just begun to. `done`: nothing more to do, well or badly.
   */
  readonly kind: 'untouched' | 'outdated' | 'under-way' | 'done';
  /** A task that this update made and that failed; undefined when there is none. */
  readonly failure: Task | undefined;
  /** Whether a task of the slot runs. */
  readonly isServing: boolean;
  /** New tasks to stop because they did not start in time beside an old one that runs. */
  readonly giveUp: readonly Task[];
  /** Failures of this update in the slot so far. */
  readonly attempt: number;
  /** An outdated slot is not begun (again) before. */
  readonly retryAtMs: Ms;
  readonly wakeAtMs: Ms;
  /** Until when its new task is watched; 0 = not. */
  readonly watchedAtMs: Ms;
}

/** Whether the end of a task that the update made counts against the update. */
function countsAsFailure(task: Task, condition: RestartCondition, watchMs: Ms): boolean {
  if (!isEndedByItself(task)) return false;
  // A task that is meant to end may end well.
  if (stateOf(task) === TaskState.COMPLETE && condition !== RestartCondition.ANY) return false;
  const hasRun = (task.status?.runningAtMs ?? 0) > 0;
  return !hasRun || changedAtMs(task) - ranSinceMs(task) <= watchMs;
}

/** When a task that does not run yet has taken too long. */
function lateAtMs(task: Task): Ms {
  const since = Math.max(createdAtMs(task), task.runNotBeforeMs);
  return since + (stateOf(task) < TaskState.ASSIGNED ? placeTimeoutMs : startTimeoutMs);
}

function retryDelayMs(config: RestartConfig, attempt: number): Ms {
  if (attempt === 0) return 0;
  return Math.min(config.delayMaxMs, config.delayMs * 2 ** Math.min(attempt - 1, 30));
}

export function classify(
  nowMs: Ms,
  service: Service,
  slot: Slot,
  comparer: TaskComparer,
  config: UpdateConfig,
): SlotProgress {
  const restart = restartConfigOf(service.spec?.task);
  const watchMs = config.monitorMs || monitorMs;
  const members = membersOf(slot);
  const made = members.filter((task) => task.specVersion === service.specVersion);
  const wanted = members.filter(isWanted);
  const fitting = wanted.findLast((task) => !comparer.isOutdated(task));
  const old = wanted.filter((task) => comparer.isOutdated(task));
  const ended = made.filter((task) => countsAsFailure(task, restart.condition, watchMs));
  // Beside an old task that was kept, a new one that was stopped is one that was given up.
  const isGivenUp = (task: Task): boolean => !isWanted(task) && task.preemptedBy === undefined;
  const givenUp = old.length === 0 ? [] : made.filter(isGivenUp);
  const failures = [...new Set([...ended, ...givenUp])];
  const base = {
    slot,
    isServing: members.some(isRunning),
    giveUp: [] as readonly Task[],
    attempt: failures.length,
    retryAtMs: 0,
    wakeAtMs: never,
    watchedAtMs: 0,
  };
  const failure = failures[failures.length - 1];
  if (fitting === undefined) {
    const last = members[members.length - 1];
    // The newest is of this version and ended for good: the restart policy left it so.
    const isOver = old.length === 0 && last !== undefined && !comparer.isOutdated(last);
    if (isOver) return { ...base, kind: made.includes(last) ? 'done' : 'untouched', failure };
    const isLost = failure !== undefined && restart.condition === RestartCondition.NONE;
    const lastAtMs = failure === undefined ? 0 : changedAtMs(failure);
    const retryAtMs = isLost ? never : lastAtMs + retryDelayMs(restart, failures.length);
    const wakeAtMs = retryAtMs > nowMs ? retryAtMs : never;
    return { ...base, kind: 'outdated', failure, retryAtMs, wakeAtMs };
  }
  if (!made.includes(fitting) && old.length === 0) return { ...base, kind: 'untouched', failure };
  if (!isRunning(fitting)) {
    const lateMs = lateAtMs(fitting);
    if (nowMs < lateMs && failure === undefined)
      return { ...base, kind: 'under-way', failure, wakeAtMs: lateMs };
    const giveUp = nowMs >= lateMs && old.some(isRunning) ? [fitting] : [];
    const kind = old.length > 0 ? 'under-way' : 'done';
    const wakeAtMs = nowMs < lateMs ? lateMs : never;
    return { ...base, kind, failure: failure ?? fitting, giveUp, wakeAtMs };
  }
  const since = ranSinceMs(fitting);
  const watchedAtMs = since + watchMs;
  if (old.length > 0) return { ...base, kind: 'under-way', failure, watchedAtMs };
  const isPausing = nowMs < since + config.delayMs;
  const wakeAtMs = isPausing ? since + config.delayMs : never;
  return { ...base, kind: isPausing ? 'under-way' : 'done', failure, wakeAtMs, watchedAtMs };
}
