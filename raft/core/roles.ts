import type { CoreState } from './state.ts';
import type { MemberId } from '../types.ts';
import { assert } from '../assert.ts';

/** Enters `term` (>= the current one) as a follower of `leaderId` (0 = not known yet). */
export function becomeFollower(state: CoreState, term: number, leaderId: MemberId): void {
  enterTerm(state, term);
  leaveRole(state);
  state.role = 'follower';
  state.leaderId = leaderId;
}

/** Asks whether an election could be won, without disturbing anybody's term (thesis §9.6). */
export function becomePreCandidate(state: CoreState): void {
  assert(state.role !== 'leader', 'a leader does not campaign');
  leaveRole(state);
  state.role = 'pre-candidate';
  state.leaderId = 0;
  state.votes.clear();
}

/** Starts a new term and votes for itself. */
export function becomeCandidate(state: CoreState): void {
  assert(state.role !== 'leader', 'a leader does not campaign');
  enterTerm(state, state.term + 1);
  leaveRole(state);
  state.role = 'candidate';
  state.leaderId = 0;
  state.vote = state.id;
  state.votes.clear();
}

/** The role only; election.ts appends the first entry of the term. */
export function enterLeadership(state: CoreState): void {
  assert(state.role === 'candidate', 'only a candidate is elected');
  leaveRole(state);
  state.role = 'leader';
  state.leaderId = state.id;
  state.heartbeatAt = state.now;
  for (const { id } of state.memberships.everybody) {
    if (id !== state.id) state.progress.set(id, state.newProgress(id, state.log.last + 1));
  }
}

function enterTerm(state: CoreState, term: number): void {
  assert(term >= state.term, `term ${term} would go back behind ${state.term}`);
  if (term === state.term) return;
  state.term = term;
  state.vote = 0;
  // A promise made in an older term and not yet durable need not be kept: never send it.
  state.deferred = state.deferred.filter((message) => message.term >= term);
}

function leaveRole(state: CoreState): void {
  state.electionStart = state.now;
  state.electionTimeout = state.drawElectionTimeout();
  state.progress.clear();
  state.reads.drop();
  state.rounds.clear();
  state.transferTo = 0;
  state.hasSentTimeoutNow = false;
  state.uncommittedBytes = 0;
}
