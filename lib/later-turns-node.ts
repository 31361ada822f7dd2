import type { Ms } from './clock.ts';

/** What one turn does of all that waits for a later one; a thing that was begun is done. */
const turnMs: Ms = 5;

/**
 * What waits for a later turn of the event loop, in the order in which it came. One turn does so much of it as fits into
 * its time, one thing at least. Each part of a program cuts its own work into slices; a dozen of them at once, all in one
 * turn, would still make a long one.
 */
export class LaterTurns {
  readonly #waiting: (() => void)[] = [];
  readonly #now: () => Ms;
  #beganAt: Ms | undefined;

  /** `now`: a clock that does not go back; the machine's unless a test has one of its own. */
  constructor(now: () => Ms = () => performance.now()) {
    this.#now = now;
  }

  soon(fn: () => void): void {
    this.#waiting.push(fn);
    setImmediate(this.#take);
  }

  /** There is one of these for each that waits: what runs in between has its promises settled before the next. */
  readonly #take = (): void => {
    const now = this.#now();
    if (this.#beganAt === undefined) {
      this.#beganAt = now;
      setImmediate(this.#end);
    } else if (now - this.#beganAt >= turnMs) {
      setImmediate(this.#take);
      return;
    }
    this.#waiting.shift()?.();
  };

  readonly #end = (): void => {
    this.#beganAt = undefined;
  };
}
