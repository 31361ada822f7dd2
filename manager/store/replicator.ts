/**
 * The port between the store and whatever makes its entries survive. Two adapters pass the same
 * contract tests: Raft (embedded) and, later, etcd. Also a single-process one for tests.
 */
export type ReplicateOutcome =
  /** Durable on a majority and applied here; `version` is the entry's index. */
  | { readonly kind: 'committed'; readonly version: number }
  /** Certainly not written, and never will be. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly isLeadershipLost: boolean }
  /** It may or may not be written later: leadership was lost in between. */
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Replicator {
  /** One encoded StoreEntry, at most `entryBytesMax` bytes. Entries are applied in log order. */
  propose(entry: Uint8Array): Promise<ReplicateOutcome>;
  /** Resolves when everything committed before the call is applied here (linearizable read). */
  readBarrier(signal?: AbortSignal): Promise<void>;
}

/** What the replicator calls: in log order, one at a time, synchronously. */
export interface ReplicatedState {
  apply(version: number, entry: Uint8Array): void;
  /** O(1): a copy-on-write image; its chunks are read while `apply` goes on. */
  snapshot(): AsyncIterable<Uint8Array>;
  restore(version: number, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/** Largest encoded entry, bytes. */
export const entryBytesMax = 1_500_000;
/** Most actions in one entry: an entry costs as much as dozens of them. */
export const entryActionsMax = 1_000;
