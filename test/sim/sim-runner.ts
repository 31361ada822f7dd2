import type { SimFailureKind, World } from './sim-failure.ts';
import { SimFailure } from './sim-failure.ts';

export interface SeedsReport {
  readonly eventCount: number;
  /** Of the last seed. */
  readonly summary: string;
  readonly traceHash: string;
  readonly failure: {
    readonly seed: number;
    readonly kind: SimFailureKind;
    readonly message: string;
    readonly cause: unknown;
  } | null;
}

/** Runs a world over a range of seeds up to the first that fails. */
export async function runSeeds(
  world: World,
  range: { readonly first: number; readonly count: number; readonly isTwice: boolean },
): Promise<SeedsReport> {
  let eventCount = 0;
  let summary = '';
  let traceHash = '';
  for (let seed = range.first; seed < range.first + range.count; seed++) {
    try {
      const result = await world.run(seed);
      ({ summary, traceHash } = result);
      eventCount += result.eventCount;
      const again = range.isTwice ? await world.run(seed) : result;
      if (again.traceHash !== traceHash) {
        throw new SimFailure('convergence', 'the same seed gave two different histories');
      }
    } catch (error) {
      const kind = error instanceof SimFailure ? error.kind : 'assertion';
      const { message, cause } = error instanceof Error ? error : new Error(String(error));
      const failure = { seed, kind, message, cause: cause ?? error };
      return { eventCount, summary, traceHash, failure };
    }
  }
  return { eventCount, summary, traceHash, failure: null };
}
