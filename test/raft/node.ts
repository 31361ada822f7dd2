import type { Member, ProposeOutcome, RaftMessage } from 'raft-ts';
import test from 'ava';
import { bytesOf, Cluster, voters } from '#test/_support/raft-cluster';
import { encodeMembership, isRaftError, memoryDisk, RaftNode } from 'raft-ts';
import { seededRandom } from '#lib';
import { settle } from '#test/_support/virtual-clock';

test('a single member leads within a few milliseconds and answers at once', async (t) => {
  const cluster = await Cluster.of(1);
  await cluster.clock.advance(5);
  const { node, machine } = cluster.get(1);
  t.is(node.status().role, 'leader');
  const outcome = await cluster.clock.resolve(node.propose(bytesOf('a')), 5);
  t.deepEqual(outcome, { kind: 'committed', index: 2 });
  t.deepEqual(machine.values, ['a']);
  t.is(await cluster.clock.resolve(node.readIndex(), 5), 2);
});

test('three members apply the same writes in the same order', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const texts = Array.from({ length: 300 }, (_, i) => `w${i}`);
  const outcomes = await cluster.clock.resolve(
    Promise.all(texts.map((text) => node.propose(bytesOf(text)))),
    2000,
  );
  t.true(outcomes.every(({ kind }) => kind === 'committed'));
  await cluster.clock.advance(300);
  for (const { machine } of cluster.members.values()) t.deepEqual(machine.values, texts);
});

test('proposals made together share one write and one message to each follower', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  await cluster.clock.advance(100);
  cluster.sent.length = 0;
  const waiting = Array.from({ length: 64 }, (_, i) => node.propose(bytesOf(`${i}`)));
  await cluster.clock.resolve(Promise.all(waiting), 100);
  const appends = cluster.sent.filter((one) => one.kind === 'append' && one.entries.length > 0);
  t.is(appends.length, 2);
});

test('a killed leader is replaced and the next write accepted within two seconds', async (t) => {
  const cluster = await Cluster.of(3);
  const took: number[] = [];
  for (let round = 0; round < 9; round++) {
    const { node } = await cluster.leader();
    const { id } = node.status();
    const from = cluster.clock.monotonic();
    cluster.kill(id);
    const { node: next } = await cluster.leader();
    const outcome = await cluster.clock.resolve(next.propose(bytesOf('next')), 1000);
    t.is(outcome.kind, 'committed');
    took.push(cluster.clock.monotonic() - from);
    await cluster.start(id);
    await cluster.clock.advance(200);
  }
  took.sort((a, b) => a - b);
  t.true((took[4] ?? Infinity) <= 1000, `median ${took[4]} ms`);
  t.true((took[8] ?? Infinity) <= 2000, `worst ${took[8]} ms`);
});

test('writes survive a restart of every member at once', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  await cluster.clock.resolve(node.propose(bytesOf('kept')), 100);
  for (const id of [1, 2, 3]) {
    cluster.kill(id);
    cluster.disks.get(id)?.crash(seededRandom(id));
  }
  for (const id of [1, 2, 3]) await cluster.start(id);
  const leader = await cluster.leader();
  await cluster.clock.resolve(leader.node.readIndex(), 1000);
  t.deepEqual(leader.machine.values, ['kept']);
});

test('a leader that is cut off cannot commit: writes end unknown, reads are refused', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  cluster.cut(node.status().id);
  const write = node.propose(bytesOf('lost?'));
  const read = node.readIndex().catch((error: unknown) => error);
  const outcome = await cluster.clock.resolve(write, 2000);
  t.is(outcome.kind, 'unknown');
  t.true(isRaftError(await read, 'NOT_LEADER'));
  t.is(node.status().role, 'follower');
});

test('a member that does not lead refuses and names the leader', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const leaderId = node.status().id;
  await cluster.clock.advance(200);
  const [other] = cluster.others(leaderId);
  const follower = cluster.get(other ?? 0).node;
  const refusal: ProposeOutcome = { kind: 'rejected', reason: 'not-leader', leaderId };
  t.deepEqual(await follower.propose(bytesOf('x')), refusal);
  t.deepEqual(await follower.changeMembership({ kind: 'promote', id: 1 }), refusal);
  const error = await t.throwsAsync(follower.readIndex());
  t.true(isRaftError(error, 'NOT_LEADER') && error.leaderId === leaderId);
  t.false(await follower.transferLeadership(other ?? 0));
});

