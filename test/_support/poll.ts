/** Waiting on conditions: level-triggered, with a generous deadline, never a fixed sleep. */
import { setTimeout as delay } from 'node:timers/promises';

export interface PollOptions {
  /** Default 60 s: machines are shared. */
  readonly deadlineMs?: number;
  /** Between two looks; default 50 ms. */
  readonly everyMs?: number;
  /** Added to the error, as in the state that was seen last. */
  readonly describe?: () => unknown;
}

/**
 * Looks until `look` gives something other than undefined or false, and returns it. An error that
 * `look` throws counts as "not yet" and is told when time runs out.
 */
export async function poll<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  options: PollOptions = {},
): Promise<T> {
  const deadlineMs = options.deadlineMs ?? 60_000;
  const end = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const state = options.describe === undefined ? '' : `; ${String(options.describe())}`;
      throw new Error(`not within ${deadlineMs} ms: ${what}${state}`, { cause: last });
    }
    await delay(options.everyMs ?? 50);
  }
}
