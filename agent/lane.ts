/** Bounds how many pieces of work run at once; more urgent ones overtake those that wait. */
export type Priority = 'urgent' | 'normal';

interface Waiting {
  readonly start: () => void;
}

/** Unbounded in waiting: each task waits with at most one piece of work. */
export class Lane {
  readonly #width: number;
  readonly #urgent: Waiting[] = [];
  readonly #normal: Waiting[] = [];
  #running = 0;

  /** `width`: pieces of work at once, >= 1. */
  constructor(width: number) {
    this.#width = width;
  }

  get runningCount(): number {
    return this.#running;
  }

  /** Rejects with the signal's reason when it is aborted before `work` has its turn. */
  async run<T>(priority: Priority, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#width) {
      const turn = Promise.withResolvers<void>();
      (priority === 'urgent' ? this.#urgent : this.#normal).push({ start: turn.resolve });
      await turn.promise;
    } else {
      this.#running++;
    }
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.#urgent.shift() ?? this.#normal.shift();
      if (next === undefined) this.#running--;
      else next.start();
    }
  }
}
