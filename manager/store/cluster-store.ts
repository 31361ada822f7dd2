import { assert, ClusterError, deferred, hasCode, limitedLogger, messageOf, Pacer } from '#lib';
import type { Clock, Logger, Metrics, Ms } from '#lib';
import { decodeEntry } from './action.ts';
import { applyEntry, standsIn } from './apply.ts';
import { CommitRing } from './commit-ring.ts';
import type { CommitRingLimits } from './commit-ring.ts';
import type { ReplicatedState, Replicator } from './replicator.ts';
import { decodeSnapshot, difference, encodeSnapshot, snapshotSlice } from './snapshot.ts';
import { State } from './state.ts';
import { storeMetrics } from './store-metrics.ts';
import type { StoreMetrics } from './store-metrics.ts';
import type { ChangeCheck } from './transaction.ts';
import type {
  AnyObject,
  Commit,
  ReadTransaction,
  Store,
  UpdateResult,
  Watch,
  WatchOptions,
  WriteTransaction,
} from './types.ts';
import { limitTo, Watchers } from './watchers.ts';
import { WriteQueue } from './write-queue.ts';
import type { Told } from './write-queue.ts';

/** `batch` keeps at most this many of its items in the queue at once. */
const batchWindow = 1_000;

/** A transaction or a watcher that takes longer is logged and counted: all others wait for it. */
export const slowMs: Ms = 50;

export interface ClusterStoreOptions {
  readonly replicator: Replicator;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Throws to refuse a change inside a transaction; it is not asked when an entry is applied. */
  readonly check?: ChangeCheck;
  /** Sees every object before it is stored; tests deep-freeze there. */
  readonly seal?: <T extends AnyObject>(object: T) => T;
  /** How many commits are kept for watches that resume; default `commitsKeptMax` and bytes. */
  readonly keep?: CommitRingLimits;
  /** What to do when a watcher throws, which it must not; by default an error in the log. */
  readonly onWatcherError?: (error: unknown) => void;
}

/** The state of the cluster in memory, kept the same on all managers by a `Replicator`. */
export class ClusterStore implements Store, ReplicatedState {
  readonly #options: ClusterStoreOptions;
  readonly #metrics: StoreMetrics;
  readonly #queue: WriteQueue;
  readonly #seal: <T extends AnyObject>(object: T) => T;
  #state = State.empty();
  readonly #ring: CommitRing;
  readonly #slowLog: Logger;
  readonly #watchers: Watchers;

