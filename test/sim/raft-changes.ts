import type { Member, MemberId, Membership, MembershipChange, RaftStatus } from 'raft-ts';
import type { Random } from '#lib';

/** Members of one world, over its whole time. */
const MEMBERS_MAX = 8;

/** Mostly a change that makes sense, sometimes one that must be refused. */
export function drawChange(
  random: Random,
  { members }: Membership,
  knownCount: number,
): MembershipChange {
  const ids = (role: string): MemberId[] =>
    members.filter((one) => one.role === role).map((one) => one.id);
  const learners = ids('learner');
  const voters = ids('voter');
  const one = members[random.below(members.length)]?.id ?? 1;
  const learner = learners[random.below(Math.max(1, learners.length))] ?? one;
  const voter = voters[random.below(Math.max(1, voters.length))] ?? one;
  const draw = random.below(13);
  if (draw >= 10) {
    return { kind: 'set-members', members: drawMembers(random, members, knownCount) };
  }
  if (draw < 5 && learners.length > 0) return { kind: 'promote', id: learner };
  if (draw < 4 && knownCount < MEMBERS_MAX) {
    return { kind: 'add-learner', id: knownCount + 1, context: 'new' };
  }
  if (draw < 7 || voters.length > 5) return { kind: 'demote', id: voter };
  if (draw < 8) return { kind: 'remove', id: one };
  return { kind: 'update-context', id: one, context: `c${random.below(100)}` };
}

/** Any of the members, each in any role, and sometimes a new one. */
function drawMembers(
  random: Random,
  members: readonly Member[],
  knownCount: number,
): readonly Member[] {
  const drawn = members.flatMap((member): readonly Member[] => {
    const draw = random.below(8);
    if (draw === 0) return [];
    return [{ ...member, role: draw < 3 ? 'learner' : 'voter' }];
  });
  if (random.below(2) === 0 || knownCount >= MEMBERS_MAX) return drawn;
  return [...drawn, { id: knownCount + 1, role: 'learner', context: 'new' }];
}

/** A set that the leader can take: new voters have caught up. Often several come and go at once. */
export function drawPossibleSet(
  random: Random,
  { membership, progress, id }: RaftStatus,
  knownCount: number,
): MembershipChange {
  const isNear = (one: MemberId): boolean =>
    one === id || progress.some((peer) => peer.id === one && peer.state === 'replicate');
  const drawn = membership.members.map((member): Member => {
    const canVote = member.role === 'voter' || isNear(member.id);
    return { ...member, role: canVote && random.below(3) > 0 ? 'voter' : 'learner' };
  });
  const kept = drawn.filter(({ role }) => role === 'voter' || random.below(5) > 0);
  const isNew = knownCount < MEMBERS_MAX && kept.length < 6 && random.below(2) === 0;
  const joining: readonly Member[] = [{ id: knownCount + 1, role: 'learner', context: 'new' }];
  return { kind: 'set-members', members: isNew ? [...kept, ...joining] : kept };
}
