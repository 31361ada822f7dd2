import fc from 'fast-check';
import test from 'ava';
import { majority, quorumIndex, voteOutcome } from '../../raft/core/quorum.ts';

const voterIds = fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 9 });

/** The definition, word by word: try every index from the top. */
function slowQuorumIndex(matches: readonly number[]): number {
  for (let index = Math.max(...matches); index > 0; index--) {
    const reached = matches.filter((match) => match >= index).length;
    if (reached * 2 > matches.length) return index;
  }
  return 0;
}

test('a majority is more than half', (t) => {
  for (let count = 1; count <= 20; count++) {
    t.true(majority(count) * 2 > count);
    t.true((majority(count) - 1) * 2 <= count);
  }
});

test('the quorum index is what a slow twin finds by trying every index', (t) => {
  const matches = fc.array(fc.nat(40), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(matches, (all) => {
      t.is(quorumIndex(all), slowQuorumIndex(all));
    }),
    { seed: 1 },
  );
});

test('without voters nothing is committed', (t) => {
  t.is(quorumIndex([]), 0);
});

test('an election is decided exactly when no further vote can change it', (t) => {
  const votes = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.boolean()), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(voterIds, votes, (voters, given) => {
      const map = new Map(given);
      const yes = voters.filter((id) => map.get(id) === true).length;
      const open = voters.filter((id) => !map.has(id)).length;
      const wins = (count: number): boolean => count * 2 > voters.length;
      const expected = wins(yes) ? 'won' : wins(yes + open) ? 'pending' : 'lost';
      t.is(voteOutcome(voters, map), expected);
    }),
    { seed: 2 },
  );
});