test('what is too large or finds the queue full is rejected, the rest committed', async (t) => {
  const cluster = await Cluster.of(1, { maxEntryBytes: 10, queueEntriesMax: 3 });
  await cluster.clock.advance(5);
  const { node } = cluster.get(1);
  const all = ['a'.repeat(11), 'b', 'c', 'd', 'e'].map((text) => node.propose(bytesOf(text)));
  const outcomes = await cluster.clock.resolve(Promise.all(all), 100);
  const told = outcomes.map((one) => (one.kind === 'rejected' ? one.reason : one.kind));
  t.deepEqual(told, ['too-large', 'committed', 'committed', 'committed', 'queue-full']);
});

test('stopping rejects what is queued, and calls after it are refused', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const queued = node.propose(bytesOf('queued'));
  const stopping = node.stop();
  t.deepEqual(await queued, { kind: 'rejected', reason: 'stopped', leaderId: 0 });
  await stopping;
  await node.stop();
  t.is((await node.propose(bytesOf('late'))).kind, 'rejected');
  t.true(isRaftError(await t.throwsAsync(node.readIndex()), 'STOPPED'));
});

test('what was in the log when the member stopped is unknown', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const appended = node.propose(bytesOf('appended'));
  await settle();
  await node.stop();
  t.is((await appended).kind, 'unknown');
});

test('a member whose disk fails stops itself and says so', async (t) => {
  let isFailing = false;
  const failing = memoryDisk({
    before: (operation) =>
      isFailing && operation === 'sync' ? Promise.reject(new Error('EIO')) : Promise.resolve(),
  });
  const cluster = new Cluster();
  cluster.disks.set(1, failing);
  const { node } = await cluster.start(1, { bootstrap: voters(1) });
  await cluster.clock.advance(5);
  isFailing = true;
  const outcome = await cluster.clock.resolve(node.propose(bytesOf('x')), 100);
  t.is(outcome.kind, 'unknown');
  t.deepEqual(cluster.failures, ['1 DISK_FAILED']);
  t.is((await node.propose(bytesOf('y'))).kind, 'rejected');
});

test('a state machine that throws stops its member', async (t) => {
  const cluster = await Cluster.of(1);
  await cluster.clock.advance(5);
  const { node, machine } = cluster.get(1);
  machine.apply = () => {
    throw new Error('cannot apply');
  };
  const outcome = await cluster.clock.resolve(node.propose(bytesOf('x')), 100);
  t.is(outcome.kind, 'unknown');
  t.deepEqual(cluster.failures, ['1 BROKEN']);
});

test('a read waits until its index is applied, and can be given up', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const abort = new AbortController();
  const given = node.readIndex(abort.signal);
  const kept = node.readIndex();
  abort.abort(new Error('no longer wanted'));
  await t.throwsAsync(given, { message: 'no longer wanted' });
  const index = await cluster.clock.resolve(kept, 100);
  t.true(node.status().appliedIndex >= index);
  await t.throwsAsync(node.readIndex(AbortSignal.abort(new Error('before'))), {
    message: 'before',
  });
});

test('with leases the leader answers reads without a message, and a late one not at all', async (t) => {
  const cluster = await Cluster.of(3, { reads: 'lease' });
  const { node } = await cluster.leader();
  await cluster.clock.advance(300);
  cluster.sent.length = 0;
  t.true((await cluster.clock.resolve(node.readIndex(), 1)) >= 1);
  t.deepEqual(cluster.sent, []);
  // Cut off, it answers until the lease has run out; after that no majority confirms anything.
  cluster.cut(node.status().id);
  await cluster.clock.advance(405);
  const read = node.readIndex().catch((error: unknown) => error);
  t.true(isRaftError(await cluster.clock.resolve(read, 1000), 'NOT_LEADER'));
});

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

test('leadership moves to the member that was asked, and waiting writes are answered', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const to = cluster.others(node.status().id)[0] ?? 0;
  const moving = node.transferLeadership(to);
  const write = node.propose(bytesOf('meanwhile'));
  t.true(await cluster.clock.resolve(moving, 1000));
  t.like(await write, { kind: 'rejected', reason: 'not-leader' });
  await cluster.clock.until(() => cluster.get(to).node.status().role === 'leader', 100);
});

