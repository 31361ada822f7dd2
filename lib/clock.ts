/**
 * Time as a port. Everything that waits or reads a time is handed a `Clock`, so that the simulator
 * can own the only queue of events (docs/testing.md).
 */

/** Milliseconds; a duration, or a point in time since the Unix epoch where the name says `At`. */
export type Ms = number;

export interface Timer {
  /** Idempotent; a cancelled timer never fires. */
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. May jump; use it for what people read. */
  now(): Ms;
  /** Milliseconds since an arbitrary start; never goes back. Use it for durations. */
  monotonic(): Ms;
  /** Calls `fn` once, `delayMs` (>= 0) from now, never synchronously. */
  after(delayMs: Ms, fn: () => void): Timer;
  /**
   * Calls `fn` once the events at hand have been handled, after what asked for that before it: where there is much, not
   * all in one turn of the event loop. Left out: nothing can wait for that.
   */
  soon?(fn: () => void): void;
}

/** Calls `fn` in a later turn of the event loop, as early as the clock can. */
export function laterTurn(clock: Clock, fn: () => void): void {
  if (clock.soon === undefined) clock.after(0, fn);
  else clock.soon(fn);
}

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delayMs: Ms, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
