import fc from 'fast-check';
import test from 'ava';
import type { Member, Membership } from 'raft-ts';
import { changedMembership, left } from '../../raft/core/membership.ts';
import { decodeMembership, encodeMembership, membersOf } from 'raft-ts';

const memberList = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 8 }),
    role: fc.constantFrom('voter' as const, 'learner' as const),
    context: fc.string({ maxLength: 5 }),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 6 },
);

const votersIn = (members: readonly Member[]): readonly number[] =>
  members.filter(({ role }) => role === 'voter').map(({ id }) => id);

/** Every set of ids that is a majority of `voters`. */
function majorities(voters: readonly number[]): readonly (readonly number[])[] {
  const sets = Array.from({ length: 2 ** voters.length }, (_, bits) =>
    voters.filter((_voter, i) => (bits >> i) & 1),
  );
  return sets.filter((chosen) => chosen.length * 2 > voters.length);
}

test('a change in one step leaves no two majorities without a common voter', (t) => {
  let jointCount = 0;
  const property = fc.property(memberList, memberList, (old, members) => {
    const before: Membership = { members: old };
    const result = changedMembership(before, { kind: 'set-members', members });
    fc.pre(votersIn(old).length > 0);
    if (votersIn(members).length === 0) return result.kind === 'refused';
    if (result.kind !== 'ok') return false;
    if (result.membership.outgoing !== undefined) {
      jointCount++;
      return true;
    }
    return majorities(votersIn(old)).every((one) =>
      majorities(votersIn(members)).every((other) => one.some((id) => other.includes(id))),
    );
  });
  fc.assert(property, { seed: 1, numRuns: 400 });
  t.true(jointCount > 50);
});

test('a joint membership reaches the old and the new members, and ends as the new ones', (t) => {
  const property = fc.property(memberList, memberList, (old, members) => {
    const result = changedMembership({ members: old }, { kind: 'set-members', members });
    if (result.kind !== 'ok') return;
    const ids = membersOf(result.membership).map(({ id }) => id);
    const wanted = result.membership.outgoing === undefined ? members : [...old, ...members];
    t.deepEqual(
      ids,
      [...new Set(wanted.map(({ id }) => id))].sort((a, b) => a - b),
    );
    t.deepEqual(
      left(result.membership).members,
      [...members].sort((a, b) => a.id - b.id),
    );
  });
  fc.assert(property, { seed: 2 });
});

test('a membership comes back from its bytes, joint or not', (t) => {
  const property = fc.property(memberList, fc.option(memberList), (members, old) => {
    const sorted = (list: readonly Member[]): readonly Member[] =>
      [...list].sort((a, b) => a.id - b.id);
    const membership =
      old === null
        ? { members: sorted(members) }
        : { members: sorted(members), outgoing: sorted(old) };
    t.deepEqual(decodeMembership(encodeMembership(membership)), membership);
  });
  fc.assert(property, { seed: 3 });
});

test('bytes from before there were joint changes still mean what they did', (t) => {
  const bytes = new TextEncoder().encode('{"members":[{"id":1,"role":"voter","context":"a"}]}');
  t.deepEqual(decodeMembership(bytes), { members: [{ id: 1, role: 'voter', context: 'a' }] });
  for (const text of ['{}', '[]', '{"members":[],"outgoing":1}', '{"members":[{"id":0}]}']) {
    t.throws(() => decodeMembership(new TextEncoder().encode(text)));
  }
});
