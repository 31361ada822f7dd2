/** What is said when an operator recovers a manager. */
import { ClusterError } from '#lib';
import type { ForcedManager } from '#manager';
import type { GetClusterStatusResponse } from '#proto';

/** FAILED_PRECONDITION while a majority of the managers can be reached. */
export function refuseWithQuorum(status: GetClusterStatusResponse): void {
  const { voters, votersReached, quorum } = status;
  if (votersReached < quorum) return;
  throw new ClusterError(
    'FAILED_PRECONDITION',
    `${votersReached} of ${voters} managers can be reached and ${quorum} are needed: this cluster has not lost its quorum. Mend it with 'tsctl node demote' and 'tsctl node rm', or use --force to cut this manager off from the others all the same.`,
  );
}

/** What a forced manager kept, and what may be lost. */
export function forcedNotes(forced: ForcedManager | undefined): readonly string[] {
  if (forced === undefined) return [];
  const { lastIndex, lastTerm, commit, lastEntryAtMs, demoted } = forced;
  const made = lastEntryAtMs === 0 ? '' : `, made at ${new Date(lastEntryAtMs).toISOString()}`;
  const open = lastIndex - commit;
  return [
    `This node is now the only manager. Kept: everything up to entry ${lastIndex} of term ${lastTerm}${made}.`,
    open > 0
      ? `The last entries, ${open} of them, were not known to be on a majority; they are kept, and count as done.`
      : 'All of it was known to be on a majority.',
    'Lost: what the other managers alone had after that entry, if they had more. Look at what was changed last.',
    demoted.length === 0
      ? 'There were no other managers.'
      : `Workers now: ${demoted.join(', ')}. One that comes back alone becomes a worker by itself; never start a majority of them together, they would go on as a second cluster: remove what is gone with 'tsctl node rm --force', and its tasks start elsewhere.`,
  ];
}
