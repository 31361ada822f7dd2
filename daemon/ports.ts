/** What the daemon puts together, as small interfaces, so that each part can be replaced in tests. */
import type { Socket } from 'node:net';
import type { Clock, Logger, Metrics, Random } from '#lib';
import type { DispatcherHandlers, ForcedManager, RaftReceiver, SeedState, Store } from '#manager';
import type { EtcdSettings } from '#manager/etcd/index';
import type {
  CertificateAuthorityService,
  Cluster,
  ControlService,
  Handlers,
  Node,
  RaftMembershipService,
  SessionInfo,
} from '#proto';
import type { grpc } from '#proto/rpc';
import type { LogCipher } from 'raft-ts';
import type { NodeRecord } from './node-record.ts';

/** Time, chance, log and figures; handed to every part. */
export interface Basics {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** host:port -> a client with this node's certificate; ask each time. */
export type ChannelFor = (address: string) => grpc.Client;
/** host:port -> a new connection with this node's certificate, for Raft's messages or for a session. */
export type SocketFor = (address: string) => Socket;

/** What a new cluster begins with. */
export interface FirstObjects {
  readonly cluster: Cluster;
  readonly node: Node;
}

export interface ManagerParameters extends Basics {
  readonly nodeId: string;
  readonly clusterId: string;
  /** host:port that other managers and agents use. */
  readonly address: string;
  /** Own directory of the replicated log. */
  readonly directory: string;
  /** Encrypts the log. */
  readonly cipher: LogCipher;
  readonly channelFor: ChannelFor;
  readonly socketFor: SocketFor;
  /** Set on the first manager of a new cluster until its store has them; doing it twice is fine. */
  readonly first: FirstObjects | undefined;
  /** The state of a backup, on the first start of a manager that restores it. */
  readonly seed?: SeedState | undefined;
  /** See `storeName`; told to nodes that join. */
  readonly storeName: string;
  /** Keeps the state in this etcd; undefined = in Raft. */
  readonly etcd: EtcdSettings | undefined;
  /** Managers to ask for membership when the directory has no log yet. */
  readonly peers: readonly string[];
}

export interface ManagerHandlers {
  readonly control: Handlers<typeof ControlService>;
  readonly dispatcher: DispatcherHandlers;
  readonly certificates: Handlers<typeof CertificateAuthorityService>;
  readonly raftTransport: RaftReceiver;
  readonly raftMembership: Handlers<typeof RaftMembershipService>;
}

/** One manager: store, replication and, while it leads, the loops. */
export interface ManagerPart {
  readonly store: Store;
  /** Valid from the start: the TLS port opens before `start`, which other managers dial back. */
  readonly handlers: ManagerHandlers;
  isLeader(): boolean;
  /** undefined while there is no leader. */
  leader(): { readonly nodeId: string; readonly address: string } | undefined;
  /** Why this manager must not go away now (last one, quorum); undefined when it may. */
  whyNotLeave(): string | undefined;
  /** Its next start makes it the only manager; see `forced` then. */
  forceSole(): Promise<void>;
  readonly forced: ForcedManager | undefined;
  /** Takes itself out of the members; bounded by the signal. */
  leaveMembership(signal: AbortSignal): Promise<void>;
  /** After a change of the cipher's key: nothing stored here needs an older one when it resolves. */
  rekey(): Promise<void>;
  /** Resolves when the log is open and, on a new member, the cluster has taken it in. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export type MakeManager = (parameters: ManagerParameters) => ManagerPart;

/** Makes managers on the store that this daemon was started for. */
export type MakeStoredManager = (
  parameters: Omit<ManagerParameters, 'storeName' | 'etcd'>,
) => ManagerPart;

export interface AgentParameters extends Basics {
  readonly nodeId: string;
  readonly hostname: string;
  /** The address other nodes reach this one at, without port. */
  readonly address: string;
  /** Where other nodes send VXLAN packets; '' = `address`. */
  readonly dataPathAddress: string;
  readonly directory: string;
  readonly channelFor: ChannelFor;
  readonly sessionSocketFor: SocketFor;
  readonly managerAddresses: readonly string[];
  readonly onSession: (session: SessionInfo) => void;
}

export interface AgentPart {
  /** What keeps this host from running containers; empty when nothing does. */
  readonly problem: string;
  start(): Promise<void>;
  /** Containers keep running. */
  stop(): Promise<void>;
  /** Stops and removes every task's containers and says goodbye; bounded. */
  drainAll(): Promise<void>;
}

export type MakeAgent = (parameters: AgentParameters) => AgentPart;

/** What an operator may do to a node; each resolves to what a person should know. */
export interface MemberOperations {
  /** Makes this the only manager of its cluster. FAILED_PRECONDITION while a majority answers. */
  forceNewCluster(isForced: boolean): Promise<readonly string[]>;
  /** Sets a damaged log aside and has the others take this manager in again. */
  rejoin(): Promise<readonly string[]>;
  /** From now on this node is reached elsewhere, or looks for its managers elsewhere. */
  updateAddress(change: AddressChange): Promise<readonly string[]>;
}

/** host:port; what is left out stays as it is. */
export interface AddressChange {
  readonly advertiseAddress?: string | undefined;
  readonly listenAddress?: string | undefined;
  readonly managerAddresses?: readonly string[] | undefined;
}

/** What runs while this host is in a cluster. */
export interface MemberPart {
  readonly record: NodeRecord;
  /** The control API; undefined on a worker. */
  readonly control: Handlers<typeof ControlService> | undefined;
  readonly isLeader: boolean;
  readonly leader: { readonly nodeId: string; readonly address: string } | undefined;
  /** Whether a manager has accepted this node's agent since the start. */
  readonly hasSession: boolean;
  /** What keeps the manager from running; empty when nothing does. */
  readonly error: string;
  /** What keeps the host from running containers; empty when nothing does. */
  readonly problem: string;
  /** Aborted when the member stops. */
  readonly signal: AbortSignal;
  whyNotLeave(): string | undefined;
  readonly operations: MemberOperations;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops the tasks, says goodbye, stops. The caller wipes the disk. */
  leave(): Promise<void>;
}
