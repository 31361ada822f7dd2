import type { Clock, Ms, Timer } from '#lib';

export interface DebounceLimits {
  /** It fires when it was not touched for so long ... */
  readonly quietMs: Ms;
  /** ... and in any case so long after it was first touched. */
  readonly latestMs: Ms;
}

/**
 * Gathers what comes in quick succession, so that it is handled together. What comes when nothing was handled for
 * `quietMs` is handled at once: on its own there is nothing that it could wait for.
 */
export class Debounce {
  readonly #clock: Clock;
  readonly #limits: DebounceLimits;
  readonly #fire: () => void;
  #firedAt = -Infinity;
  #firstAt = 0;
  #lastAt = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, limits: DebounceLimits, fire: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#fire = fire;
  }

  /** Something came. `isEnough`: it is not worth waiting for more. */
  touch(isEnough = false): void {
    const now = this.#clock.monotonic();
    this.#lastAt = now;
    if (this.#timer === undefined) this.#firstAt = now;
    if (isEnough || (this.#timer === undefined && now - this.#firedAt >= this.#limits.quietMs))
      this.#end();
    else this.#timer ??= this.#wait(this.#limits.quietMs);
  }

  /** Something came that should be handled, but is worth no longer waiting: it never puts off what is due already. */
  nudge(): void {
    if (this.#timer === undefined) this.touch();
  }

  /** What is to be handled is being handled: counts as fired. */
  handled(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#firedAt = this.#clock.monotonic();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** One timer, whatever the number of touches: it looks when it ends whether it has to wait on. */
  #wait(delayMs: Ms): Timer {
    return this.#clock.after(delayMs, () => {
      const { quietMs, latestMs } = this.#limits;
      const dueAt = Math.min(this.#lastAt + quietMs, this.#firstAt + latestMs);
      const leftMs = dueAt - this.#clock.monotonic();
      if (leftMs > 0) this.#timer = this.#wait(leftMs);
      else this.#end();
    });
  }

  #end(): void {
    this.handled();
    this.#fire();
  }
}
