import { ClusterError, deferred } from '#lib';
import type { Deferred } from '#lib';

/**
 * A bounded queue between one side that pushes and one that iterates. Leaving the iteration closes
 * it, so that a reader that hangs up is seen by the writer.
 */
export class Channel<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  readonly #onClose: (() => void)[] = [];
  #items: T[] = [];
  #end: { readonly error: unknown } | undefined;
  #reader: Deferred<void> | undefined;
  #writers: Deferred<void>[] = [];

  /** `capacity` >= 1: how many items wait before `push` waits and `tryPush` refuses. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isClosed(): boolean {
    return this.#end !== undefined;
  }

  get length(): number {
    return this.#items.length;
  }

  /** Adds `item` at once, or answers false when the channel is full or closed. */
  tryPush(item: T): boolean {
    if (this.#end !== undefined || this.#items.length >= this.#capacity) return false;
    this.#items.push(item);
    this.#wakeReader();
    return true;
  }

  /** Waits for room. Rejects with CANCELLED, or the error of `end`, once the channel is closed. */
  async push(item: T): Promise<void> {
    while (!this.tryPush(item)) {
      if (this.#end !== undefined) throw this.#end.error ?? closedError();
      const writer = deferred<void>();
      this.#writers.push(writer);
      await writer.promise;
    }
  }

  /** What is queued is still delivered; then the iteration ends, or throws `error`. Idempotent. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#wakeReader();
    this.#wakeWriters();
    for (const listener of this.#onClose.splice(0)) listener();
  }

  /** As `end`, but what is queued is dropped. */
  abort(error?: unknown): void {
    this.#items = [];
    this.end(error);
  }

  /** Calls `listener` once, when the channel is closed from either side. */
  onClose(listener: () => void): void {
    if (this.#end === undefined) this.#onClose.push(listener);
    else listener();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.abort();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.#items.length > 0) {
        const value = this.#items.shift() as T;
        this.#wakeWriters();
        return { done: false, value };
      }
      if (this.#end !== undefined) {
        const { error } = this.#end;
        if (error === undefined) return { done: true, value: undefined };
        this.#end = { error: undefined };
        throw error;
      }
      this.#reader ??= deferred<void>();
      await this.#reader.promise;
    }
  }

  #wakeReader(): void {
    this.#reader?.resolve();
    this.#reader = undefined;
  }

  #wakeWriters(): void {
    for (const writer of this.#writers.splice(0)) writer.resolve();
  }
}

function closedError(): ClusterError {
  return new ClusterError('CANCELLED', 'the other side has hung up');
}

/** Aborts `channel` when `signal` is aborted. */
export function abortWith(signal: AbortSignal, channel: Channel<never>): void {
  const onAbort = (): void =>
    channel.abort(new ClusterError('CANCELLED', 'the caller has hung up'));
  if (signal.aborted) {
    onAbort();
    return;
  }
  signal.addEventListener('abort', onAbort, { once: true });
  channel.onClose(() => signal.removeEventListener('abort', onAbort));
}
