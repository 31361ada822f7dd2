import { ClusterError, deferred } from '#lib';
import type { Clock, Deferred, Ms } from '#lib';

/** Callers that wait at once; a further one is refused with LIMIT_EXCEEDED. */
const waitingMax = 10_000;

/** Those who wait until a version is applied. */
export class VersionWaiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<{ readonly version: number; readonly done: Deferred<void> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves once `reached` is told it; UNAVAILABLE after `deadlineMs`, or the signal's reason. */
  async wait(version: number, deadlineMs: Ms, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.size >= waitingMax)
      throw new ClusterError('LIMIT_EXCEEDED', `${waitingMax} reads wait already: try again later`);
    const waiter = { version, done: deferred<void>() };
    this.#waiting.add(waiter);
    const text = `this manager is behind etcd (entry ${version} has not arrived): try again`;
    const timer = this.#clock.after(deadlineMs, () =>
      waiter.done.reject(new ClusterError('UNAVAILABLE', text)),
    );
    const onAbort = (): void => waiter.done.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await waiter.done.promise;
    } finally {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      this.#waiting.delete(waiter);
    }
  }

  reached(version: number): void {
    for (const waiter of this.#waiting) if (waiter.version <= version) waiter.done.resolve();
  }

  fail(error: unknown): void {
    for (const waiter of this.#waiting) waiter.done.reject(error);
  }
}
