/**
 * The tasks that take a service's connections on one network, numbered 0..count-1 without gaps, so that
 * the kernel draws a number. One that leaves gives its number to the last: a change is one number. Pure.
 */

export interface Backend {
  readonly taskId: string;
  readonly address: string;
  /** 1..2^32-1, of this backend alone among those of its service; stable as long as it is there. */
  readonly mark: number;
}

/** Told of each change of a pool, in order. */
export interface PoolReader {
  /** The backend of a number; undefined = there is none any more. */
  numberChanged(number: number, backend: Backend | undefined): void;
  joined(backend: Backend): void;
  left(backend: Backend): void;
  /** Last of a change that altered the count. */
  countChanged(): void;
}

export class BackendPool {
  readonly #backends: Backend[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #readers = new Set<PoolReader>();

  get backends(): readonly Backend[] {
    return this.#backends;
  }

  get isUnused(): boolean {
    return this.#backends.length === 0 && this.#readers.size === 0;
  }

  /** The reader learns of later changes only. */
  follow(reader: PoolReader): void {
    this.#readers.add(reader);
  }

  unfollow(reader: PoolReader): void {
    this.#readers.delete(reader);
  }

  /** Adds the task's backend or changes it. */
  put(backend: Backend): void {
    const number = this.#numbers.get(backend.taskId);
    const old = number === undefined ? undefined : this.#backends[number];
    if (old?.address === backend.address && old.mark === backend.mark) return;
    const at = number ?? this.#backends.length;
    this.#backends[at] = backend;
    this.#numbers.set(backend.taskId, at);
    for (const reader of this.#readers) {
      if (old !== undefined) reader.left(old);
      reader.joined(backend);
      reader.numberChanged(at, backend);
      if (old === undefined) reader.countChanged();
    }
  }

  /** Unknown tasks are fine. */
  remove(taskId: string): void {
    const number = this.#numbers.get(taskId);
    const gone = number === undefined ? undefined : this.#backends[number];
    const last = this.#backends.at(-1);
    if (number === undefined || gone === undefined || last === undefined) return;
    this.#backends.pop();
    this.#numbers.delete(taskId);
    const isLast = last === gone;
    if (!isLast) {
      this.#backends[number] = last;
      this.#numbers.set(last.taskId, number);
    }
    for (const reader of this.#readers) {
      reader.left(gone);
      if (!isLast) reader.numberChanged(number, last);
      reader.numberChanged(this.#backends.length, undefined);
      reader.countChanged();
    }
  }
}
