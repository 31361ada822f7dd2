/**
 * For what must be true unless this program is wrong. Kept in production: it ends the process, and
 * the log brings the state back. For what a user or another machine may cause, throw a `ClusterError`.
 */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The end of an exhaustive `switch`. */
export function assertNever(value: never, message = 'value outside its type'): never {
  throw new AssertionError(`${message}: ${JSON.stringify(value)}`);
}
