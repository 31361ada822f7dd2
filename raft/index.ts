/**
 * `raft-ts`: Raft (Ongaro's thesis) for Node. Three layers, each usable alone: the I/O-free core,
 * the durable log, and `RaftNode`, the driver that joins them to a transport and a state machine.
 */
export type { RaftMessage } from './message.ts';
export type {
  Clock,
  Disk,
  DiskFile,
  OpenOptions,
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

export { decodeMembership, encodeMembership, membersOf } from './core/membership.ts';
export { isRaftError, RaftError } from './errors.ts';
export type { RaftErrorCode } from './errors.ts';
export type { LogCipher, Opener, Sealer } from './log/cipher.ts';
export { memoryDisk } from './log/memory-disk.ts';
export type { DiskOperation, MemoryDisk, MemoryDiskOptions } from './log/memory-disk.ts';
export { nodeDefaults } from './node/options.ts';
export type { RaftNodeOptions } from './node/options.ts';
export { RaftNode } from './node/raft-node.ts';
export type { RaftInspection } from './node/inspection.ts';
export type { RaftNodeConfig } from './node/config.ts';
export type { ChangeProposal } from './core/membership-change.ts';
export { RaftCore } from './core/raft-core.ts';
export type { Recovered } from './core/raft-core.ts';
export { coreDefaults } from './core/options.ts';
export type { CoreOptions } from './core/options.ts';
export type { Ready, Write } from './core/ready.ts';
export type { ReadState } from './core/read-queue.ts';
export { DurableLog } from './log/durable-log.ts';
export type { DurableLogOptions } from './log/durable-log.ts';
export { forceSoleVoter, seedLog } from './log/recovery.ts';
export type { ForcedVoter, RecoveryOptions } from './log/recovery.ts';
