/** Bugs of changes of members and of handing over. */
import { ava, sim } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const transcripts = ava('test/raft/transcripts.ts');

export const membershipMutants: readonly Mutant[] = [
  {
    name: 'two-changes-at-once',
    breaks: 'one change of members at a time (§4.1)',
    edits: [
      {
        file: 'raft/core/membership-change.ts',
        find: 'if (isBusy || ',
        replace: 'if (',
      },
    ],
    suite: ava('test/raft/node-membership.ts'),
  },
  {
    name: 'change-before-own-term',
    breaks: 'no change before an entry of the own term (Ongaro, raft-dev, 2015)',
    edits: [
      {
        file: 'raft/core/membership-change.ts',
        find: ' || !state.hasCommittedInTerm)',
        replace: ')',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'membership-not-rolled-back',
    breaks: 'a change that is truncated away was never in effect (§4.1)',
    edits: [
      {
        file: 'raft/core/replication.ts',
        find: '  state.memberships.truncate(from);\n',
        replace: '',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'learner-counts',
    breaks: 'a learner has no part in majorities (§4.2.1)',
    edits: [
      {
        file: 'raft/core/membership.ts',
        find: "return members.filter((member) => member.role === 'voter').map(",
        replace: 'return members.map(',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'removed-leader-stays',
    breaks: 'a leader that removed itself steps aside (§4.2.2)',
    edits: [
      {
        file: 'raft/core/replication.ts',
        find: 'else if (!memberships.isVoter(state.id)) stepAside(state);',
        replace: 'void stepAside;',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'joint-commits-without-the-old-members',
    breaks: 'while members change jointly, both sets must agree (§4.3)',
    edits: [
      {
        file: 'raft/core/quorum.ts',
        find: 'for (const voters of sets) lowest =',
        replace: 'for (const voters of sets.slice(0, 1)) lowest =',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'joint-elects-by-either-set',
    breaks: 'while members change jointly, a leader needs both sets (§4.3)',
    edits: [
      {
        file: 'raft/core/quorum.ts',
        find: "return outcomes.every((one) => one === 'won')",
        replace: "return outcomes.some((one) => one === 'won')",
      },
    ],
    suite: transcripts,
  },
  {
    name: 'removed-leader-counts-itself',
    breaks: 'a leader that removes itself is no part of the majority (§4.2.2)',
    edits: [
      {
        file: 'raft/core/replication.ts',
        find: 'const index = quorumIndex(memberships.voterSets, (id) => state.matchOf(id));',
        replace:
          'const sets = memberships.voterSets.map((ids) => (ids.includes(state.id) ? ids : [...ids.slice(1), state.id]));\n' +
          '  const index = quorumIndex(sets, (id) => state.matchOf(id));',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'hands-over-too-early',
    breaks: 'the one that takes over has the whole log first (§3.10)',
    edits: [
      {
        file: 'raft/core/replication.ts',
        find: '  if (progress.match !== state.log.last) return;\n',
        replace: '',
      },
    ],
    suite: transcripts,
  },
];
