import type { Clock, Ms, Timer } from '#lib';

interface Event {
  readonly time: Ms;
  readonly sequence: number;
  /** null once it has run or was cancelled. */
  fn: (() => void) | null;
}

export interface VirtualClockOptions {
  /** Wall clock at the start, milliseconds since the Unix epoch. */
  readonly startAt?: Ms;
}

/**
 * Time that passes only when told to. It owns the only queue of events of a simulated world, in order
 * of (time, sequence), and lets all promise jobs finish between two events: one seed, one history.
 * Nothing in the world may use real timers, sockets or files.
 */
export class VirtualClock implements Clock {
  readonly #startAt: Ms;
  readonly #heap: Event[] = [];
  readonly #hooks: (() => void)[] = [];
  #time: Ms = 0;
  #sequence = 0;
  #eventCount = 0;

  constructor(options: VirtualClockOptions = {}) {
    this.#startAt = options.startAt ?? 1_700_000_000_000;
  }

  now(): Ms {
    return this.#startAt + Math.floor(this.#time);
  }

  monotonic(): Ms {
    return this.#time;
  }

  after(delayMs: Ms, fn: () => void): Timer {
    const event: Event = {
      time: this.#time + Math.max(0, delayMs),
      sequence: ++this.#sequence,
      fn,
    };
    push(this.#heap, event);
    return {
      cancel: () => {
        event.fn = null;
      },
    };
  }

  /** Resolves after `delayMs` of virtual time. */
  wait(delayMs: Ms): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  /** Events run so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Calls `hook` after each event and the promise jobs it caused; what it throws ends the run. */
  onEvent(hook: () => void): void {
    this.#hooks.push(hook);
  }

  /** Runs the next event; false when there is none up to `until` (inclusive). */
  async step(until: Ms = Infinity): Promise<boolean> {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.time > until) return false;
      pop(this.#heap);
      if (next.fn === null) continue;
      this.#time = next.time;
      this.#eventCount++;
      const { fn } = next;
      next.fn = null;
      fn();
      await settle();
      for (const hook of this.#hooks) hook();
      return true;
    }
  }

  /** Lets `durationMs` pass. */
  async advance(durationMs: Ms): Promise<void> {
    const until = this.#time + durationMs;
    await settle();
    while (await this.step(until));
    this.#time = until;
  }

  /** Lets time pass until `condition` holds; rejects when that takes more than `withinMs`. */
  async until(condition: () => boolean, withinMs: Ms, what = 'the condition'): Promise<void> {
    const end = this.#time + withinMs;
    await settle();
    while (!condition()) {
      if (await this.step(end)) continue;
      throw new Error(`${what} did not hold within ${withinMs} ms of virtual time`);
    }
  }

  /** Lets time pass until `promise` is settled; rejects when that takes more than `withinMs`. */
  async resolve<T>(promise: Promise<T>, withinMs: Ms, what = 'the promise'): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    promise.then(mark, mark);
    await this.until(() => isSettled, withinMs, what);
    return promise;
  }
}

/** All promise jobs that are due, and those they bring about, run before this resolves. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

function push(heap: Event[], event: Event): void {
  let at = heap.length;
  heap.push(event);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(event, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, last)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = last;
}
