import type { Ms } from './clock.ts';
import type { Random } from './random.ts';

export interface BackoffOptions {
  /** First delay, > 0. */
  readonly baseMs: Ms;
  /** No delay is longer than this. */
  readonly maxMs: Ms;
  /** Share of the delay that is drawn at random, 0..1; spreads callers that failed together. */
  readonly jitter: number;
}

/** The delay before attempt `attempt` (0 = first retry): base doubled each time, capped, jittered down. */
export function backoffMs(options: BackoffOptions, attempt: number, random: Random): Ms {
  const full = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 30));
  return full * (1 - options.jitter * random.next());
}
