import { TurnQueue } from '#lib';
import type { Clock, Ms } from '#lib';

/** Changes within this time go to an agent in one message. */
export const coalesceMs: Ms = 1;

/**
 * The most agents that are told of tasks between two turns of the event loop. Their answers come as these words go out, and
 * one turn reads all answers that are there: told all at once, thousands would answer at once.
 */
export const toldPerTurn = 100;

/** The most agents that are served between two turns of the event loop. */
const perTurnDefault = 200;

/** Does `act` for each item: some at once, the others in later turns of the event loop, as `TurnQueue` does. */
export function inTurns<T>(
  clock: Clock,
  items: Iterable<T>,
  act: (item: T) => void,
  perTurn: number = perTurnDefault,
): void {
  const queue = new TurnQueue<T, undefined>(clock, perTurn, act);
  for (const item of items) queue.add(item, undefined);
}
