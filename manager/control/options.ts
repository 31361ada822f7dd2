import type { Clock, Logger, Metrics, Random } from '#lib';
import type {
  BackupHeader,
  ControlService,
  GetClusterStatusResponse,
  Handlers,
  NodeRole,
  RootCa,
} from '#proto';
import type { ImageIndex } from '#scheduler';
import type { Store } from '../store/types.ts';
import type { WorkRouter } from '../work/index.ts';

/** What Raft says of one manager at this moment. */
export interface ManagerReachability {
  readonly raftId: number;
  readonly isLeader: boolean;
  readonly reachable: boolean;
}

/** Makes the bytes of a backup file; real: `#proto/backup-node`. */
export type PackBackup = (
  header: BackupHeader,
  image: AsyncIterable<Uint8Array>,
  secret?: Uint8Array,
) => AsyncIterable<Uint8Array>;

export interface ControlOptions {
  /** Of this manager. */
  readonly nodeId: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Carries work to the agents: logs and images. */
  readonly work: WorkRouter;
  /** What the leader has heard of the images on nodes; empty elsewhere. Only read. */
  readonly images: ImageIndex;
  /** The members of the Raft group as this manager sees them; any order. */
  readonly managerStatus: () => readonly ManagerReachability[];
  /** Why this manager must stay, in one line; undefined when it may go. */
  readonly canRemoveManager: (nodeId: string) => string | undefined;
  /** How each manager is doing, asked of each; without a leader too. */
  readonly clusterStatus: (signal: AbortSignal) => Promise<GetClusterStatusResponse>;
  /** The store as it is now, for a backup. The copy is O(1), and taken in the call. */
  readonly image: () => AsyncIterable<Uint8Array>;
  readonly packBackup: PackBackup;
  /** A new join token for nodes of `role`. */
  readonly makeToken: (role: NodeRole, rootCa: RootCa) => string;
}

export type ControlHandlers = Handlers<typeof ControlService>;
