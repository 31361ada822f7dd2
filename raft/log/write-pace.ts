/** Larger writes always go to another thread: then the trip there costs little beside the write. */
const BLOCKING_BYTES_MAX = 4_096;
/** So many writes in a row, each as fast as this, show that the disk is fast. */
const FAST_WRITES = 32;
const FAST_MS = 1;
/** A write in place that took longer has held up the event loop: none for a while. */
const SLOW_MS = 10;
const REST_WRITES = 256;
const REST_WRITES_MAX = 16_384;
/** After so many writes in place without a slow one, the next slow one is the first again. */
const FORGIVING_WRITES = 4_096;

/**
 * Which synced writes are made in place, on the event loop's own thread: small ones, to a disk that
 * has been fast for a while. The trip to another thread and back takes as long as such a write. Each slow
 * one in place is followed by a rest twice as long as the one before. See docs/decisions/0044.
 */
export class WritePace {
  #fastInARow = 0;
  #resting = 0;
  #nextRest = REST_WRITES;
  #inPlace = 0;

  /** Asked before each write; `bytes`: its size. */
  isInPlace(bytes: number): boolean {
    if (this.#resting > 0) this.#resting--;
    return this.#resting === 0 && this.#fastInARow >= FAST_WRITES && bytes <= BLOCKING_BYTES_MAX;
  }

  /** Told after each write, also one that went to another thread; its trip counts too. */
  took(ms: number, wasInPlace: boolean): void {
    this.#fastInARow = ms <= FAST_MS || (wasInPlace && ms <= SLOW_MS) ? this.#fastInARow + 1 : 0;
    if (!wasInPlace) return;
    if (ms <= SLOW_MS) {
      this.#inPlace++;
      if (this.#inPlace >= FORGIVING_WRITES) this.#nextRest = REST_WRITES;
      return;
    }
    this.#inPlace = 0;
    this.#resting = this.#nextRest;
    this.#nextRest = Math.min(2 * this.#nextRest, REST_WRITES_MAX);
  }
}
