import type {
  ForcedVoter,
  MemberId,
  MembershipChange,
  ProposeOutcome,
  RaftMessage,
  SnapshotMeta,
} from 'raft-ts';
import type { Ms } from '#lib';
import type { SeedState } from '../restore/index.ts';
import type { ReplicatedState, Replicator } from '../store/replicator.ts';
import type { Subscription } from '../store/types.ts';
import type { ReplicationStatus } from './members.ts';
import type { MemberAddress } from './raft-wire.ts';

export interface ReplicationStart {
  readonly raftId: MemberId;
  readonly self: MemberAddress;
  /** True on the first manager of a new cluster; ignored when there is a state already. */
  readonly isFirst: boolean;
  /** The state of a backup that an empty log begins with. */
  readonly seed?: SeedState | undefined;
  /** Addresses of members whom this one may hear from before its own log names them. */
  readonly contacts: ReadonlyMap<MemberId, MemberAddress>;
}

/** How far this manager's log is, and how fast its disk. */
export interface ReplicationFigures {
  readonly isCandidate: boolean;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  /** Of the last writes; 0 before the first. */
  readonly fsyncMedianMs: Ms;
  readonly fsyncLastMs: Ms;
}

/**
 * The port between a manager and what replicates its store: who leads, who the managers are, and
 * how that changes. Two adapters: Raft (embedded, the default) and etcd (outside).
 */
export interface Replication extends Replicator {
  /** Once, before `start`. */
  attach(state: ReplicatedState): void;
  /** Recovers the state. DATA_LOSS when it is damaged. */
  start(start: ReplicationStart): Promise<void>;
  stop(): Promise<void>;
  /**
   * Before `start`: makes this manager the only one of its group, under a new id; twice is once. Left
   * out where the group is not ours.
   */
  forceSole?(raftId: MemberId, self: MemberAddress): Promise<ForcedVoter>;
  /** How many entries come between two snapshots from now on, >= 1; after `start`. */
  setSnapshotInterval(entries: number): void;
  /** After a change of the cipher's key: nothing stored here needs an older one when it resolves. */
  rekey?(): Promise<void>;
  status(): ReplicationStatus;
  isLeader(): boolean;
  /** Undefined while it does not run; left out where there is no log of our own. */
  figures?(): ReplicationFigures | undefined;
  /** True once this manager has been taken in, or it began the cluster itself. */
  hasMembership(): boolean;
  /** Where a member is; undefined when nobody has told. */
  addressOf(id: MemberId): MemberAddress | undefined;
  addContacts(contacts: ReadonlyMap<MemberId, MemberAddress>): void;
  /** Called after each change of role, leader, term or members; look at `status` then. */
  onChange(listener: () => void): Subscription;
  /** Leader only; `committed` when the change is in effect and applied here. */
  changeMembership(change: MembershipChange): Promise<ProposeOutcome>;
  /** True when this member leads no more. */
  transferLeadership(to: MemberId): Promise<boolean>;
  /** A message of another manager; dropped while this one does not run. */
  receive(message: RaftMessage): void;
  receiveSnapshot(
    header: RaftMessage,
    meta: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void>;
}
