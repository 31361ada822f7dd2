/** A member as its users see it: writes, reads, leadership, and what ends it. */
import type { ProposeOutcome, RaftMessage } from 'raft-ts';
import test from 'ava';
import { bytesOf, Cluster, voters } from '#test/_support/raft-cluster';
import { isRaftError, memoryDisk, RaftNode } from 'raft-ts';
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
