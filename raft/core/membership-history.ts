import type { Member, MemberId, Membership } from '../types.ts';
import type { VoterSets } from './quorum.ts';
import { assert } from '../assert.ts';
import { membersOf, votersAmong } from './membership.ts';

/**
 * Every membership in the log, oldest first. The newest one is in effect from the moment it is
 * appended, committed or not, and falls back when its entry is truncated (thesis §4.1).
 */
export class MembershipHistory {
  #known: { readonly index: number; readonly membership: Membership }[];
  #voterSets: VoterSets = [];
  #everybody: readonly Member[] = [];

  constructor(index: number, membership: Membership) {
    this.#known = [{ index, membership }];
    this.#refresh();
  }

  /** In effect now. */
  get current(): Membership {
    return this.#last().membership;
  }

  /** Index of the entry that brought `current`; that of the snapshot when there is none. */
  get currentIndex(): number {
    return this.#last().index;
  }

  /** The new members' voters; while a change is joint, those before it too. Ids ascend. */
  get voterSets(): VoterSets {
    return this.#voterSets;
  }

  /** Everybody whom the log must reach, ascending by id. */
  get everybody(): readonly Member[] {
    return this.#everybody;
  }

  /** A joint change is in effect, committed or not. */
  get isJoint(): boolean {
    return this.#voterSets.length > 1;
  }

  /** Its vote counts, in the new set or in the one that is left. */
  isVoter(id: MemberId): boolean {
    return this.#voterSets.some((voters) => voters.includes(id));
  }

  /** What was in effect at `index`. */
  at(index: number): Membership {
    const found = this.#known.findLast((one) => one.index <= index);
    return (found ?? this.#first()).membership;
  }

  append(index: number, membership: Membership): void {
    assert(index > this.currentIndex, 'memberships are appended in log order');
    this.#known.push({ index, membership });
    this.#refresh();
  }

  /** Forgets entries with an index >= `from`. */
  truncate(from: number): void {
    while (this.#known.length > 1 && this.currentIndex >= from) this.#known.pop();
    this.#refresh();
  }

  /** Forgets what is older than the membership in effect at `index`. */
  compact(index: number): void {
    const keep = this.#known.findLastIndex((one) => one.index <= index);
    if (keep > 0) this.#known = this.#known.slice(keep);
  }

  restore(index: number, membership: Membership): void {
    this.#known = [{ index, membership }];
    this.#refresh();
  }

  #first(): { readonly index: number; readonly membership: Membership } {
    const first = this.#known[0];
    assert(first !== undefined, 'a history is never empty');
    return first;
  }

  #last(): { readonly index: number; readonly membership: Membership } {
    return this.#known.at(-1) ?? this.#first();
  }

  #refresh(): void {
    const { members, outgoing } = this.current;
    this.#voterSets = [members, ...(outgoing === undefined ? [] : [outgoing])].map(votersAmong);
    this.#everybody = membersOf(this.current);
  }
}
