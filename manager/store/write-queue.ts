import { assert, assertNever, ClusterError, deferred, messageOf } from '#lib';
import type { Clock, Deferred, Ms } from '#lib';
import { encodeAction, entryTailBytesMax, joinEntry } from './action.ts';
import type { Action } from './action.ts';
import type { ApplyResult } from './apply.ts';
import { entryActionsMax, entryBytesMax } from './replicator.ts';
import type { ReplicateOutcome, Replicator } from './replicator.ts';
import type { State } from './state.ts';
import type { StoreMetrics } from './store-metrics.ts';
import { Transaction } from './transaction.ts';
import type { ChangeCheck } from './transaction.ts';
import type { Commit, UpdateResult, WriteTransaction } from './types.ts';

/** Most updates that wait for an entry; a further one fails with LIMIT_EXCEEDED. */
export const waitingMax = 10_000;
/** Most transactions that run between two turns of the event loop. */
const transactionsPerEntryMax = 2_000;
/**
 * And no longer than this, one at least: the others go into the next entry. While the collector marks, in steps of up to
 * 5 ms for every 64 KiB allocated, two hundred of them take a quarter of a second.
 */
const collectMaxMs: Ms = 5;
/** An entry of so many transactions takes a good part of the turn in which it is applied and they are told. */
const transactionsOfLargeEntry = 32;

/** Is told how a transaction ended, once, and does not throw. */
export interface Told {
  resolve(result: UpdateResult<unknown>): void;
  reject(error: unknown): void;
}

interface Job {
  readonly write: (tx: WriteTransaction) => unknown;
  readonly done: Told;
  readonly enqueuedAt: number;
}

/** A transaction that has run: what it did, and what its caller gets once that is safe. */
interface Ran {
  readonly job: Job;
  readonly actions: readonly Action[];
  readonly parts: readonly Uint8Array[];
  readonly result:
    | { readonly kind: 'value'; readonly value: unknown }
    | { readonly kind: 'thrown'; readonly error: unknown };
}

interface Batch {
  /** What they ran on, with what they did; undefined when it also has what another did that is held. */
  readonly made: State | undefined;
  readonly ran: readonly Ran[];
  readonly actions: readonly Action[];
  readonly parts: readonly Uint8Array[];
}

/** The entry that is being replicated. */
export interface InFlight {
  readonly bytes: Uint8Array;
  /** The state after it, but for its stamps; undefined when it has to be made. */
  readonly made: State | undefined;
  readonly actions: readonly Action[];
  readonly proposedAtMs: number;
  readonly baseVersion: number;
  /** Set by `apply`: what it made of the entry, or that it left it out. */
  result: ApplyResult | undefined;
  /** Settled when the state was replaced under the entry: nobody will tell its fate any more. */
  readonly abandoned: Deferred<ReplicateOutcome>;
}

/** How an entry ended; with what was applied when it is committed. */
type Outcome =
  | ({ readonly kind: 'committed' } & Commit)
  | Exclude<ReplicateOutcome, { kind: 'committed' }>;

export interface WriteQueueOptions {
  readonly replicator: Replicator;
  readonly clock: Clock;
  readonly metrics: StoreMetrics;
  readonly check: ChangeCheck | undefined;
  /** The applied state; the queue works on clones of it. */
  readonly applied: () => State;
}

