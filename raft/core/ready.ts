import type { Entry, HardState, SnapshotMeta } from '../types.ts';
import type { RaftMessage } from '../message.ts';
import type { ReadState } from './read-queue.ts';

/**
 * What must become durable in one write. One is out at a time; `RaftCore.advance` acknowledges it.
 */
export interface Write {
  readonly hardState: HardState;
  /** A snapshot, already durable, that takes the place of the whole log before `entries`. */
  readonly snapshot: SnapshotMeta | null;
  /** In order; the first may replace an old suffix. */
  readonly entries: readonly Entry[];
  /** To be sent after the write, never before (thesis §3.8). */
  readonly messages: readonly RaftMessage[];
}

/** All that the driver has to do now. The parts may be done in parallel. */
export interface Ready {
  readonly write: Write | null;
  /** To be sent at once. `snapshot` messages name a snapshot to be streamed. */
  readonly messages: readonly RaftMessage[];
  /** Replace the state machine's state by this snapshot, then say `applied`. */
  readonly restore: SnapshotMeta | null;
  /**
   * Committed; apply in order, then say `applied`. They are durable on a majority, and perhaps not
   * here yet: a majority of others is enough (thesis §10.2.1).
   */
  readonly committed: readonly Entry[];
  /** Confirmed reads. */
  readonly reads: readonly ReadState[];
}
