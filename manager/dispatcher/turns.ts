import type { Clock, Ms } from '#lib';

/** Changes within this time go to an agent in one message. */
export const coalesceMs: Ms = 1;

/**
 * Agents that are told of tasks between two turns of the event loop, some ten milliseconds. Their answers come as these
 * words go out, and one turn reads all answers that are there: told all at once, thousands would answer at once.
 */
export const toldPerTurn = 100;

/** Agents that are served between two turns of the event loop; some ten milliseconds. */
const perTurnDefault = 200;

/**
 * Does `act` for each item, the first `perTurn` at once, the others in later turns of the event loop: what waits for
 * this process waits for one turn at most.
 */
export function inTurns<T>(
  clock: Clock,
  items: readonly T[],
  act: (item: T) => void,
  perTurn: number = perTurnDefault,
): void {
  for (const item of items.slice(0, perTurn)) act(item);
  if (items.length > perTurn)
    clock.after(0, () => inTurns(clock, items.slice(perTurn), act, perTurn));
}
