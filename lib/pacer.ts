import { sleep } from './clock.ts';
import type { Clock } from './clock.ts';

export interface PacerLimits {
  /** Things handled between two turns of the event loop. */
  readonly itemsMax: number;
  /** Bytes handled between two turns; large things make shorter slices. */
  readonly bytesMax: number;
}

/**
 * Cuts long work into slices, between which the event loop serves everybody else. Counted, not
 * timed, so that the slices of one piece of work are always the same.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #limits: PacerLimits;
  #items = 0;
  #bytes = 0;

  constructor(clock: Clock, limits: PacerLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Counts one more thing of `bytes`; true when the slice is full: then `await pause()`. */
  isFull(bytes = 0): boolean {
    this.#items++;
    this.#bytes += bytes;
    return this.#items >= this.#limits.itemsMax || this.#bytes >= this.#limits.bytesMax;
  }

  /** Lets others run; the next slice begins. Rejects with the signal's reason. */
  pause(signal?: AbortSignal): Promise<void> {
    this.#items = 0;
    this.#bytes = 0;
    const clock = this.#clock;
    // A timer sleeps a millisecond at least: for short slices longer than they take.
    if (clock.soon === undefined) return sleep(clock, 0, signal);
    return new Promise((resolve, reject) => {
      clock.soon?.(() => {
        if (signal?.aborted === true) reject(signal.reason as Error);
        else resolve();
      });
    });
  }
}
