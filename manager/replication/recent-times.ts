import type { Ms } from '#lib';

const countMax = 128;

/** The last 128 durations, for a median that follows the disk as it is now. */
export class RecentTimes {
  readonly #times: Ms[] = [];
  #next = 0;
  #last: Ms = 0;

  add(tookMs: Ms): void {
    this.#times[this.#next] = tookMs;
    this.#next = (this.#next + 1) % countMax;
    this.#last = tookMs;
  }

  /** 0 before the first. */
  get last(): Ms {
    return this.#last;
  }

  /** 0 before the first. */
  get median(): Ms {
    const sorted = this.#times.toSorted((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  }
}
