import type { CoreState } from './state.ts';
import type { RaftMessage } from '../message.ts';
import { hasMajority } from './quorum.ts';
import { sendAppend } from './replication.ts';

/** Leader: a sign of life to each peer, with the commit index as far as the peer has the log. */
export function sendHeartbeats(state: CoreState): void {
  state.heartbeatAt = state.now;
  const hasLeases = state.options.leaseMs > 0;
  const readContext = hasLeases ? state.reads.nextContext() : state.reads.context;
  if (hasLeases) state.rounds.add(readContext, state.clockMs);
  for (const progress of state.progress.values()) {
    const commit = Math.min(progress.match, state.log.commit);
    state.send({ kind: 'heartbeat', to: progress.id, commit, readContext });
  }
}

/** Leader: the peer is alive, its link works, and it still takes us for the leader. */
export function handleHeartbeatResponse(
  state: CoreState,
  message: Extract<RaftMessage, { kind: 'heartbeat-response' }>,
): void {
  const progress = state.progress.get(message.from);
  if (progress === undefined) return;
  progress.activeTick = state.now;
  progress.readContext = Math.max(progress.readContext, message.readContext);
  if (state.options.leaseMs > 0) {
    const sentMs = state.rounds.sentMs(message.readContext);
    progress.leaseFromMs = Math.max(progress.leaseFromMs, sentMs);
  }
  progress.unblock();
  const isBehind = progress.match < state.log.last || progress.state === 'probe';
  if (isBehind) sendAppend(state, progress, true);
  advanceReads(state);
}

/** Leader: finishes the running round when a majority has confirmed it, then starts the next. */
export function advanceReads(state: CoreState): void {
  const { reads, memberships } = state;
  if (state.role !== 'leader') return;
  for (;;) {
    if (reads.isRoundRunning) {
      const isConfirmed = hasMajority(
        memberships.voterSets,
        (id) => id === state.id || (state.progress.get(id)?.readContext ?? 0) >= reads.roundContext,
      );
      if (!isConfirmed) return;
      reads.finish();
    }
    if (!reads.hasWaiting || !state.hasCommittedInTerm) return;
    reads.begin(state.log.commit);
    sendHeartbeats(state);
  }
}
