import type { CoreState } from './state.ts';
import type { MembershipChange, RejectReason } from '../types.ts';
import { appendOwn, sendAppends } from './replication.ts';
import { changedMembership, encodeMembership } from './membership.ts';

export type ChangeProposal =
  | { readonly kind: 'appended'; readonly index: number }
  | { readonly kind: 'rejected'; readonly reason: RejectReason };

/**
 * Leader: appends one change of members; it is in effect at once (thesis §4.1). Refused while an
 * earlier change is not committed, and before an entry of this term is: without that second rule
 * two leaders could each commit a change that the other does not know
 * (D. Ongaro, "bug in single-server membership changes", raft-dev, 2015-07-10).
 */
export function proposeChange(state: CoreState, change: MembershipChange): ChangeProposal {
  if (state.role !== 'leader') return { kind: 'rejected', reason: 'not-leader' };
  if (state.isMembershipChanging || !state.hasCommittedInTerm) {
    return { kind: 'rejected', reason: 'membership-change-in-progress' };
  }
  const result = changedMembership(state.memberships.current, change);
  if (result.kind === 'refused') return { kind: 'rejected', reason: result.reason };
  if (change.kind === 'promote' && isFarBehind(state, change.id)) {
    return { kind: 'rejected', reason: 'learner-behind' };
  }
  const data = encodeMembership(result.membership);
  appendOwn(state, [{ kind: 'membership', data }]);
  followMembership(state);
  sendAppends(state);
  return { kind: 'appended', index: state.log.last };
}

/** A new voter that lags would hold up commits until it has caught up (thesis §4.2.1). */
function isFarBehind(state: CoreState, id: number): boolean {
  if (id === state.id) return false;
  const progress = state.progress.get(id);
  if (progress?.state !== 'replicate' || !state.isActive(id)) return true;
  return progress.match + state.options.promoteLagMax < state.log.last;
}

/** Leader: tracks exactly the members in effect; a new one is sent their entry at once. */
function followMembership(state: CoreState): void {
  const ids = new Set(state.memberships.current.members.map((member) => member.id));
  for (const id of state.progress.keys()) if (!ids.has(id)) state.progress.delete(id);
  for (const id of ids) {
    if (id === state.id || state.progress.has(id)) continue;
    state.progress.set(id, state.newProgress(id, state.log.last));
  }
  if (!ids.has(state.transferTo)) state.transferTo = 0;
}
