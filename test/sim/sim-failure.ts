/**
 * Why a simulated world failed.
 * - `assertion`: the code under test found a broken invariant of its own.
 * - `convergence`: all faults were healed and the world did not come to rest in time.
 * - `checker`: the world's checker saw something that must never happen.
 */
export type SimFailureKind = 'assertion' | 'convergence' | 'checker';

export class SimFailure extends Error {
  override readonly name = 'SimFailure';
  readonly kind: SimFailureKind;

  constructor(kind: SimFailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

/** Throws a `checker` failure when `condition` does not hold; `message` is made only then. */
export function check(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new SimFailure('checker', message());
}

/** What one run of one world ends with. */
export interface WorldResult {
  /** The same for the same seed, on any machine. */
  readonly traceHash: string;
  readonly eventCount: number;
  /** One line for people. */
  readonly summary: string;
}

/** A simulated world: the same seed gives the same history. Rejects with `SimFailure`. */
export interface World {
  readonly name: string;
  run(seed: number): Promise<WorldResult>;
}
