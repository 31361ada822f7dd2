import type { ReadState } from '../core/read-queue.ts';
import { RaftError } from '../errors.ts';

interface Waiter {
  readonly resolve: (index: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Callers of `readIndex`: first until a majority confirms, then until the index is applied. */
export class Reads {
  readonly #max: number;
  readonly #asked = new Map<number, Waiter>();
  #confirmed: (ReadState & Waiter)[] = [];
  #nextToken = 1;

  constructor(max: number) {
    this.#max = max;
  }

  /** The promise of one read, and the token to ask the core with. */
  add(signal: AbortSignal | undefined): {
    readonly token: number;
    readonly index: Promise<number>;
  } {
    if (this.#asked.size + this.#confirmed.length >= this.#max) {
      throw new RaftError('QUEUE_FULL', `${this.#max} reads wait already; try again later`);
    }
    signal?.throwIfAborted();
    const token = this.#nextToken++;
    const index = new Promise<number>((resolve, reject) => {
      const onAbort = (): void => {
        this.#drop(token);
        reject(signal?.reason as Error);
      };
      const release = (): void => signal?.removeEventListener('abort', onAbort);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#asked.set(token, {
        resolve: (value) => {
          release();
          resolve(value);
        },
        reject: (error) => {
          release();
          reject(error as Error);
        },
      });
    });
    return { token, index };
  }

  /** A majority has confirmed these. */
  confirm(reads: readonly ReadState[], appliedIndex: number): void {
    for (const read of reads) {
      const waiter = this.#asked.get(read.token);
      this.#asked.delete(read.token);
      if (waiter !== undefined) this.#confirmed.push({ ...read, ...waiter });
    }
    if (reads.length > 0) this.applied(appliedIndex);
  }

  applied(index: number): void {
    if (this.#confirmed.length === 0) return;
    const due = this.#confirmed.filter((read) => read.index <= index);
    this.#confirmed = this.#confirmed.filter((read) => read.index > index);
    for (const read of due) read.resolve(read.index);
  }

  /** Leadership is lost: what no majority has confirmed is refused. */
  rejectAsked(error: RaftError): void {
    const waiters = [...this.#asked.values()];
    this.#asked.clear();
    for (const waiter of waiters) waiter.reject(error);
  }

  rejectAll(error: RaftError): void {
    this.rejectAsked(error);
    const confirmed = this.#confirmed;
    this.#confirmed = [];
    for (const read of confirmed) read.reject(error);
  }

  #drop(token: number): void {
    this.#asked.delete(token);
    this.#confirmed = this.#confirmed.filter((read) => read.token !== token);
  }
}
