/** A clock by which everything takes long, as while the collector marks: each look at its time is a millisecond later. */
import type { Clock } from '#lib';

export class SlowClock implements Clock {
  readonly #clock: Clock;
  #lateMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now = (): number => this.#clock.now();
  monotonic = (): number => this.#clock.monotonic() + ++this.#lateMs;
  after: Clock['after'] = (delayMs, fn) => this.#clock.after(delayMs, fn);
}
