/**
 * How an operation ended, as its client knows it.
 * - `ok`: it took effect once, between its call and its end, and answered `output`.
 * - `failed`: it certainly had no effect and told nothing.
 * - `unknown`: it may have taken effect at any time after its call, may do so later, or never.
 */
export type End<O> =
  | { readonly kind: 'ok'; readonly output: O; readonly at: number }
  | { readonly kind: 'failed' }
  | { readonly kind: 'unknown' };

export interface Operation<I, O> {
  /** What it works on; operations on different objects do not touch one another. */
  readonly object: string;
  readonly input: I;
  /** Calls and ends stand in one order; no two are at the same place. */
  readonly callAt: number;
  readonly end: End<O>;
  /** For people: who called, and when, in milliseconds of a clock that never goes back. */
  readonly client?: string;
  readonly calledMs?: number;
  readonly endedMs?: number;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** An operation that was called and has not ended. */
export interface Call<O> {
  ok(output: O): void;
  failed(): void;
}

/** Writes down what clients do, in the order in which it happens. */
export class History<I, O> {
  readonly #operations: Writable<Operation<I, O>>[] = [];
  readonly #nowMs: (() => number) | undefined;
  #at = 0;

  /** `nowMs`: notes the time of calls and ends, too. */
  constructor(nowMs?: () => number) {
    this.#nowMs = nowMs;
  }

  /** Unknown until it is told otherwise: the answer may be lost with whoever was to give it. */
  call(object: string, input: I, client?: string): Call<O> {
    const end = { kind: 'unknown' } as const;
    const operation: Writable<Operation<I, O>> = { object, input, callAt: ++this.#at, end };
    if (client !== undefined) operation.client = client;
    if (this.#nowMs !== undefined) operation.calledMs = this.#nowMs();
    this.#operations.push(operation);
    const ended = (how: End<O>): void => {
      operation.end = how;
      if (this.#nowMs !== undefined) operation.endedMs = this.#nowMs();
    };
    return {
      ok: (output) => ended({ kind: 'ok', output, at: ++this.#at }),
      failed: () => ended({ kind: 'failed' }),
    };
  }

  get operations(): readonly Operation<I, O>[] {
    return this.#operations;
  }
}
