import test from 'ava';
import { removalRisk } from '#manager/replication/members';
import type { MemberStatus } from '#manager/replication/members';

const member = (raftId: number, isReachable: boolean): MemberStatus => ({
  raftId,
  nodeId: `m${raftId}`,
  address: `m${raftId}:7377`,
  isVoter: true,
  isLeader: raftId === 1,
  isReachable,
});
const members = [member(1, true), member(2, false), member(3, true)];

test('where managers make up a quorum, one that is needed for it stays', (t) => {
  const status = { members, needsQuorum: true };
  t.regex(removalRisk(status, 3, new Set()) ?? '', /1 can be reached, and 2 are needed/);
  t.is(removalRisk(status, 2, new Set()), undefined);
});

test('where the state is kept elsewhere only the last manager has to stay', (t) => {
  const status = { members, needsQuorum: false };
  t.is(removalRisk(status, 3, new Set()), undefined);
  t.is(removalRisk(status, 1, new Set([3])), undefined);
  t.regex(removalRisk(status, 1, new Set([2, 3])) ?? '', /last manager/);
});
