import { ClusterError, hasCode, messageOf } from '#lib';
import type { Clock, Logger, Metrics } from '#lib';
import { decodeEntry } from './action.ts';
import { applyEntry } from './apply.ts';
import type { ReplicatedState, Replicator } from './replicator.ts';
import { decodeSnapshot, difference, encodeSnapshot } from './snapshot.ts';
import { State } from './state.ts';
import { storeMetrics } from './store-metrics.ts';
import type { StoreMetrics } from './store-metrics.ts';
import type { ChangeCheck } from './transaction.ts';
import type {
  AnyObject,
  Commit,
  ReadTransaction,
  Store,
  Subscription,
  UpdateResult,
  WriteTransaction,
} from './types.ts';
import { WriteQueue } from './write-queue.ts';

/** `batch` keeps at most this many of its items in the queue at once. */
const batchWindow = 1_000;

export interface ClusterStoreOptions {
  readonly replicator: Replicator;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Throws to refuse a change inside a transaction; it is not asked when an entry is applied. */
  readonly check?: ChangeCheck;
  /** Sees every object before it is stored; tests deep-freeze there. */
  readonly seal?: <T extends AnyObject>(object: T) => T;
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
  #watchers: readonly ((commit: Commit) => void)[] = [];

  constructor(options: ClusterStoreOptions) {
    this.#options = options;
    this.#seal = options.seal ?? ((object) => object);
    this.#metrics = storeMetrics(options.metrics, {
      waiting: () => this.#queue.waitingCount,
      version: () => this.#state.version,
      watchers: () => this.#watchers.length,
      objects: (table) => this.#state.count(table),
    });
    this.#queue = new WriteQueue({
      replicator: options.replicator,
      clock: options.clock,
      metrics: this.#metrics,
      check: options.check,
      applied: () => this.#state,
    });
  }

  view<R>(read: (tx: ReadTransaction) => R): R {
    return read(this.#state);
  }

  readBarrier(signal?: AbortSignal): Promise<void> {
    return this.#options.replicator.readBarrier(signal);
  }

  update<R>(write: (tx: WriteTransaction) => R): Promise<UpdateResult<R>> {
    return this.#queue.enqueue(write);
  }

  async batch<I>(
    items: readonly I[],
    write: (tx: WriteTransaction, item: I) => void,
  ): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    const one = async (item: I): Promise<void> => {
      try {
        await this.#queue.enqueue((tx) => {
          if (failure !== undefined) return;
          try {
            write(tx, item);
          } catch (error) {
            if (!isSkippable(error)) failure ??= { error };
            throw error;
          }
        });
      } catch (error) {
        if (!isSkippable(error)) failure ??= { error };
      }
    };
    for (let at = 0; at < items.length; at += batchWindow) {
      await Promise.all(items.slice(at, at + batchWindow).map(one));
      if (failure !== undefined) throw failure.error;
    }
  }

  watch(onCommit: (commit: Commit) => void): Subscription {
    // Its own function, so that one callback may watch twice and cancel once.
    const watcher = (commit: Commit): void => onCommit(commit);
    this.#watchers = [...this.#watchers, watcher];
    return {
      cancel: () => {
        this.#watchers = this.#watchers.filter((other) => other !== watcher);
      },
    };
  }

  /** Refuses what waits and what comes; what is under way ends as it ends. */
  close(): void {
    this.#queue.close(new ClusterError('UNAVAILABLE', 'this manager is stopping'));
    this.#watchers = [];
  }

  // What follows is for the replicator.

  apply(version: number, entry: Uint8Array): void {
    const startedAt = this.#options.clock.monotonic();
    const inFlight = this.#queue.inFlight;
    const isOurs = inFlight?.bytes === entry;
    // Our own entry need not be decoded: its actions are still at hand.
    const decoded = isOurs ? inFlight : decodeEntry(entry);
    const result = applyEntry(this.#state, version, decoded, this.#seal);
    if (isOurs) inFlight.result = result;
    if (result.kind === 'skipped') {
      this.#options.log.warn('entry left out', { version, baseVersion: decoded.baseVersion });
      return;
    }
    this.#tell({ version, events: result.events });
    this.#metrics.applied(decoded.actions.length, this.#options.clock.monotonic() - startedAt);
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return encodeSnapshot(this.#state.clone());
  }

  async restore(version: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const next = await decodeSnapshot(chunks, this.#seal);
    if (next.version > version) {
      throw new ClusterError(
        'DATA_LOSS',
        `the snapshot at ${version} holds a state of version ${next.version}`,
      );
    }
    const events = difference(this.#state, next);
    this.#state = next;
    this.#queue.abandon();
    this.#options.log.info('store restored from a snapshot', {
      version: next.version,
      index: version,
      changes: events.length,
    });
    this.#tell({ version: next.version, events });
  }

  #tell(commit: Commit): void {
    for (const watcher of this.#watchers) {
      try {
        watcher(commit);
      } catch (error) {
        if (this.#options.onWatcherError !== undefined) this.#options.onWatcherError(error);
        else {
          const fields = { version: commit.version, error: messageOf(error), err: error };
          this.#options.log.error('a watcher of the store failed', fields);
        }
      }
    }
  }
}

function isSkippable(error: unknown): boolean {
  return hasCode(error, 'STALE_VERSION') || hasCode(error, 'NOT_FOUND');
}
