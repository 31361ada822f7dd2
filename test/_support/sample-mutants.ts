/** Two bugs and what is none, to try `scripts/mutants.ts` itself on. */
import { ava } from '../mutants/mutant.ts';
import type { Mutant } from '../mutants/mutant.ts';

const file = 'raft/core/quorum.ts';
const suite = ava('test/raft/quorum.ts');

export const mutants: readonly Mutant[] = [
  {
    name: 'half-is-a-majority',
    breaks: 'a majority is more than half',
    edits: [{ file, find: 'Math.floor(voterCount / 2) + 1', replace: 'Math.ceil(voterCount / 2)' }],
    suite,
  },
  {
    name: 'nothing-at-all',
    breaks: 'nothing',
    edits: [
      { file, find: 'Math.floor(voterCount / 2) + 1', replace: '1 + Math.floor(voterCount / 2)' },
    ],
    suite,
  },
  {
    name: 'not-a-program',
    breaks: 'the syntax',
    edits: [
      { file, find: 'return Math.floor(voterCount / 2) + 1;', replace: 'return noSuchName;' },
    ],
    suite,
  },
  {
    name: 'moved-away',
    breaks: 'a line that is not there',
    edits: [{ file, find: 'no such line', replace: '' }],
    suite,
  },
];
