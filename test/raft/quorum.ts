import fc from 'fast-check';
import test from 'ava';
import { hasMajority, majority, quorumIndex, voteOutcome } from '../../raft/core/quorum.ts';

const voterIds = fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 9 });

const sets = fc.array(voterIds, { minLength: 1, maxLength: 2 });

/** The definition, word by word: try every index from the top. */
function slowQuorumIndex(lists: readonly (readonly number[])[], far: readonly number[]): number {
  for (let index = Math.max(...far); index > 0; index--) {
    const isReachedIn = (voters: readonly number[]): boolean =>
      voters.filter((id) => (far[id] ?? 0) >= index).length * 2 > voters.length;
    if (lists.every(isReachedIn)) return index;
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
  const reached = fc.array(fc.nat(40), { minLength: 51, maxLength: 51 });
  fc.assert(
    fc.property(sets, reached, (lists, far) => {
      t.is(
        quorumIndex(lists, (id) => far[id] ?? 0),
        slowQuorumIndex(lists, far),
      );
    }),
    { seed: 1 },
  );
});

test('a majority of two lists of voters is one of each', (t) => {
  fc.assert(
    fc.property(sets, fc.uniqueArray(fc.integer({ min: 1, max: 50 })), (lists, chosen) => {
      const isOne = lists.every(
        (voters) => voters.filter((id) => chosen.includes(id)).length * 2 > voters.length,
      );
      t.is(
        hasMajority(lists, (id) => chosen.includes(id)),
        isOne,
      );
    }),
    { seed: 3 },
  );
});

test('without voters nothing is committed and nobody elected', (t) => {
  for (const lists of [[], [[]], [[1], []]]) {
    t.is(
      quorumIndex(lists, () => 7),
      0,
    );
  }
  t.false(hasMajority([[]], () => true));
  t.not(voteOutcome([[]], new Map([[1, true]])), 'won');
});

test('an election is decided exactly when no further vote can change it', (t) => {
  const votes = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.boolean()), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(sets, votes, (lists, given) => {
      const map = new Map(given);
      const isWonWith = (isYes: (id: number) => boolean): boolean =>
        lists.every((voters) => voters.filter(isYes).length * 2 > voters.length);
      const isWon = isWonWith((id) => map.get(id) === true);
      const canBeWon = isWonWith((id) => map.get(id) !== false);
      t.is(voteOutcome(lists, map), isWon ? 'won' : canBeWon ? 'pending' : 'lost');
    }),
    { seed: 2 },
  );
});
