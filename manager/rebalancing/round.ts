/** Which of the planned moves begin now. Pure. */
import type { Ms } from '#lib';
import { TaskState } from '#proto';
import type { Service, Task } from '#proto';
import type { Move } from '#scheduler';
import { DisruptionBudgets } from '../disruption/index.ts';
import { slotKeyOf } from '../orchestrator/slot.ts';
import { createdAtMs, isOnNode, isRunning, isWanted, stateOf } from '../orchestrator/task-state.ts';
import type { ReadTransaction } from '../store/types.ts';

/** Moves under way at once, in the whole cluster. */
export const movesAtOnce = 10;
/** A moved task that found no node for this long is given up where the old one serves. */
const placeTimeoutMs: Ms = 60_000;
/** So is one that does not run for this long. */
const startTimeoutMs: Ms = 10 * 60_000;

/** A move that has begun and is not at its end. */
export interface UnderWay {
  readonly task: Task;
  /** It took too long, and the task of before still runs: it is to be stopped. */
  readonly isLate: boolean;
}

/** The moved tasks that do not run yet, and those whose old task still does. O(tasks). */
export function movesUnderWay(tx: ReadTransaction, nowMs: Ms): readonly UnderWay[] {
  const underWay: UnderWay[] = [];
  for (const task of tx.list('task')) {
    if (task.movedFromNodeId === '' || !isWanted(task)) continue;
    // What ran once has arrived, whatever became of it since.
    const hasRun = (task.status?.runningAtMs ?? 0) > 0;
    const old = hasRun && !isRunning(task) ? [] : othersOnNode(tx, task);
    if (hasRun && old.length === 0) continue;
    const limitMs = stateOf(task) < TaskState.ASSIGNED ? placeTimeoutMs : startTimeoutMs;
    const isServed = old.some((other) => isRunning(other) && isWanted(other));
    const isLate = !hasRun && isServed && nowMs - createdAtMs(task) > limitMs;
    underWay.push({ task, isLate });
  }
  return underWay;
}

function othersOnNode(tx: ReadTransaction, task: Task): readonly Task[] {
  const key = slotKeyOf(task);
  return [...tx.tasksOfService(task.serviceId)].filter(
    (other) => other.id !== task.id && slotKeyOf(other) === key && isOnNode(other),
  );
}

export interface Round {
  readonly begun: readonly Move[];
  /** Services that a budget holds back, though nothing of theirs is under way. */
  readonly held: ReadonlySet<string>;
}

/**
 * The first of the moves that budgets allow: within its disruption budget where a service has one, else one task of a
 * service at a time; `movesAtOnce` altogether.
 */
export function beginRound(
  tx: ReadTransaction,
  moves: readonly Move[],
  underWay: readonly UnderWay[],
): Round {
  const budgets = DisruptionBudgets.of(tx);
  const busy = new Set(underWay.map(({ task }) => task.serviceId));
  const held = new Set<string>();
  const begun: Move[] = [];
  for (const move of moves) {
    if (begun.length + underWay.length >= movesAtOnce) break;
    const { task } = move;
    const service: Service | undefined = tx.get('service', task.serviceId);
    if (service === undefined) continue;
    if (service.spec?.disruption?.maxUnavailable === undefined) {
      if (busy.has(service.id)) continue;
    } else if (!budgets.allows(task)) {
      if (!busy.has(service.id)) held.add(service.id);
      continue;
    }
    budgets.take(task);
    busy.add(service.id);
    begun.push(move);
  }
  return { begun, held };
}
