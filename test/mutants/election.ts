/** Bugs of elections, terms and votes. */
import { ava, sim } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const transcripts = ava('test/raft/transcripts.ts');

export const electionMutants: readonly Mutant[] = [
  {
    name: 'double-vote',
    breaks: 'one vote a term (thesis §3.4)',
    edits: [
      {
        file: 'raft/core/election.ts',
        find: '(state.vote === 0 && state.leaderId === 0 && !isBound) ||',
        replace: '(state.leaderId === 0 && !isBound) ||',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'vote-not-written',
    breaks: 'a vote outlives a crash (§3.8)',
    edits: [
      {
        file: 'raft/core/raft-core.ts',
        find: 'const isHardStateNew = term !== persisted.term || vote !== persisted.vote;',
        replace: 'const isHardStateNew = term !== persisted.term; void vote;',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'vote-for-a-shorter-log',
    breaks: 'only a log as complete as the voter’s is elected (§3.6.1)',
    edits: [
      {
        file: 'raft/core/memory-log.ts',
        find: '(lastTerm === this.lastTerm && lastIndex >= this.last)',
        replace: 'lastTerm === this.lastTerm',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'term-not-compared-in-votes',
    breaks: 'the last term of a log counts before its length (§3.6.1)',
    edits: [
      {
        file: 'raft/core/memory-log.ts',
        find: 'return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.last);',
        replace: 'return lastIndex >= this.last || lastTerm > this.lastTerm + 1000;',
      },
    ],
    suite: ava('test/raft/memory-log.ts'),
  },
  {
    name: 'no-check-quorum',
    breaks: 'a leader without a majority gives up (§6.2)',
    edits: [{ file: 'raft/core/raft-core.ts', find: '    checkQuorum(state);\n', replace: '' }],
    suite: transcripts,
  },
  {
    name: 'pre-vote-bumps-terms',
    breaks: 'asking for pre-votes changes nobody’s term (§9.6)',
    edits: [
      {
        file: 'raft/core/step.ts',
        find: "if (message.kind === 'vote') becomeFollower(",
        replace: 'becomeFollower(',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'no-pre-vote',
    breaks: 'a member that was cut off does not depose the leader (§9.6)',
    edits: [
      {
        file: 'raft/core/election.ts',
        find: "  askForVotes(state, 'pre-vote', state.term + 1, false);",
        replace: '  elect(state, false);',
      },
    ],
    suite: ava('test/raft/node.ts'),
  },
  {
    name: 'votes-against-a-live-leader',
    breaks: 'who hears the leader helps nobody into office (§4.2.3)',
    edits: [
      {
        file: 'raft/core/step.ts',
        find: 'if (!message.isTransfer && isLeaderAlive(state)) return false;',
        replace: '',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'progress-not-reset',
    breaks: 'a new leader knows nothing of its followers (§3.5)',
    edits: [
      {
        file: 'raft/core/roles.ts',
        find: 'if (id !== state.id) state.progress.set(',
        replace: 'if (id !== state.id && !state.progress.has(id)) state.progress.set(',
      },
      { file: 'raft/core/roles.ts', find: '  state.progress.clear();\n', replace: '' },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'lone-vote-counts-early',
    breaks: 'a member alone leads only once its own vote is durable (§3.8)',
    edits: [
      {
        file: 'raft/core/election.ts',
        find: '  state.votes.set(state.id, true);\n  askForVotes(',
        replace:
          '  state.votes.set(state.id, true);\n  if (isAlone(state)) return becomeLeader(state);\n  askForVotes(',
      },
    ],
    suite: transcripts,
  },
];
