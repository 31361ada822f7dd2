import { ManagerMember, ManagerReport, ManagerState } from '#proto';
import type { Store } from '../store/types.ts';
import type { ReplicationStatus } from './members.ts';
import type { Replication } from './replication.ts';

/** The replicated log and its disk; bytes. */
export interface DiskUsage {
  readonly logBytes: number;
  readonly snapshotBytes: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface ReporterOptions {
  readonly nodeId: string;
  /** host:port of this manager. */
  readonly address: string;
  readonly store: Store;
  readonly replicator: Replication;
  /** Left out where there is no real disk. */
  readonly diskUsage?: (() => Promise<DiskUsage>) | undefined;
}

function stateOf(status: ReplicationStatus, isVoter: boolean, isCandidate: boolean): ManagerState {
  if (status.isLeader) return ManagerState.LEADER;
  if (!isVoter) return ManagerState.LEARNER;
  return isCandidate ? ManagerState.CANDIDATE : ManagerState.FOLLOWER;
}

/** What this manager says of itself, leader or not; an empty report before its log is open. */
export async function managerReport(options: ReporterOptions): Promise<ManagerReport> {
  const { nodeId, address, store, replicator } = options;
  const usage = await options.diskUsage?.();
  const description = store.view((tx) => tx.get('node', nodeId)?.description);
  const status = replicator.status();
  const figures = replicator.figures?.();
  const base = {
    nodeId,
    address,
    hostname: description?.hostname ?? '',
    version: description?.tesseraVersion ?? '',
    logBytes: usage?.logBytes ?? 0,
    snapshotBytes: usage?.snapshotBytes ?? 0,
    diskFreeBytes: usage?.freeBytes ?? 0,
    diskTotalBytes: usage?.totalBytes ?? 0,
  };
  const { members, raftId, leader } = status;
  if (members.length === 0)
    return ManagerReport.create({ ...base, raftId, problems: ['it has not been taken in yet'] });
  const isVoter = members.some((member) => member.raftId === raftId && member.isVoter);
  return ManagerReport.create({
    ...base,
    ...figures,
    raftId,
    isVoter,
    state: stateOf(status, isVoter, figures?.isCandidate ?? false),
    term: status.term,
    leaderNodeId: leader?.nodeId ?? '',
    members: members.map((member) => ManagerMember.create(member)),
  });
}
