/**
 * What makes a host a manager: the replicated store, the leader's loops, and the calls it serves.
 * Composition roots enter here; inside the folder its parts are imported by their own files.
 */
export * from './store/index.ts';
export * from './ca/index.ts';
export * from './restore/index.ts';
export * from './keys/index.ts';
export { checkedClusterSpec, validateNodeSpec } from './control/index.ts';
export { Manager } from './manager.ts';
export type { FirstObjects, ManagerOptions, ManagerTransport } from './manager.ts';
export type { ForcedManager } from './replication/forced-manager.ts';
export type { DispatcherHandlers } from './dispatcher/index.ts';
export type { ManagerHandlers } from './manager-handlers.ts';
export type { MemberStatus, ReplicationStatus } from './replication/members.ts';
export { raftLinkProtocol } from './replication/raft-frames.ts';
export type { RaftReceiver } from './replication/transport-handlers.ts';
