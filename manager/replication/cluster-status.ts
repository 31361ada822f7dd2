import { hasCode, messageOf } from '#lib';
import { GetClusterStatusResponse, ManagerMember, ManagerReport, ManagerState } from '#proto';
import type { Node } from '#proto';
import type { Store } from '../store/types.ts';

/** Each manager is asked on its own and has this long to answer. */
export const reportDeadlineMs = 2_000;

/** From here on a manager is called slow, behind or short of disk. */
const lagMax = 1_000;
const fsyncMedianMaxMs = 100;
const diskFreeMinRatio = 0.05;
const diskFreeMinBytes = 1 << 30;

export interface ClusterStatusOptions {
  readonly clusterId: string;
  readonly store: Store;
  /** See `ReplicationStatus`. */
  readonly needsQuorum: boolean;
  /** Of the manager that answers. */
  readonly own: () => Promise<ManagerReport>;
  /** Rejects when the manager at `address` does not answer within `reportDeadlineMs`. */
  readonly ask: (address: string, signal: AbortSignal) => Promise<ManagerReport>;
}

/**
 * How the managers are doing, as seen from here: asks each of them directly, all at once. Works
 * without a leader; takes `reportDeadlineMs` at most twice.
 */
export async function clusterStatus(
  options: ClusterStatusOptions,
  signal: AbortSignal,
): Promise<GetClusterStatusResponse> {
  const { store, ask } = options;
  const own = await options.own();
  const reports = new Map<number, ManagerReport>([[own.raftId, own]]);
  const askAll = async (members: readonly ManagerMember[]): Promise<void> => {
    const missing = members.filter((member) => !reports.has(member.raftId));
    const asked = missing.map(async (member) => {
      const node = store.view((tx) => tx.get('node', member.nodeId));
      const report = await ask(member.address, signal).catch((error: unknown) =>
        unreached(member, node, whyUnreached(error)),
      );
      const isOther = report.state !== ManagerState.UNREACHABLE && report.raftId !== member.raftId;
      const why = 'does not answer: another manager is at its address';
      reports.set(member.raftId, isOther ? unreached(member, node, why) : report);
    });
    await Promise.all(asked);
  };
  await askAll(own.members);
  // A manager that is behind may not know who the managers are now: the leader does.
  const { members } = leaderOf([...reports.values()]) ?? own;
  await askAll(members);
  const rows = members.map((member) => reports.get(member.raftId) ?? own);
  const all = rows.length === 0 ? [own] : rows;
  return summary(options.clusterId, own, all, options.needsQuorum);
}

/** One clause: the transport's own words are long. */
function whyUnreached(error: unknown): string {
  if (hasCode(error, 'DEADLINE_EXCEEDED'))
    return `does not answer within ${reportDeadlineMs / 1_000} s: is the host on, and reached from here?`;
  const text = messageOf(error);
  if (text.includes('ECONNREFUSED')) return 'does not answer: nothing listens at its address';
  return `does not answer: ${text}`;
}

function unreached(member: ManagerMember, node: Node | undefined, why: string): ManagerReport {
  return ManagerReport.create({
    ...member,
    hostname: node?.description?.hostname ?? '',
    version: node?.description?.tesseraVersion ?? '',
    problems: [why],
  });
}

/** The leader of the highest term: an older one may not know yet that it is none. */
function leaderOf(reports: readonly ManagerReport[]): ManagerReport | undefined {
  return reports
    .filter((report) => report.state === ManagerState.LEADER)
    .toSorted((a, b) => b.term - a.term)[0];
}

/** The whole out of the managers' reports; `rows` has one for each manager. */
export function summary(
  clusterId: string,
  own: ManagerReport,
  rows: readonly ManagerReport[],
  needsQuorum = true,
): GetClusterStatusResponse {
  const leader = leaderOf(rows);
  const newest = leader?.commitIndex ?? Math.max(...rows.map((row) => row.commitIndex));
  const voterIds = new Set(
    (leader ?? own).members.filter((member) => member.isVoter).map((member) => member.raftId),
  );
  const reached = rows.filter((row) => isReached(row) && voterIds.has(row.raftId)).length;
  const managers = rows.map((row) => {
    const lagEntries = isReached(row) ? Math.max(0, newest - row.appliedIndex) : 0;
    return { ...row, lagEntries, problems: problemsOf({ ...row, lagEntries }) };
  });
  return GetClusterStatusResponse.create({
    clusterId,
    answeredBy: own.nodeId,
    managers: managers.toSorted((a, b) => (a.hostname < b.hostname ? -1 : 1)),
    voters: voterIds.size,
    votersReached: reached,
    quorum: needsQuorum ? Math.floor(voterIds.size / 2) + 1 : 1,
    leaderNodeId: leader?.nodeId ?? '',
  });
}

const isReached = (row: ManagerReport): boolean => row.state !== ManagerState.UNREACHABLE;

/** What a person should look at; empty when there is nothing. */
function problemsOf(row: ManagerReport): readonly string[] {
  if (!isReached(row)) return row.problems;
  const problems = [...row.problems];
  if (row.leaderNodeId === '' && row.problems.length === 0) problems.push('knows no leader');
  if (row.state === ManagerState.LEARNER) problems.push('has no vote yet');
  if (row.lagEntries > lagMax) problems.push(`${row.lagEntries} entries behind`);
  if (row.fsyncMedianMs > fsyncMedianMaxMs)
    problems.push(`slow disk: ${Math.round(row.fsyncMedianMs)} ms a write`);
  const { diskFreeBytes: free, diskTotalBytes: total } = row;
  if (total > 0 && free < Math.min(total * diskFreeMinRatio, diskFreeMinBytes))
    problems.push('its disk is nearly full');
  return problems;
}
