import type { MemberId } from '../types.ts';

/** How many of `voterCount` voters make a majority. */
export function majority(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1;
}

/**
 * The highest index that a majority has reached, given how far each voter is; order is free.
 * 0 when there are no voters: nothing can be committed then.
 */
export function quorumIndex(matches: readonly number[]): number {
  if (matches.length === 0) return 0;
  const descending = [...matches].sort((a, b) => b - a);
  return descending[majority(matches.length) - 1] ?? 0;
}

export type VoteOutcome = 'won' | 'lost' | 'pending';

/** The state of an election; votes of ids that are not voters do not count. */
export function voteOutcome(
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
