import type { Clock, Ms, Timer } from './clock.ts';

/** Calls back once for all who asked, as early as the most hurried of them wants. */
export class Alarm {
  readonly #clock: Clock;
  readonly #onRing: () => void;
  #set: { readonly timer: Timer; readonly atMs: Ms } | undefined;

  constructor(clock: Clock, onRing: () => void) {
    this.#clock = clock;
    this.#onRing = onRing;
  }

  /** At the latest in `delayMs` from now. */
  within(delayMs: Ms): void {
    const atMs = this.#clock.monotonic() + delayMs;
    if (this.#set !== undefined && this.#set.atMs <= atMs) return;
    this.#set?.timer.cancel();
    const timer = this.#clock.after(delayMs, () => {
      this.#set = undefined;
      this.#onRing();
    });
    this.#set = { timer, atMs };
  }

  cancel(): void {
    this.#set?.timer.cancel();
    this.#set = undefined;
  }
}
