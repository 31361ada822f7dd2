import type { CoreState } from './state.ts';
import type { RaftMessage } from '../message.ts';
import { assert, assertNever } from '../assert.ts';
import { becomeFollower } from './roles.ts';
import { elect, handleVoteRequest, handleVoteResponse, isLeaderAlive } from './election.ts';
import { handleAppend, handleAppendResponse, respond } from './replication.ts';
import { handleHeartbeatResponse } from './reads.ts';

/** Takes in one message: first what its term says, then what its kind says. */
export function step(state: CoreState, message: RaftMessage): void {
  if (message.to !== state.id || message.from === state.id) return;
  if (message.term > state.term && !acceptHigherTerm(state, message)) return;
  if (message.term < state.term) {
    answerLowerTerm(state, message);
    return;
  }
  dispatch(state, message);
}

/** False when the message must be ignored. */
function acceptHigherTerm(state: CoreState, message: RaftMessage): boolean {
  switch (message.kind) {
    case 'vote':
    case 'pre-vote':
      if (!message.isTransfer && isLeaderAlive(state)) return false;
      if (message.kind === 'vote') becomeFollower(state, message.term, 0);
      return true;
    case 'pre-vote-response':
      // A granted pre-vote is for the term we would start; a refusal is from a real, newer term.
      if (message.isRejected) becomeFollower(state, message.term, 0);
      return true;
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      becomeFollower(state, message.term, message.from);
      return true;
    default:
      becomeFollower(state, message.term, 0);
      return true;
  }
}

/** An old leader learns of the newer term, an old candidate that it cannot win. */
function answerLowerTerm(state: CoreState, message: RaftMessage): void {
  switch (message.kind) {
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      respond(state, message.from, 0);
      return;
    case 'pre-vote':
      state.sendDeferred({ kind: 'pre-vote-response', to: message.from, isRejected: true });
      return;
    default:
  }
}

function dispatch(state: CoreState, message: RaftMessage): void {
  switch (message.kind) {
    case 'vote':
    case 'pre-vote':
      handleVoteRequest(state, message);
      return;
    case 'vote-response':
    case 'pre-vote-response':
      if (state.role === 'candidate' || state.role === 'pre-candidate') {
        handleVoteResponse(state, message);
      }
      return;
    case 'append':
      followLeader(state, message);
      handleAppend(state, message);
      return;
    case 'heartbeat':
      followLeader(state, message);
      state.log.commitTo(message.commit);
      state.send({
        kind: 'heartbeat-response',
        to: message.from,
        readContext: message.readContext,
      });
      return;
    case 'snapshot':
      // The image itself comes through the driver; see RaftCore.installSnapshot.
      followLeader(state, message);
      return;
    case 'append-response':
      if (state.role === 'leader') handleAppendResponse(state, message);
      return;
    case 'heartbeat-response':
      if (state.role === 'leader') handleHeartbeatResponse(state, message);
      return;
    case 'timeout-now':
      if (state.role === 'follower') elect(state, true);
      return;
    default:
      assertNever(message);
  }
}

/** A message that only the leader of our term sends. */
export function followLeader(state: CoreState, message: RaftMessage): void {
  assert(state.role !== 'leader', `two leaders in term ${state.term}`);
  if (state.role !== 'follower') becomeFollower(state, state.term, message.from);
  state.leaderId = message.from;
  state.electionStart = state.now;
  state.bind();
}
