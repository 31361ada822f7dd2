import type { Clock, Ms, Timer } from '#lib';

/** What waits for a host that cannot be made as it should be goes on after this. */
export const settleMaxMs: Ms = 5_000;

/**
 * Whether this host leads callers as the managers say by now. Not from the moment a session opens until the networks
 * that are told first in it are applied: what happened while the node was away, its rules do not know before.
 */
export class Settling {
  readonly #clock: Clock;
  readonly #onSettled: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, onSettled: () => void) {
    this.#clock = clock;
    this.#onSettled = onSettled;
  }

  get isSettled(): boolean {
    return this.#timer === undefined;
  }

  /** A session has opened; perhaps before the one before it was settled. */
  begin(): void {
    this.cancel();
    this.#timer = this.#clock.after(settleMaxMs, () => this.done());
  }

  /** The networks are applied, or are not waited for any longer. */
  done(): void {
    if (this.isSettled) return;
    this.cancel();
    this.#onSettled();
  }

  /** Nothing waits any more. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