/**
 * Group commit. One entry is under way at a time; transactions that come meanwhile wait, run one
 * after another on the state that entry made, and go together into the next one. A caller hears of
 * its transaction, good or bad, only once everything that it could have seen is committed.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #waiting: Job[] = [];
  #head = 0;
  /** Ran already, but did not fit the last entry. */
  #held: Ran | undefined;
  #inFlight: InFlight | undefined;
  #pendingVersion = 0;
  #isRunning = false;
  #closedBecause: ClusterError | undefined;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  get waitingCount(): number {
    return this.#waiting.length - this.#head + (this.#held === undefined ? 0 : 1);
  }

  get inFlight(): InFlight | undefined {
    return this.#inFlight;
  }

  enqueue<R>(write: (tx: WriteTransaction) => R): Promise<UpdateResult<R>> {
    const done = deferred<UpdateResult<unknown>>();
    this.add(write, done);
    return done.promise as Promise<UpdateResult<R>>;
  }

  /** As `enqueue`, without a promise of its own: many may have one who is told. */
  add(write: (tx: WriteTransaction) => unknown, done: Told): void {
    if (this.#closedBecause !== undefined) {
      done.reject(this.#closedBecause);
      return;
    }
    if (this.waitingCount >= waitingMax) {
      this.#options.metrics.refused('queue-full');
      done.reject(
        new ClusterError(
          'LIMIT_EXCEEDED',
          `${waitingMax} updates wait already for the store: try again later`,
        ),
      );
      return;
    }
    this.#waiting.push({ write, done, enqueuedAt: this.#options.clock.monotonic() });
    if (!this.#isRunning) {
      this.#isRunning = true;
      // A microtask later: what one turn of the event loop asks for shares an entry.
      queueMicrotask(() => void this.#run());
    }
  }

  /** The state was replaced by a snapshot: another manager leads. */
  abandon(): void {
    const reason = 'the state was replaced by that of another leader';
    this.#inFlight?.abandoned.resolve({ kind: 'unknown', reason });
  }

  /** Everything that waits is refused with `reason`; the entry under way is let go on. */
  close(reason: ClusterError): void {
    this.#closedBecause = reason;
    for (const job of this.#waiting.slice(this.#head)) job.done.reject(reason);
    this.#held?.job.done.reject(reason);
    this.#waiting.length = 0;
    this.#head = 0;
    this.#held = undefined;
  }

  async #run(): Promise<void> {
    while (this.waitingCount > 0) {
      const base = this.#options.applied();
      const batch = this.#collect(base.clone());
      if (batch.actions.length === 0) await this.#confirm(batch, base.version);
      else this.#conclude(batch, await this.#replicate(batch, base.version));
      if (batch.ran.length >= transactionsOfLargeEntry) await this.#others();
    }
    this.#isRunning = false;
  }

  /** Lets those have their turn who wait for it, where the clock knows of them. */
  async #others(): Promise<void> {
    const { clock } = this.#options;
    if (clock.soon !== undefined) await new Promise<void>((resolve) => clock.soon?.(resolve));
  }

  /**
   * Nothing to replicate, so nothing tells yet that the state was the last one: a leader that was
   * replaced and has not heard of it would refuse for reasons that are past. When another manager
   * has written in between, the transactions run again.
   */
  async #confirm(batch: Batch, baseVersion: number): Promise<void> {
    try {
      await this.#options.replicator.readBarrier();
    } catch (error) {
      for (const { job } of batch.ran) job.done.reject(error);
      return;
    }
    if (this.#options.applied().version === baseVersion)
      this.#settle(batch, { version: baseVersion, events: [] });
    else if (this.#closedBecause !== undefined)
      for (const { job } of batch.ran) job.done.reject(this.#closedBecause);
    else this.#waiting.splice(this.#head, 0, ...batch.ran.map(({ job }) => job));
  }

  #next(): Job | undefined {
    const job = this.#waiting[this.#head];
    if (job === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#waiting.length || this.#head >= 4096) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
    return job;
  }

  /** Runs waiting transactions on `pending` until an entry is full, or it has taken long. */
  #collect(pending: State): Batch {
    const ran: Ran[] = [];
    const actions: Action[] = [];
    const parts: Uint8Array[] = [];
    let bytes = entryTailBytesMax;
    const { clock } = this.#options;
    const endsAt = clock.monotonic() + collectMaxMs;
    const held = this.#takeHeld(pending);
    for (let count = 0; count < transactionsPerEntryMax; count++) {
      if (count > 0 && (actions.length >= entryActionsMax || clock.monotonic() >= endsAt)) break;
      const job = count === 0 && held !== undefined ? undefined : this.#next();
      const one = job === undefined ? (count === 0 ? held : undefined) : this.#try(pending, job);
      if (one === undefined) break;
      const size = sizeOf(one.parts);
      const isTooMuch =
        actions.length + one.actions.length > entryActionsMax || bytes + size > entryBytesMax;
      if (isTooMuch) {
        // Its changes stay out of this entry, and nothing runs after it on `pending`.
        this.#held = one;
        break;
      }
      ran.push(one);
      for (const action of one.actions) actions.push(action);
      for (const part of one.parts) parts.push(part);
      bytes += size;
    }
    return { made: this.#held === undefined ? pending : undefined, ran, actions, parts };
  }

  /** The held transaction, done again on the state that the entry before it made. */
  #takeHeld(pending: State): Ran | undefined {
    const held = this.#held;
    this.#held = undefined;
    for (const action of held?.actions ?? []) {
      if (action.kind === 'remove') pending.delete(action.table, action.object.id);
      else pending.put(action.table, action.object);
    }
    return held;
  }

  #try(pending: State, job: Job): Ran {
    const tx = new Transaction(pending, --this.#pendingVersion, this.#options.check);
    try {
      const value = job.write(tx);
      const actions = tx.finish();
      const parts = actions.map(encodeAction);
      refuseOversize(actions.length, sizeOf(parts) + entryTailBytesMax);
      return { job, actions, parts, result: { kind: 'value', value } };
    } catch (error) {
      tx.undo();
      return { job, actions: [], parts: [], result: { kind: 'thrown', error } };
    }
  }

  async #replicate(batch: Batch, baseVersion: number): Promise<Outcome> {
    const { clock, metrics, replicator } = this.#options;
    const proposedAtMs = clock.now();
    const bytes = joinEntry(batch.parts, { proposedAtMs, baseVersion });
    assert(bytes.length <= entryBytesMax, 'an entry outgrew its bound');
    const inFlight: InFlight = {
      bytes,
      made: batch.made,
      actions: batch.actions,
      proposedAtMs,
      baseVersion,
      result: undefined,
      abandoned: deferred<ReplicateOutcome>(),
    };
    this.#inFlight = inFlight;
    const startedAt = clock.monotonic();
    try {
      const outcome = await Promise.race([replicator.propose(bytes), inFlight.abandoned.promise]);
      metrics.replicated(batch.ran.length, batch.actions.length, bytes.length, outcome.kind);
      if (outcome.kind !== 'committed') return outcome;
      const { result } = inFlight;
      assert(result !== undefined, `entry ${outcome.version} committed but not applied`);
      if (result.kind === 'applied') return { ...outcome, events: result.events };
      const reason = 'another manager led in between; nothing was written';
      return { kind: 'rejected', reason, isLeadershipLost: true };
    } catch (error) {
      return { kind: 'unknown', reason: messageOf(error) };
    } finally {
      metrics.proposeTook(clock.monotonic() - startedAt);
      this.#inFlight = undefined;
    }
  }

  #conclude(batch: Batch, outcome: Outcome): void {
    if (outcome.kind === 'committed') {
      this.#settle(batch, outcome);
      return;
    }
    const error = errorOf(outcome);
    // What a failed entry's transactions saw never came to be, so none of them has a result; nor
    // has the one that ran after them and was held.
    for (const { job } of batch.ran) job.done.reject(error);
    const held = this.#held;
    this.#held = undefined;
    held?.job.done.reject(
      outcome.kind === 'rejected'
        ? error
        : errorOf({ kind: 'rejected', reason: outcome.reason, isLeadershipLost: true }),
    );
  }

  #settle(batch: Batch, { version, events }: Commit): void {
    const now = this.#options.clock.monotonic();
    for (const { job, result } of batch.ran) {
      this.#options.metrics.updateTook(now - job.enqueuedAt);
      if (result.kind === 'value') job.done.resolve({ value: result.value, version, events });
      else job.done.reject(result.error);
    }
  }
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}

function refuseOversize(actions: number, bytes: number): void {
  if (actions <= entryActionsMax && bytes <= entryBytesMax) return;
  throw new ClusterError(
    'LIMIT_EXCEEDED',
    `one update changes ${actions} objects in ${bytes} bytes; the most is ${entryActionsMax} ` +
      `objects and ${entryBytesMax} bytes: make it smaller`,
    { details: { actions: String(actions), bytes: String(bytes) } },
  );
}

function errorOf(outcome: Exclude<ReplicateOutcome, { kind: 'committed' }>): ClusterError {
  switch (outcome.kind) {
    case 'rejected':
      return outcome.isLeadershipLost
        ? new ClusterError('NOT_LEADER', `this manager is not the leader: ${outcome.reason}`)
        : new ClusterError('UNAVAILABLE', `the store refused the write: ${outcome.reason}`);
    case 'unknown':
      return new ClusterError(
        'OUTCOME_UNKNOWN',
        `it is not known whether the change was made (${outcome.reason}): ` +
          'look at the present state before you repeat it',
      );
    default:
      return assertNever(outcome);
  }
}
