import type { Clock, Ms } from './clock.ts';
import { ClusterError } from './errors.ts';

/** A promise and its handles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  return Promise.withResolvers<T>();
}

/**
 * A level-triggered bell: `ring` marks that there is work, `wait` returns at once when it was rung
 * since the last `wait`. Many rings before a wait are one.
 */
export class Bell {
  #rung = false;
  #waiter: Deferred<void> | undefined;

  ring(): void {
    this.#rung = true;
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }

  /** Resolves when rung; rejects with the signal's reason when aborted. One waiter at a time. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#rung) {
      const waiter = deferred<void>();
      this.#waiter = waiter;
      const onAbort = (): void => waiter.reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        await waiter.promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
        if (this.#waiter === waiter) this.#waiter = undefined;
      }
    }
    this.#rung = false;
  }
}

/** Runs `work` over `items`, at most `width` at once, results in the order of the items. */
export async function mapBounded<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}

/** The promise, or DEADLINE_EXCEEDED after `deadlineMs`. The work itself is not stopped. */
export async function withDeadline<T>(
  clock: Clock,
  deadlineMs: Ms,
  what: string,
  promise: Promise<T>,
): Promise<T> {
  const expired = deferred<never>();
  const timer = clock.after(deadlineMs, () =>
    expired.reject(
      new ClusterError('DEADLINE_EXCEEDED', `${what} took longer than ${deadlineMs} ms`),
    ),
  );
  try {
    return await Promise.race([promise, expired.promise]);
  } finally {
    timer.cancel();
  }
}
