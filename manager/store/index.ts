/**
 * The state of the cluster: tables in memory, transactions that become replicated entries, watches
 * in commit order. Owns every object's `meta`; the rest belongs to whom a field's comment names.
 */
export { ClusterStore } from './cluster-store.ts';
export type { ClusterStoreOptions } from './cluster-store.ts';
export { LocalReplicator } from './local-replicator.ts';
export type { LocalReplicatorOptions } from './local-replicator.ts';
export { entryActionsMax, entryBytesMax } from './replicator.ts';
export type { ReplicatedState, ReplicateOutcome, Replicator } from './replicator.ts';
export type { ChangeCheck } from './transaction.ts';
export type {
  AnyObject,
  Commit,
  ReadTransaction,
  Store,
  StoreEvent,
  Subscription,
  TableName,
  TableTypes,
  UpdateResult,
  Watch,
  WatchInterest,
  WatchOptions,
  WriteTransaction,
} from './types.ts';
