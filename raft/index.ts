/**
 * `raft-ts`: Raft (Ongaro's thesis) for Node. Three layers, each usable alone: the I/O-free core,
 * the durable log, and `RaftNode`, the driver that joins them to a transport and a state machine.
 */
export type { RaftMessage } from './message.ts';
export type {
  Clock,
  Disk,
  DiskFile,
  Observer,
  Random,
  StateMachine,
  Transport,
} from './ports.ts';
export type {
  Entry,
  EntryKind,
  HardState,
  Member,
  MemberId,
  MemberRole,
  Membership,
  MembershipChange,
  PeerProgress,
  ProposeOutcome,
  RaftRole,
  RaftStatus,
  RejectReason,
  SnapshotMeta,
} from './types.ts';
