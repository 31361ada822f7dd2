import type { MemberId } from '../types.ts';

/**
 * Whose majorities decide: one list of voters, or two while members change jointly (thesis §4.3).
 * Then a majority of each list is needed; a voter may stand in both.
 */
export type VoterSets = readonly (readonly MemberId[])[];

/** How many of `voterCount` voters make a majority. */
export function majority(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1;
}

/** Does `isCounted` hold for a majority of every list? Never when there are no voters. */
export function hasMajority(sets: VoterSets, isCounted: (id: MemberId) => boolean): boolean {
  return sets.every((voters) => {
    let count = 0;
    for (const id of voters) if (isCounted(id)) count++;
    return count >= majority(voters.length);
  });
}

/**
 * The highest value that a majority of every list has reached. 0 when there are no voters: nothing
 * can be committed then.
 */
export function quorumIndex(sets: VoterSets, reached: (id: MemberId) => number): number {
  let lowest = Infinity;
  for (const voters of sets) lowest = Math.min(lowest, majorityIndex(voters, reached));
  return lowest === Infinity ? 0 : lowest;
}

/** Asked at every acknowledgement, of a handful of voters: comparing all pairs makes no garbage. */
function majorityIndex(voters: readonly MemberId[], reached: (id: MemberId) => number): number {
  const needed = majority(voters.length);
  let highest = 0;
  for (const one of voters) {
    const index = reached(one);
    if (index <= highest) continue;
    let count = 0;
    for (const other of voters) if (reached(other) >= index) count++;
    if (count >= needed) highest = index;
  }
  return highest;
}

export type VoteOutcome = 'won' | 'lost' | 'pending';

/** The state of an election; votes of ids that are not voters do not count. */
export function voteOutcome(sets: VoterSets, votes: ReadonlyMap<MemberId, boolean>): VoteOutcome {
  const outcomes = sets.map((voters) => outcomeAmong(voters, votes));
  if (outcomes.includes('lost')) return 'lost';
  return outcomes.every((one) => one === 'won') ? 'won' : 'pending';
}

function outcomeAmong(
  voters: readonly MemberId[],
  votes: ReadonlyMap<MemberId, boolean>,
): VoteOutcome {
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = majority(voters.length);
  if (granted >= needed) return 'won';
  return granted + missing < needed ? 'lost' : 'pending';
}
