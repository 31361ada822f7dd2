/** Changes of members, as the users of a member see them. */
import type { Member } from 'raft-ts';
import type { ProposeOutcome } from 'raft-ts';
import test from 'ava';
import { bytesOf, Cluster, voters } from '#test/_support/raft-cluster';
import { encodeMembership } from 'raft-ts';

test('a new member starts as a learner, catches up by snapshot and becomes a voter', async (t) => {
  const cluster = await Cluster.of(1, { snapshotEntries: 20, keepEntries: 1 });
  await cluster.clock.advance(5);
  const { node, machine } = cluster.get(1);
  const texts = Array.from({ length: 60 }, (_, i) => `w${i}`);
  for (const text of texts) await cluster.clock.resolve(node.propose(bytesOf(text)), 100);
  t.true(node.status().firstIndex > 20);
  const joined = await cluster.start(2);
  const change = (kind: 'add-learner' | 'promote'): Promise<ProposeOutcome> =>
    cluster.clock.resolve(node.changeMembership({ kind, id: 2, context: 'two' }), 1000);
  t.is((await change('promote')).kind, 'rejected');
  t.is((await change('add-learner')).kind, 'committed');
  const early = await change('promote');
  t.deepEqual(early, { kind: 'rejected', reason: 'learner-behind', leaderId: 1 });
  const isCaughtUp = (): boolean => node.status().progress[0]?.match === node.status().lastIndex;
  await cluster.clock.until(isCaughtUp, 3000, 'catching up');
  t.is((await change('promote')).kind, 'committed');
  await cluster.clock.advance(200);
  t.deepEqual(joined.machine.values, texts);
  t.deepEqual(joined.machine.memberships.at(-1)?.ids, [1, 2]);
  t.deepEqual(machine.memberships.at(-1)?.ids, [1, 2]);
  t.is(joined.node.status().membership.members[1]?.role, 'voter');
});

test('a second change of members is refused while the first is not committed', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const first = node.changeMembership({ kind: 'add-learner', id: 4, context: '' });
  const second = await node.changeMembership({ kind: 'add-learner', id: 5, context: '' });
  t.like(second, { kind: 'rejected', reason: 'membership-change-in-progress' });
  t.is((await cluster.clock.resolve(first, 1000)).kind, 'committed');
});

test('several members are replaced at once, and answered when the old ones count no more', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  for (const id of [4, 5]) await cluster.start(id);
  const all = node.status().membership.members;
  const learners = [4, 5].map((id) => ({ id, role: 'learner', context: '' }) as const);
  const set = (members: readonly Member[]): Promise<ProposeOutcome> =>
    cluster.clock.resolve(node.changeMembership({ kind: 'set-members', members }), 1000);
  const early = await set(learners.map((one) => ({ ...one, role: 'voter' })));
  t.like(early, { kind: 'rejected', reason: 'learner-behind' });
  t.is((await set([...all, ...learners])).kind, 'committed');
  const isCaughtUp = (): boolean =>
    node.status().progress.every((one) => one.match === node.status().lastIndex);
  await cluster.clock.until(isCaughtUp, 3000, 'catching up');
  const { id } = node.status();
  const gone = cluster.others(id).filter((one) => one < 4);
  const wanted = [...all.filter((one) => one.id === id), ...learners];
  const outcome = await set(wanted.map((one) => ({ ...one, role: 'voter' })));
  t.like(outcome, { kind: 'committed' });
  t.is(node.status().membership.outgoing, undefined);
  for (const one of gone) cluster.kill(one);
  const write = await cluster.clock.resolve(node.propose(bytesOf('after')), 1000);
  t.is(write.kind, 'committed');
  await cluster.clock.advance(200);
  t.deepEqual(cluster.get(5).machine.values, ['after']);
});

test('the last voter can be neither removed nor demoted', async (t) => {
  const cluster = await Cluster.of(1);
  await cluster.clock.advance(5);
  for (const kind of ['remove', 'demote'] as const) {
    const outcome = await cluster.get(1).node.changeMembership({ kind, id: 1 });
    t.like(outcome, { kind: 'rejected', reason: 'invalid-membership-change' });
  }
});

test('a leader that removes itself hands over at once', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const { id } = node.status();
  const outcome = await cluster.clock.resolve(node.changeMembership({ kind: 'remove', id }), 100);
  t.is(outcome.kind, 'committed');
  const from = cluster.clock.monotonic();
  await cluster.clock.until(
    () => cluster.others(id).some((one) => cluster.get(one).node.status().role === 'leader'),
    1000,
  );
  t.true(cluster.clock.monotonic() - from < 50);
  t.is(node.status().role, 'follower');
});

test('the start tells the membership that was recovered', async (t) => {
  const cluster = await Cluster.of(1);
  await cluster.clock.advance(5);
  const { node } = cluster.get(1);
  const add = node.changeMembership({ kind: 'add-learner', id: 7, context: 'seven' });
  await cluster.clock.resolve(add, 100);
  await cluster.clock.resolve(node.propose(bytesOf('after')), 100);
  await node.stop();
  const { machine } = await cluster.start(1);
  t.deepEqual(machine.memberships[0]?.ids, [1, 7]);
  await cluster.clock.advance(100);
  t.deepEqual(machine.values, ['after']);
  t.is(machine.memberships.length, 1);
});

test('an encoded membership is the same bytes for the same members', (t) => {
  const { members } = voters(2);
  const shuffledKeys = members.map(({ id, role, context }) => ({ context, role, id }));
  t.deepEqual(encodeMembership({ members }), encodeMembership({ members: shuffledKeys }));
});
