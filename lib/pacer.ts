import { sleep } from './clock.ts';
import type { Clock, Ms } from './clock.ts';

export interface PacerLimits {
  /** Things handled between two turns of the event loop. */
  readonly itemsMax: number;
  /** Bytes handled between two turns; large things make shorter slices. */
  readonly bytesMax: number;
}

/**
 * No slice goes on for longer, whatever it has counted. The collector works in steps between one allocation and the
 * next, and makes the same hundred objects take fifty times as long while it marks.
 */
export const sliceMaxMs: Ms = 3;

/**
 * Cuts long work into slices, between which the event loop serves everybody else. In simulated time, which stands
 * still meanwhile, they are counted alone: the slices of one piece of work are always the same.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #limits: PacerLimits;
  #items = 0;
  #bytes = 0;
  #since: Ms;

  constructor(clock: Clock, limits: PacerLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#since = clock.monotonic();
  }

  /** Counts one more thing of `bytes`; true when the slice is full: then `await pause()`. */
  isFull(bytes = 0): boolean {
    this.#items++;
    this.#bytes += bytes;
    if (this.#items >= this.#limits.itemsMax || this.#bytes >= this.#limits.bytesMax) return true;
    return this.isLate();
  }

  /** Whether the slice has gone on for as long as it may, for work that counts itself. */
  isLate(): boolean {
    return this.#clock.monotonic() - this.#since >= sliceMaxMs;
  }

  /** Lets others run; the next slice begins. Rejects with the signal's reason. */
  async pause(signal?: AbortSignal): Promise<void> {
    await this.#others(signal);
    this.#items = 0;
    this.#bytes = 0;
    this.#since = this.#clock.monotonic();
  }

  #others(signal: AbortSignal | undefined): Promise<void> {
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
