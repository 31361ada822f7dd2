import type { MemberId, RaftStatus } from 'raft-ts';
import { membersOf } from 'raft-ts';
import { clusterMember } from './raft-wire.ts';
import type { ClusterMember } from './raft-wire.ts';

export interface MemberStatus extends ClusterMember {
  readonly isLeader: boolean;
  /** As the leader sees it; elsewhere only the leader and this manager itself are known to be. */
  readonly isReachable: boolean;
}

/** What this manager knows of the managers' group. */
export interface ReplicationStatus {
  /** This manager's own id; 0 before it has one. */
  readonly raftId: MemberId;
  readonly isLeader: boolean;
  readonly term: number;
  readonly leader: MemberStatus | undefined;
  /** Ascending by id; empty on a manager that has not been taken in. */
  readonly members: readonly MemberStatus[];
  /** A majority of the managers must be up (Raft); false where the state is kept elsewhere (etcd). */
  readonly needsQuorum: boolean;
}

export const noReplication: ReplicationStatus = {
  raftId: 0,
  isLeader: false,
  term: 0,
  leader: undefined,
  members: [],
  needsQuorum: true,
};

export function replicationStatus(raft: RaftStatus): ReplicationStatus {
  const isLeader = raft.role === 'leader';
  const active = new Set(raft.progress.filter((peer) => peer.recentlyActive).map(({ id }) => id));
  const members = membersOf(raft.membership).map((member) => ({
    ...clusterMember(member),
    isLeader: member.id === raft.leaderId,
    isReachable: member.id === raft.id || active.has(member.id) || member.id === raft.leaderId,
  }));
  const leader = members.find((member) => member.isLeader);
  return { raftId: raft.id, isLeader, term: raft.term, leader, members, needsQuorum: true };
}

/**
 * Why the managers should not do without `raftId` now, in one line; undefined when they can.
 * `leaving`: members that are on their way out already. Only the leader knows who can be reached.
 */
export function removalRisk(
  { members, needsQuorum }: Pick<ReplicationStatus, 'members' | 'needsQuorum'>,
  raftId: MemberId,
  leaving: ReadonlySet<MemberId>,
): string | undefined {
  const voters = members.filter((member) => member.isVoter);
  if (!voters.some((member) => member.raftId === raftId)) return undefined;
  const rest = voters.filter((member) => member.raftId !== raftId && !leaving.has(member.raftId));
  if (rest.length === 0) return 'it is the last manager of the cluster';
  if (!needsQuorum) return undefined;
  const needed = Math.floor(rest.length / 2) + 1;
  const reachable = rest.filter((member) => member.isReachable).length;
  if (reachable >= needed) return undefined;
  return (
    `of the ${rest.length} managers that would be left ${reachable} can be reached, ` +
    `and ${needed} are needed for a quorum: bring them back or remove them first`
  );
}
