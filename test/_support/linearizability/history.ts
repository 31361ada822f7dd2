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
}

/** An operation that was called and has not ended. */
export interface Call<O> {
  ok(output: O): void;
  failed(): void;
}

/** Writes down what clients do, in the order in which it happens. */
export class History<I, O> {
  readonly #operations: { object: string; input: I; callAt: number; end: End<O> }[] = [];
  #at = 0;

  /** Unknown until it is told otherwise: the answer may be lost with whoever was to give it. */
  call(object: string, input: I): Call<O> {
    const operation = { object, input, callAt: ++this.#at, end: { kind: 'unknown' } as End<O> };
    this.#operations.push(operation);
    return {
      ok: (output) => {
        operation.end = { kind: 'ok', output, at: ++this.#at };
      },
      failed: () => {
        operation.end = { kind: 'failed' };
      },
    };
  }

  get operations(): readonly Operation<I, O>[] {
    return this.#operations;
  }
}
