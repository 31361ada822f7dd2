/** What `cluster status` says, in words. */
import { ManagerState, ManagerStateNames } from '#proto';
import type { GetClusterStatusResponse, ManagerReport } from '#proto';
import { humanBytes, titleCase } from './words.ts';

export function hasQuorum(status: GetClusterStatusResponse): boolean {
  return status.votersReached >= status.quorum;
}

/** The lines above the table. */
export function quorumWords(status: GetClusterStatusResponse): string {
  const { voters, votersReached, quorum, managers } = status;
  const spare = votersReached - quorum;
  const numbers = `${votersReached} of ${voters} managers with a vote can be reached, ${quorum} are needed`;
  const name = (nodeId: string): string =>
    managers.find((one) => one.nodeId === nodeId)?.hostname || nodeId;
  const verdict = hasQuorum(status)
    ? `${numbers}: ${spare === 0 ? 'not one more may be lost' : `tolerates the loss of ${spare}`}`
    : `LOST: ${numbers}: nothing can be changed (see 'tsctl init --help', --force-new-cluster)`;
  const leader = status.leaderNodeId === '' ? 'none' : name(status.leaderNodeId);
  return [
    `Cluster:   ${status.clusterId} (as seen from ${name(status.answeredBy)})`,
    `Quorum:    ${verdict}`,
    `Leader:    ${leader}`,
    '',
  ].join('\n');
}

export const managerHeads = [
  ...['NODE', 'ADDRESS', 'STATE', 'TERM', 'COMMIT', 'APPLIED', 'LAG', 'LOG', 'SNAPSHOT'],
  ...['DISK FREE', 'FSYNC', 'VERSION', 'HEALTH'],
];

export function managerRow(row: ManagerReport): readonly string[] {
  const state = titleCase(ManagerStateNames[row.state] ?? '');
  const health = row.problems.length === 0 ? 'healthy' : row.problems.join('; ');
  const isReached = row.state !== ManagerState.UNREACHABLE;
  const figures = isReached
    ? [
        ...[row.term, row.commitIndex, row.appliedIndex, row.lagEntries].map(String),
        ...[row.logBytes, row.snapshotBytes, row.diskFreeBytes].map(humanBytes),
        row.fsyncMedianMs === 0 ? '-' : `${Number(row.fsyncMedianMs.toPrecision(2))}ms`,
      ]
    : Array.from({ length: 8 }, () => '-');
  return [row.hostname || row.nodeId, row.address, state, ...figures, row.version, health];
}
