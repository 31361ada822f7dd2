import type { Service, Task } from '#proto';
import type { AnyObject, IndexName, TableName, TableTypes } from './tables.ts';

export type { AnyObject, IndexName, TableName, TableTypes };

/** A consistent, synchronous look at the state. Valid only inside the callback it was given to. */
export interface ReadTransaction {
  /** The version (log index) this view is of. */
  readonly version: number;
  get<T extends TableName>(table: T, id: string): TableTypes[T] | undefined;
  /** In ascending order of id; with `afterId`, those above it, found at once. */
  list<T extends TableName>(table: T, afterId?: string): Iterable<TableTypes[T]>;
  count(table: TableName): number;
  /** Names are unique per table, compared without case. tables.ts says which tables have them. */
  byName<T extends TableName>(table: T, name: string): TableTypes[T] | undefined;
  /** Who has `key` in that index of tables.ts; as `list`. The cost is that of the result. */
  byIndex<T extends TableName>(
    table: T,
    index: IndexName<T>,
    key: string,
    afterId?: string,
  ): Iterable<TableTypes[T]>;
  serviceByName(name: string): Service | undefined;
  tasksOfService(serviceId: string, afterId?: string): Iterable<Task>;
  tasksOfNode(nodeId: string, afterId?: string): Iterable<Task>;
  /** Ids that begin with `prefix`, at most `limit` of them. */
  idsWithPrefix(table: TableName, prefix: string, limit: number): readonly string[];
}

/**
 * Changes see one another and become visible to all at once. Objects are copied before a change,
 * never mutated. `meta` is the store's: what callers put there is ignored but `meta.version` on
 * update.
 */
export interface WriteTransaction extends ReadTransaction {
  /** ALREADY_EXISTS when the id or the name is taken. */
  create<T extends TableName>(table: T, object: TableTypes[T]): void;
  /** NOT_FOUND; STALE_VERSION when `object.meta.version` is not the present one. */
  update<T extends TableName>(table: T, object: TableTypes[T]): void;
  /** NOT_FOUND. */
  remove(table: TableName, id: string): void;
}

export type StoreEvent = {
  readonly [T in TableName]:
    | {
        readonly kind: 'create';
        readonly table: T;
        readonly object: TableTypes[T];
        readonly old: undefined;
      }
    | {
        readonly kind: 'update';
        readonly table: T;
        readonly object: TableTypes[T];
        readonly old: TableTypes[T];
      }
    | {
        readonly kind: 'remove';
        readonly table: T;
        readonly object: TableTypes[T];
        readonly old: TableTypes[T];
      };
}[TableName];

/** All events of one applied entry, in the order of its actions. */
export interface Commit {
  readonly version: number;
  readonly events: readonly StoreEvent[];
}

export interface UpdateResult<R> {
  readonly value: R;
  /** The version the transaction committed at; of the view when it changed nothing. */
  readonly version: number;
  /**
   * All events of the entry it committed with, those of its neighbours too; none when the entry
   * would have been empty. What a later entry makes of the objects is not in them.
   */
  readonly events: readonly StoreEvent[];
}

export interface Subscription {
  cancel(): void;
}

/** What a watcher wants to hear of; commits without any of it are not told. */
export type WatchInterest =
  | { readonly kind: 'table'; readonly table: TableName }
  /** The service and its tasks. */
  | { readonly kind: 'service'; readonly serviceId: string };

export interface WatchOptions {
  /** Goes on after this version; see `Watch.missed`. */
  readonly fromVersion?: number;
  /** Default: everything. Commits then carry the wanted events only. */
  readonly only?: WatchInterest;
  /** Who watches, for the log of slow watchers. */
  readonly name?: string;
}

export interface Watch extends Subscription {
  /** The version of the state when the watch began. */
  readonly version: number;
  /**
   * With `fromVersion`: the commits after it up to `version`, in order, as far as they are of
   * interest. Those after `version` come through the callback: nothing is in both or in neither.
   */
  readonly missed: readonly Commit[];
}

/** The state of the cluster on one manager. */
export interface Store {
  /** Runs `read` at once on the applied state. Local: may lag the leader; see `readBarrier`. */
  view<R>(read: (tx: ReadTransaction) => R): R;
  /** Everything committed before the call is visible to `view` after it resolves. */
  readBarrier(signal?: AbortSignal): Promise<void>;
  /**
   * Runs `write` synchronously, in turn with other updates, and replicates what it did as one
   * whole. Updates that wait together share an entry (group commit). When `write` throws, nothing
   * is written and the error comes back. Other rejections: NOT_LEADER, LIMIT_EXCEEDED (over 200
   * actions or 1.5 MB: use `batch`), OUTCOME_UNKNOWN.
   */
  update<R>(write: (tx: WriteTransaction) => R): Promise<UpdateResult<R>>;
  /**
   * Calls `write` once per item, in order, splitting into as many updates as the limits ask for.
   * Not atomic as a whole: each item is. An item whose `write` throws STALE_VERSION or NOT_FOUND is
   * skipped.
   */
  batch<I>(items: readonly I[], write: (tx: WriteTransaction, item: I) => void): Promise<void>;
  /**
   * Calls `onCommit` synchronously after every applied entry, in order, without gaps, never within
   * `watch` itself. It must be quick and must not throw. A restored snapshot comes as one commit
   * with the difference. With `fromVersion` it throws VERSION_COMPACTED when what came after that
   * version is not kept any more, and VERSION_UNKNOWN when it is yet to come here; the caller then
   * starts from the present state: `image` and `watch` in one turn fit together without a gap.
   */
  watch(onCommit: (commit: Commit) => void, options?: WatchOptions): Watch;
  /**
   * The present state as it will stay: O(1), and may be read over many turns of the event loop.
   * What it shares with the store costs nothing; what changes meanwhile is kept as long as it is.
   */
  image(): ReadTransaction;
}
