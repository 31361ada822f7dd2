import type { CoreState } from './state.ts';
import type { MemberId } from '../types.ts';
import type { RaftMessage } from '../message.ts';
import { advanceCommit, appendOwn, sendAppends } from './replication.ts';
import { becomeCandidate, becomeFollower, becomePreCandidate, enterLeadership } from './roles.ts';
import { isBoundByLease } from './lease.ts';
import { hasMajority, voteOutcome } from './quorum.ts';
import { votersAmong } from './membership.ts';

type VoteRequest = Extract<RaftMessage, { kind: 'vote' | 'pre-vote' }>;
type VoteResponse = Extract<RaftMessage, { kind: 'vote-response' | 'pre-vote-response' }>;

/**
 * May this member be elected? Voters may; so may one whose removal or demotion is not committed
 * yet, since it can be the only one that has that entry (thesis §4.2.2).
 */
export function isPromotable(state: CoreState): boolean {
  const { memberships, log } = state;
  if (memberships.isVoter(state.id)) return true;
  if (!state.isMembershipChanging) return false;
  const { members, outgoing = [] } = memberships.at(log.commit);
  return [members, outgoing].some((list) => votersAmong(list).includes(state.id));
}

/** Starts an election: first a pre-vote that changes no term (thesis §9.6). */
export function campaign(state: CoreState): void {
  if (state.role === 'leader' || !isPromotable(state)) return;
  if (isBoundByLease(state) && !isAlone(state)) return;
  becomePreCandidate(state);
  state.votes.set(state.id, true);
  if (voteOutcome(state.memberships.voterSets, state.votes) === 'won') {
    elect(state, false);
    return;
  }
  askForVotes(state, 'pre-vote', state.term + 1, false);
}

/** The election itself; at once when the leader hands over (thesis §3.10). */
export function elect(state: CoreState, isTransfer: boolean): void {
  if (state.role === 'leader' || !isPromotable(state)) return;
  becomeCandidate(state);
  state.votes.set(state.id, true);
  askForVotes(state, 'vote', state.term, isTransfer);
}

/**
 * No other vote counts, and that is committed: then no other member can hold a lease. While it is
 * not, the leader that has taken itself out still leads, by this member's word.
 */
function isAlone(state: CoreState): boolean {
  if (state.isMembershipChanging) return false;
  return state.memberships.voterSets.every((voters) => voters.every((id) => id === state.id));
}

function askForVotes(
  state: CoreState,
  kind: 'vote' | 'pre-vote',
  term: number,
  isTransfer: boolean,
): void {
  const { last: lastIndex, lastTerm } = state.log;
  for (const { id: to } of state.memberships.everybody) {
    if (to === state.id || !state.memberships.isVoter(to)) continue;
    // Deferred: a request for votes may leave only once our own vote is durable.
    state.sendDeferred({ kind, to, lastIndex, lastTerm, isTransfer }, term);
  }
}

/**
 * A voter with a live leader refuses to help another one into office, unless the leader asked for
 * it: members that were removed or cut off cannot disturb (thesis §4.2.3, §3.10).
 */
export function isLeaderAlive(state: CoreState): boolean {
  if (state.role === 'leader' || isBoundByLease(state)) return true;
  return state.leaderId !== 0 && state.now - state.electionStart < state.options.electionTicks;
}

/** One vote a term, first come first served, and only to a log as complete as ours (§3.6.1). */
export function handleVoteRequest(state: CoreState, message: VoteRequest): void {
  const isPre = message.kind === 'pre-vote';
  const isBound = !message.isTransfer && isBoundByLease(state);
  const isFree =
    state.vote === message.from ||
    (state.vote === 0 && state.leaderId === 0 && !isBound) ||
    (isPre && message.term > state.term);
  const isGranted = isFree && state.log.isUpToDate(message.lastIndex, message.lastTerm);
  const to = message.from;
  if (isPre) {
    // A granted pre-vote names the term it is for; a refusal names ours, so that the asker learns.
    const term = isGranted ? message.term : state.term;
    state.sendDeferred({ kind: 'pre-vote-response', to, isRejected: !isGranted }, term);
    return;
  }
  if (isGranted) {
    state.vote = to;
    state.electionStart = state.now;
  }
  state.sendDeferred({ kind: 'vote-response', to, isRejected: !isGranted });
}

/** Candidate: counts one answer. */
export function handleVoteResponse(state: CoreState, message: VoteResponse): void {
  const wanted = state.role === 'candidate' ? 'vote-response' : 'pre-vote-response';
  if (message.kind !== wanted) return;
  if (!state.votes.has(message.from)) state.votes.set(message.from, !message.isRejected);
  switch (voteOutcome(state.memberships.voterSets, state.votes)) {
    case 'won':
      if (state.role === 'candidate') lead(state);
      else elect(state, false);
      return;
    case 'lost':
      becomeFollower(state, state.term, 0);
      return;
    case 'pending':
  }
}

/**
 * Candidate: a write is durable, with it perhaps the vote for itself: that is all that a member
 * alone needs. Others are asked only then.
 */
export function countOwnVote(state: CoreState): void {
  const isWon = voteOutcome(state.memberships.voterSets, state.votes) === 'won';
  if (state.role === 'candidate' && isWon) lead(state);
}

/** A leader whose own vote is not durable might lead the same term twice, with other entries. */
function lead(state: CoreState): void {
  const { term, vote } = state.persisted;
  if (term === state.term && vote === state.id) becomeLeader(state);
}

/** The first entry of the term commits everything before it (thesis §3.6.2, §6.4). */
function becomeLeader(state: CoreState): void {
  enterLeadership(state);
  appendOwn(state, [{ kind: 'empty', data: new Uint8Array(0) }]);
  sendAppends(state);
  advanceCommit(state);
}

/** Leader: gives up when no majority was heard for an election time-out (thesis §6.2). */
export function checkQuorum(state: CoreState): void {
  if (hasMajority(state.memberships.voterSets, (id) => state.isActive(id))) return;
  becomeFollower(state, state.term, 0);
}

/** Leader: could the others elect one of them without its own vote? */
function canBeReplaced(state: CoreState): boolean {
  const isOtherActive = (id: MemberId): boolean => id !== state.id && state.isActive(id);
  return state.role === 'leader' && hasMajority(state.memberships.voterSets, isOtherActive);
}

/**
 * Leader: the active voter that is furthest, and is to stay one; 0 when there is none, or when the
 * others would need this one's vote, which it may not be able to write.
 */
export function successor(state: CoreState): MemberId {
  if (!canBeReplaced(state)) return 0;
  let best: MemberId = 0;
  let bestMatch = -1;
  for (const id of state.memberships.voterSets[0] ?? []) {
    const match = state.progress.get(id)?.match ?? -1;
    if (id === state.id || !state.isActive(id) || match <= bestMatch) continue;
    best = id;
    bestMatch = match;
  }
  return best;
}

/** Leader: gives up when the others can do without it. */
export function stepDown(state: CoreState): boolean {
  if (!canBeReplaced(state)) return false;
  becomeFollower(state, state.term, 0);
  return true;
}
