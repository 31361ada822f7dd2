import test from 'ava';
import { ManagerMember, ManagerReport, ManagerState } from '#proto';
import { summary } from '#manager/replication/cluster-status';
import { RecentTimes } from '#manager/replication/recent-times';

const members = [1, 2, 3].map((raftId) =>
  ManagerMember.create({ raftId, nodeId: `n${raftId}`, address: `h${raftId}:1`, isVoter: true }),
);

const report = (raftId: number, more: Partial<ManagerReport>): ManagerReport =>
  ManagerReport.create({
    raftId,
    nodeId: `n${raftId}`,
    hostname: `h${raftId}`,
    isVoter: true,
    state: ManagerState.FOLLOWER,
    leaderNodeId: 'n1',
    members,
    term: 3,
    commitIndex: 100,
    appliedIndex: 100,
    ...more,
  });

test('with all there is a quorum, a leader, and nothing to look at', (t) => {
  const one = report(1, { state: ManagerState.LEADER });
  const status = summary('c', one, [one, report(2, {}), report(3, { appliedIndex: 97 })]);
  t.is(status.voters, 3);
  t.is(status.votersReached, 3);
  t.is(status.quorum, 2);
  t.is(status.leaderNodeId, 'n1');
  t.deepEqual(
    status.managers.map(({ problems, lagEntries }) => [...problems, lagEntries]),
    [[0], [0], [3]],
  );
});

test('who does not answer counts for nothing, and the reason is kept', (t) => {
  const alone = report(2, { leaderNodeId: '' });
  const lost = (raftId: number) =>
    report(raftId, { state: ManagerState.UNREACHABLE, problems: ['does not answer: cut'] });
  const status = summary('c', alone, [lost(1), alone, lost(3)]);
  t.is(status.votersReached, 1);
  t.is(status.quorum, 2);
  t.is(status.leaderNodeId, '');
  t.deepEqual(status.managers[0]?.problems, ['does not answer: cut']);
  t.deepEqual(status.managers[1]?.problems, ['knows no leader']);
});

test('an old leader that does not know yet is not taken for the leader', (t) => {
  const old = report(1, { state: ManagerState.LEADER, term: 3, commitIndex: 90 });
  const present = report(2, { state: ManagerState.LEADER, term: 4, leaderNodeId: 'n2' });
  const status = summary('c', old, [old, present, report(3, {})]);
  t.is(status.leaderNodeId, 'n2');
});

test('a slow disk, a full disk, a long way behind and a missing vote are told', (t) => {
  const one = report(1, { state: ManagerState.LEADER, commitIndex: 9_000, appliedIndex: 9_000 });
  const bad = report(2, {
    fsyncMedianMs: 250,
    diskTotalBytes: 100e9,
    diskFreeBytes: 0.5e9,
    state: ManagerState.LEARNER,
    isVoter: false,
  });
  const status = summary('c', one, [one, bad]);
  const expected = ['has no vote yet', '8900 entries behind', 'slow disk: 250 ms a write'];
  t.deepEqual(status.managers[1]?.problems, [...expected, 'its disk is nearly full']);
});

test('the median follows the last 128 writes', (t) => {
  const times = new RecentTimes();
  t.is(times.median, 0);
  for (let i = 0; i < 128; i++) times.add(500);
  t.is(times.median, 500);
  for (let i = 0; i < 128; i++) times.add(2);
  t.is(times.median, 2);
  t.is(times.last, 2);
});

test('where the state is kept elsewhere one manager is enough', (t) => {
  const alone = report(2, { state: ManagerState.LEADER });
  t.is(summary('c', alone, [report(1, {}), alone, report(3, {})], false).quorum, 1);
});
