/** Group commit: what is asked for while a batch is applied waits, and goes together in the next. */
import { ClusterError, deferred } from '#lib';
import type { Deferred } from '#lib';

export interface BatchQueueOptions<Change, Result> {
  /** Changes applied together at most. */
  readonly batchMax: number;
  /** Changes that wait at most; more is LIMIT_EXCEEDED. */
  readonly queueMax: number;
  /** One outcome for each change, in their order. A rejection is every change's outcome. */
  readonly apply: (changes: readonly Change[]) => Promise<readonly (Result | ClusterError)[]>;
}

interface Waiting<Change, Result> {
  readonly change: Change;
  readonly outcome: Deferred<Result>;
  readonly signal: AbortSignal;
}

export class BatchQueue<Change, Result> {
  readonly #options: BatchQueueOptions<Change, Result>;
  readonly #waiting: Waiting<Change, Result>[] = [];
  #isApplying = false;

  constructor(options: BatchQueueOptions<Change, Result>) {
    this.#options = options;
  }

  /** Rejects with the change's own ClusterError; a change that was begun is not taken back by the signal. */
  async add(change: Change, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    if (this.#waiting.length >= this.#options.queueMax)
      throw new ClusterError('LIMIT_EXCEEDED', 'too many network changes are waiting: try later');
    const outcome = deferred<Result>();
    this.#waiting.push({ change, outcome, signal });
    if (!this.#isApplying) void this.#run();
    return await outcome.promise;
  }

  async #run(): Promise<void> {
    this.#isApplying = true;
    // Callers of the same tick belong to the first batch too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#options.batchMax).filter((one) => {
        if (one.signal.aborted) one.outcome.reject(one.signal.reason);
        return !one.signal.aborted;
      });
      if (batch.length > 0) await this.#applyBatch(batch);
    }
    this.#isApplying = false;
  }

  async #applyBatch(batch: readonly Waiting<Change, Result>[]): Promise<void> {
    try {
      const outcomes = await this.#options.apply(batch.map((one) => one.change));
      for (const [i, one] of batch.entries()) {
        const outcome = outcomes[i];
        if (outcome instanceof ClusterError) one.outcome.reject(outcome);
        else one.outcome.resolve(outcome as Result);
      }
    } catch (error) {
      for (const one of batch) one.outcome.reject(error);
    }
  }
}
