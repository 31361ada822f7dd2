import type { Clock, StateMachine } from '../ports.ts';
import type { Entry, Membership, RaftRole, SnapshotMeta } from '../types.ts';
import { decodeMembership } from '../core/membership.ts';
import { laterTurn } from './turns.ts';

/** The event loop gets its turn after this many milliseconds of applying. */
const SLICE_MS = 5;

export interface ApplierEvents {
  /** One entry is applied. */
  applied(entry: Entry): void;
  /** The batch, or the restore, that ended at `index` is done. */
  done(index: number, isFull: boolean): void;
  failed(error: unknown): void;
}

/**
 * What applying waits for, so that a long one does not hold up the write beside it: a leader for the write to begin, for
 * a majority of others commits without it; a follower for its end, which the leader waits to hear of.
 */
function whenToApply(
  role: RaftRole,
  writing: Promise<void> | undefined,
): Promise<void> | undefined {
  return writing === undefined || role !== 'leader' ? writing : Promise.resolve();
}

/** Feeds the state machine: in log order, one call at a time, never for long without a pause. */
export class Applier {
  readonly #machine: StateMachine;
  readonly #clock: Clock;
  readonly #events: ApplierEvents;
  readonly #batchMax: number;
  /** Changes of members up to here were told already. */
  #membershipIndex: number;
  #batch: readonly Entry[] = [];
  #at = 0;
  #isStopped = false;
  #isRestoring = false;
  #restoreNext: (() => void) | null = null;

  constructor(
    machine: StateMachine,
    clock: Clock,
    events: ApplierEvents,
    start: {
      readonly membership: Membership;
      readonly index: number;
      /** As long as the longest batch that the core gives. */
      readonly batchMax: number;
    },
  ) {
    this.#machine = machine;
    this.#clock = clock;
    this.#events = events;
    this.#membershipIndex = start.index;
    this.#batchMax = start.batchMax;
    machine.membershipChanged?.(start.membership, start.index);
  }

  /** A restore is running or waits: the state is not that of any index. */
  get isRestoring(): boolean {
    return this.#isRestoring || this.#restoreNext !== null;
  }

  /** Between two batches: the state is that of the last index applied. */
  get isIdle(): boolean {
    return !this.isRestoring && this.#at >= this.#batch.length;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** The next batch; the one before is done. `writing`: the write beside it, which does not reject. */
  apply(batch: readonly Entry[], role: RaftRole, writing: Promise<void> | undefined): void {
    this.#batch = batch;
    this.#at = 0;
    const after = whenToApply(role, writing);
    if (after === undefined) this.#slice();
    else void after.then(() => this.#slice());
  }

  /** After the batch that runs now, the state becomes that of a snapshot. */
  restore(meta: SnapshotMeta, chunks: () => AsyncIterable<Uint8Array>): void {
    const start = (): void => void this.#restore(meta, chunks());
    if (this.#at < this.#batch.length || this.#isRestoring) this.#restoreNext = start;
    else start();
  }

  #slice(): void {
    const until = this.#clock.monotonic() + SLICE_MS;
    try {
      while (!this.#isStopped) {
        const entry = this.#batch[this.#at];
        if (entry === undefined) break;
        this.#one(entry);
        this.#at++;
        if (this.#clock.monotonic() < until || this.#at === this.#batch.length) continue;
        void laterTurn(this.#clock).then(() => this.#slice());
        return;
      }
      if (!this.#isStopped)
        this.#done(this.#batch.at(-1)?.index ?? 0, this.#batch.length >= this.#batchMax);
    } catch (error) {
      this.#events.failed(error);
    }
  }

  #one(entry: Entry): void {
    if (entry.kind === 'data') this.#machine.apply(entry);
    if (entry.kind === 'membership' && entry.index > this.#membershipIndex) {
      this.#membershipIndex = entry.index;
      this.#machine.membershipChanged?.(decodeMembership(entry.data), entry.index);
    }
    this.#events.applied(entry);
  }

  async #restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    this.#isRestoring = true;
    try {
      await this.#machine.restore(meta, chunks);
      if (this.#isStopped) return;
      this.#membershipIndex = Math.max(this.#membershipIndex, meta.index);
      this.#machine.membershipChanged?.(meta.membership, meta.index);
    } catch (error) {
      if (!this.#isStopped) this.#events.failed(error);
      return;
    } finally {
      this.#isRestoring = false;
    }
    this.#done(meta.index, false);
  }

  #done(index: number, isFull: boolean): void {
    const next = this.#restoreNext;
    this.#restoreNext = null;
    this.#events.done(index, isFull);
    next?.();
  }
}