test('leadership stays when the chosen member does not answer', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const to = cluster.others(node.status().id)[0] ?? 0;
  cluster.cut(to);
  const write = cluster.clock.resolve(node.transferLeadership(to), 2000);
  t.false(await write);
  const outcome = await cluster.clock.resolve(node.propose(bytesOf('on')), 1000);
  t.is(outcome.kind, 'committed');
});

test('a member that was cut off does not depose the leader when it comes back', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const { id, term } = node.status();
  const away = cluster.others(id)[0] ?? 0;
  cluster.cut(away);
  await cluster.clock.advance(20_000);
  t.is(cluster.get(away).node.status().term, term);
  cluster.heal();
  await cluster.clock.advance(5000);
  t.is(node.status().role, 'leader');
  t.is(node.status().term, term);
});

test('a snapshot is refused from an old leader, twice at once, for another member', async (t) => {
  const cluster = await Cluster.of(3);
  const { node } = await cluster.leader();
  const { id, term } = node.status();
  const to = cluster.others(id)[0] ?? 0;
  const follower = cluster.get(to).node;
  const meta = { index: 90, term, membership: voters(3) };
  const header = (over: object): RaftMessage => ({
    kind: 'snapshot',
    from: id,
    to,
    term,
    snapshotIndex: 90,
    snapshotTerm: term,
    ...over,
  });
  const hanging = async function* (): AsyncGenerator<Uint8Array> {
    await new Promise(() => {});
    yield new Uint8Array(0);
  };
  const empty = async function* (): AsyncGenerator<Uint8Array> {};
  const codeOf = async (message: RaftMessage): Promise<unknown> => {
    const error: unknown = await follower.receiveSnapshot(message, meta, empty()).catch((e) => e);
    return isRaftError(error) ? error.code : error;
  };
  t.is(await codeOf(header({ term: 0 })), 'STALE');
  t.is(await codeOf(header({ to: 77 })), 'BAD_INPUT');
  void follower.receiveSnapshot(header({}), meta, hanging()).catch(() => undefined);
  t.is(await codeOf(header({})), 'BUSY');
});

test('wrong options and wrong bootstraps are refused with their name', async (t) => {
  const open = (more: object): Promise<RaftNode> =>
    RaftNode.open({
      id: 1,
      clock: new Cluster().clock,
      random: seededRandom(1),
      transport: { send: () => {}, sendSnapshot: () => Promise.resolve() },
      disk: memoryDisk(),
      stateMachine: { apply() {}, async *snapshot() {}, restore: () => Promise.resolve() },
      ...more,
    });
  const refused = async (more: object, message: RegExp): Promise<void> => {
    const error = await t.throwsAsync(open(more), { message });
    t.true(isRaftError(error, 'BAD_INPUT'));
  };
  await refused({ options: { tickMs: 0 } }, /tickMs/);
  await refused({ options: { heartbeatTicks: 5, electionTicks: 10 } }, /electionTicks/);
  await refused({ id: 1.5 }, /id/);
  await refused({ options: { reads: 'stale' } }, /reads/);
  await refused({ options: { clockDriftPerMille: 1000 } }, /clockDriftPerMille/);
  const twice = [...voters(1).members, ...voters(1).members];
  await refused({ bootstrap: { members: twice } }, /listed twice/);
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

test('how often a snapshot is taken can be changed while a member runs', async (t) => {
  const cluster = await Cluster.of(1, { snapshotEntries: 1_000, keepEntries: 1 });
  await cluster.clock.advance(5);
  const { node } = cluster.get(1);
  const write = (): Promise<unknown> =>
    cluster.clock.resolve(node.propose(bytesOf('a value')), 100);
  for (let i = 0; i < 30; i++) await write();
  t.is(node.inspection.log.snapshot.index, 0);
  t.throws(() => node.setSnapshotEntries(0), { code: 'BAD_INPUT' });
  node.setSnapshotEntries(20);
  await write();
  const isTaken = (): boolean => node.inspection.log.snapshot.index >= 30;
  await cluster.clock.until(isTaken, 1_000, 'a snapshot');
});
