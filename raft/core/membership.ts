import type { Member, Membership, MembershipChange, RejectReason } from '../types.ts';
import { assertNever } from '../assert.ts';

/** Longest `Member.context`, in UTF-16 units. */
const MEMBER_CONTEXT_MAX = 4096;
/** Most members, voters and learners together. */
const MEMBERS_MAX = 64;

/** Members sorted by id; throws a plain `Error` that says what is wrong with them. */
export function normalMembership({ members, outgoing }: Membership): Membership {
  const incoming = normalMembers(members);
  if (outgoing === undefined) return { members: incoming };
  const membership = { members: incoming, outgoing: normalMembers(outgoing) };
  if (membersOf(membership).length > MEMBERS_MAX)
    throw new Error(`more than ${MEMBERS_MAX} members`);
  return membership;
}

/**
 * Everybody whom the log must reach, ascending by id: while members change jointly also those that
 * are on their way out, with the role that they had.
 */
export function membersOf({ members, outgoing }: Membership): readonly Member[] {
  if (outgoing === undefined) return members;
  const ids = new Set(members.map((member) => member.id));
  const leaving = outgoing.filter((member) => !ids.has(member.id));
  return [...members, ...leaving].sort((a, b) => a.id - b.id);
}

function normalMembers(list: readonly Member[]): readonly Member[] {
  const members = [...list].sort((a, b) => a.id - b.id);
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
  return members;
}

/** The bytes of a `membership` entry: JSON with a fixed order of keys. */
export function encodeMembership({ members, outgoing }: Membership): Uint8Array {
  const plain = (list: readonly Member[]): readonly Member[] =>
    list.map(({ id, role, context }) => ({ id, role, context }));
  const value = { members: plain(members), ...(outgoing && { outgoing: plain(outgoing) }) };
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Parses what `encodeMembership` wrote; throws on anything else. */
export function decodeMembership(bytes: Uint8Array): Membership {
  const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  const { members, outgoing } = (value ?? {}) as { members?: unknown; outgoing?: unknown };
  if (!Array.isArray(members)) throw new Error('not an encoded membership');
  if (outgoing === undefined) return normalMembership({ members: members as readonly Member[] });
  if (!Array.isArray(outgoing)) throw new Error('not an encoded joint membership');
  return normalMembership({
    members: members as readonly Member[],
    outgoing: outgoing as readonly Member[],
  });
}

export type ChangeResult =
  | { readonly kind: 'ok'; readonly membership: Membership }
  | { readonly kind: 'refused'; readonly reason: RejectReason };

const refused: ChangeResult = { kind: 'refused', reason: 'invalid-membership-change' };

/**
 * The membership after one change. While at most one voter comes or goes, any majority of the old
 * and any majority of the new members share a voter (thesis §4.1); a larger change is joint, which
 * `left` ends (thesis §4.3). Removing the last voter is refused.
 */
export function changedMembership(before: Membership, change: MembershipChange): ChangeResult {
  if (change.kind === 'set-members') return checkedSet(before, change.members);
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

function checkedSet(before: Membership, members: readonly Member[]): ChangeResult {
  const result = checked(members);
  if (result.kind === 'refused') return result;
  const { membership } = result;
  const changed = newVoters(before, membership).length + newVoters(membership, before).length;
  if (changed <= 1) return result;
  try {
    return {
      kind: 'ok',
      membership: normalMembership({ ...membership, outgoing: before.members }),
    };
  } catch {
    return refused;
  }
}

/** Voters of `after` that are none in `before`. */
export function newVoters(before: Membership, after: Membership): readonly Member[] {
  const known = new Set(votersAmong(before.members));
  return after.members.filter(({ id, role }) => role === 'voter' && !known.has(id));
}

/** What follows the joint phase: the new members alone. */
export function left({ members }: Membership): Membership {
  return { members };
}

/** Ids of the voters in a list, in its order. */
export function votersAmong(members: readonly Member[]): readonly number[] {
  return members.filter((member) => member.role === 'voter').map((member) => member.id);
}

function checked(members: readonly Member[]): ChangeResult {
  if (!members.some((member) => member.role === 'voter')) return refused;
  try {
    return { kind: 'ok', membership: normalMembership({ members }) };
  } catch {
    return refused;
  }
}
