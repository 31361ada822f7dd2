import type { Member, MemberId, Membership, MembershipChange, RejectReason } from '../types.ts';
import { assert, assertNever } from '../assert.ts';

/** Longest `Member.context`, in UTF-16 units. */
const MEMBER_CONTEXT_MAX = 4096;
/** Most members, voters and learners together. */
const MEMBERS_MAX = 64;

/** Members sorted by id; throws a plain `Error` that says what is wrong with them. */
export function normalMembership(membership: Membership): Membership {
  const members = [...membership.members].sort((a, b) => a.id - b.id);
  members.forEach((member, i) => {
    if (!Number.isSafeInteger(member.id) || member.id < 1) {
      throw new Error(`member id ${member.id} is not a safe integer >= 1`);
    }
    if (members[i + 1]?.id === member.id) throw new Error(`member ${member.id} is listed twice`);
    if (member.role !== 'voter' && member.role !== 'learner') {
      throw new Error(`member ${member.id} has no valid role`);
    }
    if (typeof member.context !== 'string' || member.context.length > MEMBER_CONTEXT_MAX) {
      throw new Error(`context of member ${member.id} exceeds ${MEMBER_CONTEXT_MAX} characters`);
    }
  });
  if (members.length > MEMBERS_MAX) throw new Error(`more than ${MEMBERS_MAX} members`);
  return { members };
}

/** The bytes of a `membership` entry: JSON with a fixed order of keys. */
export function encodeMembership(membership: Membership): Uint8Array {
  const members = membership.members.map(({ id, role, context }) => ({ id, role, context }));
  return new TextEncoder().encode(JSON.stringify({ members }));
}

/** Parses what `encodeMembership` wrote; throws on anything else. */
export function decodeMembership(bytes: Uint8Array): Membership {
  const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  const members = (value as { members?: unknown } | null)?.members;
  if (!Array.isArray(members)) throw new Error('not an encoded membership');
  return normalMembership({ members: members as readonly Member[] });
}

export type ChangeResult =
  | { readonly kind: 'ok'; readonly membership: Membership }
  | { readonly kind: 'refused'; readonly reason: RejectReason };

const refused: ChangeResult = { kind: 'refused', reason: 'invalid-membership-change' };

/**
 * The membership after one change. Only one member changes, so that any majority of the old and any
 * majority of the new members share a voter (thesis §4.1). Removing the last voter is refused.
 */
export function changedMembership(before: Membership, change: MembershipChange): ChangeResult {
  const known = before.members.find((member) => member.id === change.id);
  switch (change.kind) {
    case 'add-learner':
      if (known !== undefined) return refused;
      return checked([
        ...before.members,
        { id: change.id, role: 'learner', context: change.context },
      ]);
    case 'promote':
      if (known?.role !== 'learner') return refused;
      return checked(replaced(before.members, { ...known, role: 'voter' }));
    case 'demote':
      if (known?.role !== 'voter') return refused;
      return checked(replaced(before.members, { ...known, role: 'learner' }));
    case 'update-context':
      if (known === undefined) return refused;
      return checked(replaced(before.members, { ...known, context: change.context }));
    case 'remove':
      if (known === undefined) return refused;
      return checked(before.members.filter((member) => member.id !== change.id));
    default:
      return assertNever(change);
  }
}

function replaced(members: readonly Member[], changed: Member): readonly Member[] {
  return members.map((member) => (member.id === changed.id ? changed : member));
}

function checked(members: readonly Member[]): ChangeResult {
  if (!members.some((member) => member.role === 'voter')) return refused;
  try {
    return { kind: 'ok', membership: normalMembership({ members }) };
  } catch {
    return refused;
  }
}

/**
 * Every membership in the log, oldest first. The newest one is in effect from the moment it is
 * appended, committed or not, and falls back when its entry is truncated (thesis §4.1).
 */
export class MembershipHistory {
  #known: { readonly index: number; readonly membership: Membership }[];
  #voters: readonly MemberId[] = [];

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

  /** Ids of the voters in effect, ascending. */
  get voters(): readonly MemberId[] {
    return this.#voters;
  }

  isVoter(id: MemberId): boolean {
    return this.#voters.includes(id);
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
    this.#voters = this.current.members
      .filter((member) => member.role === 'voter')
      .map((member) => member.id);
  }
}
