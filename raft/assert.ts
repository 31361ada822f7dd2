/** A broken invariant inside this library; never an expected failure. The member stops itself. */
export class RaftAssertionError extends Error {
  override readonly name = 'RaftAssertionError';
}

/** Throws `RaftAssertionError` when `condition` does not hold. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new RaftAssertionError(message);
}

/** Closes an exhaustive `switch`. */
export function assertNever(value: never): never {
  throw new RaftAssertionError(`unexpected value: ${JSON.stringify(value)}`);
}
