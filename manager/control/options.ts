import type { Clock, Logger, Metrics, Random } from '#lib';
import type { ControlService, GetClusterStatusResponse, Handlers, NodeRole, RootCa } from '#proto';
import type { Store } from '../store/types.ts';
import type { WorkRouter } from '../work/index.ts';

/** What Raft says of one manager at this moment. */
export interface ManagerReachability {
  readonly raftId: number;
  readonly isLeader: boolean;
  readonly reachable: boolean;
}

export interface ControlOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Carries work to the agents: logs and images. */
  readonly work: WorkRouter;
  /** The members of the Raft group as this manager sees them; any order. */
  readonly managerStatus: () => readonly ManagerReachability[];
  /** Why this manager must stay, in one line; undefined when it may go. */
  readonly canRemoveManager: (nodeId: string) => string | undefined;
  /** How each manager is doing, asked of each; without a leader too. */
  readonly clusterStatus: (signal: AbortSignal) => Promise<GetClusterStatusResponse>;
  /** A new join token for nodes of `role`. */
  readonly makeToken: (role: NodeRole, rootCa: RootCa) => string;
}

export type ControlHandlers = Handlers<typeof ControlService>;
