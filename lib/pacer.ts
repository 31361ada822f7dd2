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

  /** Lets others run; the next slice begins. */
  pause(signal?: AbortSignal): Promise<void> {
    this.#items = 0;
    this.#bytes = 0;
    return sleep(this.#clock, 0, signal);
  }
}
