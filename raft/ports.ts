import type { Entry, Membership, SnapshotMeta } from './types.ts';
import type { RaftMessage } from './message.ts';

/** Time and chance, so that a whole cluster can run in one process under one seed. */
export interface Clock {
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Calls `fn` once, `delayMs` from now, never synchronously. */
  after(delayMs: number, fn: () => void): { cancel(): void };
  /**
   * Calls `fn` once the events at hand have been handled, as `setImmediate` does: what they propose
   * then shares a write. Left out: after the running callback, which shares less.
   */
  soon?(fn: () => void): void;
}

export interface Random {
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}

/**
 * Carries messages to other members. Losing, delaying, repeating and reordering them is allowed.
 * `send` never blocks and never throws; a full queue drops.
 */
export interface Transport {
  send(message: RaftMessage): void;
  /**
   * Streams a snapshot to `to`. Resolves when the peer has stored it, rejects when it did not.
   * `meta` travels first. The receiver hands both to `RaftNode.receiveSnapshot`.
   */
  sendSnapshot(
    header: RaftMessage,
    meta: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
}

/**
 * What the log is about. Calls come in log order, one at a time, and are synchronous:
 * the driver never interleaves an `apply` with a `snapshot` or a `restore`.
 */
export interface StateMachine {
  /** A pure function of (state, entry). `data` entries only. */
  apply(entry: Entry): void;
  /** After each applied change of members, and once at start with the recovered membership. */
  membershipChanged?(membership: Membership, index: number): void;
  /**
   * An image of the state as of the last applied entry. The call itself is O(1) or close (take a
   * copy-on-write view); the chunks (256 KiB each is good) are then read while `apply` goes on. An
   * async generator may take its view before its first `yield`: the driver asks for that at once.
   */
  snapshot(): AsyncIterable<Uint8Array>;
  /** Replaces the whole state. */
  restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/**
 * The disk under the log: few calls, so that a simulated one can lose unsynced bytes, tear the last
 * write and fail. Paths are relative to the member's own directory, parts joined by '/'.
 */
export interface Disk {
  list(directory: string): Promise<readonly string[]>;
  read(path: string): Promise<Uint8Array>;
  /** A stream of the file's bytes, for snapshots. */
  readChunks(path: string, chunkBytes: number): AsyncIterable<Uint8Array>;
  /** Creates the file when it is missing. */
  open(path: string, options?: OpenOptions): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in `directory` durable. */
  syncDirectory(directory: string): Promise<void>;
}

export interface OpenOptions {
  /** Every write is durable when it resolves, as if `sync` had followed: O_DSYNC. Default false. */
  readonly isSynced?: boolean;
}

export interface DiskFile {
  /**
   * Writes at `offset`; not durable before `sync`, except in a file opened with `isSynced`. Once it resolves, the caller
   * may fill `bytes` anew.
   */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  truncate(lengthBytes: number): Promise<void>;
  /** fdatasync. */
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Optional eyes on the inside, for metrics, logs and trace checks. All calls are synchronous. */
export interface Observer {
  roleChanged?(event: {
    readonly role: 'follower' | 'pre-candidate' | 'candidate' | 'leader';
    readonly term: number;
    readonly leaderId: number;
  }): void;
  /** One durable write: how many entries it carried, how long it took. */
  synced?(event: {
    readonly entries: number;
    readonly bytes: number;
    readonly tookMs: number;
  }): void;
  committed?(event: { readonly index: number; readonly term: number }): void;
  snapshotTaken?(event: {
    readonly index: number;
    readonly bytes: number;
    readonly tookMs: number;
  }): void;
  /** There was no room for a snapshot; the member goes on and tries again after `retryMs`. */
  snapshotFailed?(event: { readonly error: unknown; readonly retryMs: number }): void;
  /**
   * This leader was wedged: its disk or its event loop is slow. `to`: who was asked to take over, 0
   * when nobody could; `isDone`: this member leads no more.
   */
  handedOver?(event: {
    readonly reason: 'slow-disk' | 'late-loop';
    readonly to: number;
    readonly isDone: boolean;
  }): void;
  /**
   * The member stopped itself. `DISK_FAILED`: a read, write or sync failed. `DATA_LOSS`: what was
   * durable is damaged. `BROKEN`: an invariant does not hold, or the state machine threw.
   */
  failed?(event: {
    readonly code: 'DISK_FAILED' | 'DATA_LOSS' | 'BROKEN';
    readonly error: unknown;
  }): void;
}
