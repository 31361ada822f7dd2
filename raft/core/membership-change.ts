import type { CoreState } from './state.ts';
import type { MembershipChange, RejectReason } from '../types.ts';
import { appendMembership } from './replication.ts';
import { changedMembership, newVoters } from './membership.ts';

export type ChangeProposal =
  | { readonly kind: 'appended'; readonly index: number }
  | { readonly kind: 'rejected'; readonly reason: RejectReason };

/**
 * Leader: appends one change of members; it is in effect at once (thesis §4.1). Refused while an
 * earlier change is not done, and before an entry of this term is committed: without that rule
 * two leaders could each commit a change that the other does not know
 * (D. Ongaro, "bug in single-server membership changes", raft-dev, 2015-07-10).
 */
export function proposeChange(state: CoreState, change: MembershipChange): ChangeProposal {
  if (state.role !== 'leader') return { kind: 'rejected', reason: 'not-leader' };
  const isBusy = state.isMembershipChanging || state.memberships.isJoint;
  if (isBusy || !state.hasCommittedInTerm) {
    return { kind: 'rejected', reason: 'membership-change-in-progress' };
  }
  const result = changedMembership(state.memberships.current, change);
  if (result.kind === 'refused') return { kind: 'rejected', reason: result.reason };
  const voters = newVoters(state.memberships.current, result.membership);
  if (voters.some(({ id }) => isFarBehind(state, id))) {
    return { kind: 'rejected', reason: 'learner-behind' };
  }
  appendMembership(state, result.membership);
  return { kind: 'appended', index: state.log.last };
}

/** A new voter that lags would hold up commits until it has caught up (thesis §4.2.1). */
function isFarBehind(state: CoreState, id: number): boolean {
  if (id === state.id) return false;
  const progress = state.progress.get(id);
  if (progress?.state !== 'replicate' || !state.isActive(id)) return true;
  return progress.match + state.options.promoteLagMax < state.log.last;
}