  constructor(options: ClusterStoreOptions) {
    this.#options = options;
    this.#seal = options.seal ?? ((object) => object);
    this.#ring = new CommitRing(options.keep);
    this.#slowLog = limitedLogger(options.log, options.clock);
    this.#metrics = storeMetrics(options.metrics, {
      waiting: () => this.#queue.waitingCount,
      version: () => this.#state.version,
      watchers: () => this.#watchers.count,
      keptCommits: () => this.#ring.count,
      keptBytes: () => this.#ring.bytes,
      objects: (table) => this.#state.count(table),
    });
    this.#queue = new WriteQueue({
      replicator: options.replicator,
      clock: options.clock,
      metrics: this.#metrics,
      check: options.check,
      applied: () => this.#state,
    });
    this.#watchers = new Watchers({
      monotonic: () => options.clock.monotonic(),
      failed: (error, commit) => this.#watcherFailed(error, commit),
      took: (name, tookMs, commit) => this.#watcherTook(name, tookMs, commit),
    });
  }

  view<R>(read: (tx: ReadTransaction) => R): R {
    return read(this.#state);
  }

  readBarrier(signal?: AbortSignal): Promise<void> {
    return this.#options.replicator.readBarrier(signal);
  }

  update<R>(write: (tx: WriteTransaction) => R): Promise<UpdateResult<R>> {
    return this.#queue.enqueue(this.#timed(write));
  }

  async batch<I>(
    items: readonly I[],
    write: (tx: WriteTransaction, item: I) => void,
  ): Promise<void> {
    const timed = this.#timed(write);
    for (let at = 0; at < items.length; at += batchWindow)
      await this.#window(items.slice(at, at + batchWindow), timed);
  }

  /** Throws the first error that is no reason to skip an item; those behind it are not run then. */
  #window<I>(items: readonly I[], write: (tx: WriteTransaction, item: I) => void): Promise<void> {
    const ended = deferred<void>();
    let failure: { readonly error: unknown } | undefined;
    let left = items.length;
    const one = (): void => {
      if (--left > 0) return;
      if (failure === undefined) ended.resolve();
      else ended.reject(failure.error);
    };
    const told: Told = {
      resolve: one,
      reject: (error) => {
        if (!isSkippable(error)) failure ??= { error };
        one();
      },
    };
    for (const item of items)
      this.#queue.add((tx) => {
        if (failure !== undefined) return;
        try {
          write(tx, item);
        } catch (error) {
          if (!isSkippable(error)) failure ??= { error };
          throw error;
        }
      }, told);
    return ended.promise;
  }

  watch(onCommit: (commit: Commit) => void, options: WatchOptions = {}): Watch {
    const { fromVersion, only, name = 'unnamed' } = options;
    const { version } = this.#state;
    const missed: Commit[] = [];
    for (const commit of fromVersion === undefined ? [] : this.#ring.after(fromVersion)) {
      const wanted = limitTo(commit, only);
      if (wanted !== undefined) missed.push(wanted);
    }
    const subscription = this.#watchers.add(onCommit, version, only, name);
    return { version, missed, cancel: () => subscription.cancel() };
  }

  image(): ReadTransaction {
    return this.#state.clone();
  }

  /** Refuses what waits and what comes; what is under way ends as it ends. */
  close(): void {
    this.#queue.close(new ClusterError('UNAVAILABLE', 'this manager is stopping'));
    this.#watchers.clear();
  }

  // What follows is for the replicator.

  apply(version: number, entry: Uint8Array): void {
    const startedAt = this.#options.clock.monotonic();
    const inFlight = this.#queue.inFlight;
    const isOurs = inFlight?.bytes === entry;
    // Our own entry need not be decoded: its actions are still at hand.
    const decoded = isOurs ? inFlight : decodeEntry(entry);
    const after =
      isOurs && inFlight.made !== undefined && standsIn(inFlight.made, inFlight.actions)
        ? inFlight.made
        : undefined;
    const result = applyEntry(this.#state, version, decoded, this.#seal, after);
    if (isOurs) inFlight.result = result;
    if (result.kind === 'skipped') {
      this.#options.log.warn('entry left out', { version, baseVersion: decoded.baseVersion });
      return;
    }
    if (after !== undefined) this.#state = after;
    const commit = { version, events: result.events };
    this.#ring.add(commit, entry.length);
    const toldAt = this.#options.clock.monotonic();
    this.#watchers.tell(commit);
    this.#metrics.tellTook(this.#options.clock.monotonic() - toldAt);
    this.#metrics.applied(decoded.actions.length, this.#options.clock.monotonic() - startedAt);
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return encodeSnapshot(this.#state.clone(), this.#pacer());
  }

  async restore(version: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const old = this.#state;
    const oldVersion = old.version;
    const next = await decodeSnapshot(chunks, this.#seal, this.#pacer());
    if (next.version > version) {
      throw new ClusterError(
        'DATA_LOSS',
        `the snapshot at ${version} holds a state of version ${next.version}`,
      );
    }
    // Readers have the old state until all of this is done, then at once the new one.
    const isWatched = this.#watchers.count > 0;
    const events = isWatched ? await difference(old, next, this.#pacer()) : [];
    assert(old.version === oldVersion, 'entries were applied while a state was restored');
    this.#state = next;
    // What led from the one state to the other is not known here.
    this.#ring.restart(next.version);
    this.#queue.abandon();
    this.#options.log.info('store restored from a snapshot', {
      version: next.version,
      index: version,
      changes: events.length,
    });
    this.#watchers.tell({ version: next.version, events });
  }

  /** Others wait while it runs, so it is known how long. */
  #timed<A extends readonly unknown[], R>(write: (...args: A) => R): (...args: A) => R {
    const { clock } = this.#options;
    return (...args) => {
      const startedAt = clock.monotonic();
      try {
        return write(...args);
      } finally {
        this.#transactionTook(clock.monotonic() - startedAt);
      }
    };
  }

  #transactionTook(tookMs: Ms): void {
    this.#metrics.transactionTook(tookMs);
    if (tookMs < slowMs) return;
    this.#metrics.slow('transaction');
    this.#slowLog.warn('a transaction took long', { tookMs: Math.round(tookMs) });
  }

  #pacer(): Pacer {
    return new Pacer(this.#options.clock, snapshotSlice);
  }

  #watcherFailed(error: unknown, { version }: Commit): void {
    const { log, onWatcherError } = this.#options;
    if (onWatcherError !== undefined) onWatcherError(error);
    else
      log.error('a watcher of the store failed', { version, error: messageOf(error), err: error });
  }

  #watcherTook(name: string, tookMs: Ms, { version, events }: Commit): void {
    if (tookMs < slowMs) return;
    this.#metrics.slow('watcher');
    const fields = { watcher: name, version, events: events.length, tookMs: Math.round(tookMs) };
    this.#slowLog.warn('a watcher of the store took long', fields);
  }
}

function isSkippable(error: unknown): boolean {
  return hasCode(error, 'STALE_VERSION') || hasCode(error, 'NOT_FOUND');
}
