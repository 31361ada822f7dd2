import type { SimFailureKind, World } from './sim-failure.ts';
import { SimFailure } from './sim-failure.ts';
import { hash32 } from '#lib';

export interface SeedsReport {
  readonly eventCount: number;
  /** Of the last seed. */
  readonly summary: string;
  readonly traceHash: string;
  /** Over the traces of all seeds, in their order. */
  readonly runHash: number;
  readonly failure: {
    readonly seed: number;
    readonly kind: SimFailureKind;
    readonly message: string;
    /** With its stack, as text. */
    readonly cause: string;
  } | null;
}

export interface SeedRange {
  readonly first: number;
  readonly count: number;
  /** Each seed twice, to compare the traces. */
  readonly isTwice: boolean;
}

/** Runs a world over a range of seeds up to the first that fails. */
export async function runSeeds(world: World, range: SeedRange): Promise<SeedsReport> {
  let eventCount = 0;
  let summary = '';
  let traceHash = '';
  let runHash = 0;
  for (let seed = range.first; seed < range.first + range.count; seed++) {
    try {
      const result = await world.run(seed);
      ({ summary, traceHash } = result);
      eventCount += result.eventCount;
      const again = range.isTwice ? await world.run(seed) : result;
      if (again.traceHash !== traceHash) {
        throw new SimFailure('convergence', 'the same seed gave two different histories');
      }
      runHash = hash32(`${runHash}|${seed}|${traceHash}`);
    } catch (error) {
      const kind = error instanceof SimFailure ? error.kind : 'assertion';
      const { message, cause = error } = error instanceof Error ? error : new Error(String(error));
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      const failure = { seed, kind, message, cause: text };
      return { eventCount, summary, traceHash, runHash, failure };
    }
  }
  return { eventCount, summary, traceHash, runHash, failure: null };
}
