/** Managers and etcd members that fail, against a real etcd of three members. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { ReplicateOutcome } from '#manager';
import { keysOf } from '#manager/etcd/keys';
import { EtcdCluster } from '../../_support/etcd-cluster.ts';
import { bytes, clusterId, leaderOf, startManager } from '../../_support/etcd-world.ts';
import { startManagers } from '../../_support/etcd-world.ts';
import type { EtcdManager } from '../../_support/etcd-world.ts';
import { poll } from '../../_support/poll.ts';

const keys = keysOf('tessera', clusterId);

const propose = (manager: EtcdManager, text: string): Promise<ReplicateOutcome> =>
  manager.replicator.propose(bytes(text));

/** Writes through whoever leads until it is committed; a fresh text for each attempt. */
async function write(managers: readonly EtcdManager[], text: string): Promise<string> {
  let attempt = 0;
  return poll(`a write of ${text}`, async () => {
    const leader = managers.find(({ replicator }) => replicator.isLeader());
    if (leader === undefined) return undefined;
    const own = `${text}/${attempt++}`;
    const outcome = await propose(leader, own);
    return outcome.kind === 'committed' && own;
  });
}

/** All have applied the same, and what was acknowledged is in it in its order. */
async function agree(
  t: ExecutionContext,
  managers: readonly EtcdManager[],
  written: readonly string[],
): Promise<void> {
  await poll('all agree', async () => {
    for (const { replicator } of managers) await replicator.readBarrier();
    const [first = ''] = managers.map(({ state }) => JSON.stringify(state.applied));
    return managers.every(({ state }) => JSON.stringify(state.applied) === first);
  });
  const texts = managers[0]?.state.texts ?? [];
  t.deepEqual(
    texts.filter((text) => written.includes(text)),
    written,
  );
}

test.serial('a leader that stops is followed at once', async (t) => {
  const etcd = await EtcdCluster.start(t, { size: 3 });
  await etcd.ready();
  const managers = await startManagers(t, etcd, 3);
  const written = [await write(managers, 'a')];
  const first = await leaderOf(managers);
  await first.replicator.stop();
  const rest = managers.filter((manager) => manager !== first);
  const startedAt = performance.now();
  written.push(await write(rest, 'b'));
  t.true(
    performance.now() - startedAt < 4_000,
    'nobody waits for the lease of one that said goodbye',
  );
  const status = (await leaderOf(rest)).replicator.status();
  t.deepEqual(
    status.members.map(({ raftId }) => raftId),
    [1, 2, 3],
  );
  await poll('it is missed', () => {
    const member = rest[0]?.replicator.status().members.find((one) => one.raftId === first.raftId);
    return member?.isReachable === false;
  });
  await agree(t, rest, written);
});

test.serial('leadership is handed over to another one, in a new term', async (t) => {
  const etcd = await EtcdCluster.start(t, { size: 1 });
  await etcd.ready();
  const managers = await startManagers(t, etcd, 2);
  const first = await leaderOf(managers);
  const { term } = first.replicator.status();
  t.false(await first.replicator.transferLeadership(99), 'not to one that does not run');
  t.true(await first.replicator.transferLeadership(first.raftId === 1 ? 2 : 1));
  t.false(first.replicator.isLeader());
  const next = await leaderOf(managers);
  t.not(next, first);
  t.true(next.replicator.status().term > term);
  t.is((await propose(first, 'late')).kind, 'rejected');
  await agree(t, managers, [await write(managers, 'a')]);
});

test.serial('whoever was replaced and has not heard of it gets nothing written', async (t) => {
  const etcd = await EtcdCluster.start(t, { size: 1 });
  await etcd.ready();
  const [old, other] = await startManagers(t, etcd, 2);
  if (old === undefined || other === undefined) return t.fail();
  await write([old], 'a');
  // The key is taken from under it by someone else, and its proposal is sent before the watch tells.
  const client = etcd.client();
  t.teardown(() => client.close());
  const taken = client.transact({
    when: [],
    changes: [{ kind: 'delete', key: keys.leader }],
    otherwise: [],
  });
  const outcomes = Array.from({ length: 50 }, (_, i) => propose(old, `stale ${i}`));
  await taken;
  const known = await Promise.all(outcomes);
  t.true(known.every(({ kind }) => kind !== 'unknown'));
  const committed = known.filter(({ kind }) => kind === 'committed').length;
  await write([old, other], 'b');
  await agree(t, [old, other], []);
  t.is(old.state.texts.filter((text) => text.startsWith('stale')).length, committed);
});

test.serial('one member of etcd is lost, its leader too: writes go on', async (t) => {
  const etcd = await EtcdCluster.start(t, { size: 3 });
  await etcd.ready();
  const managers = await startManagers(t, etcd, 2);
  const written = [await write(managers, 'before')];
  for (let round = 0; round < 2; round++) {
    const lost = await etcd.leader();
    await etcd.kill(lost);
    written.push(await write(managers, `without ${round}`));
    etcd.boot(lost);
    await etcd.ready();
    written.push(await write(managers, `with ${round}`));
  }
  await agree(t, managers, written);
});

test.serial('a member of etcd that hangs is passed by', async (t) => {
  const etcd = await EtcdCluster.start(t, { size: 3 });
  await etcd.ready();
  const managers = await startManagers(t, etcd, 2);
  const written: string[] = [];
  for (const at of [0, 1, 2]) {
    etcd.signal(at, 'SIGSTOP');
    written.push(await write(managers, `without ${at}`));
    await agree(t, managers, written);
    etcd.signal(at, 'SIGCONT');
    await etcd.ready();
  }
});

test.serial('without a majority of etcd nothing is acknowledged, and then it heals', async (t) => {
  const etcd = await EtcdCluster.start(t, { size: 3 });
  await etcd.ready();
  const managers = await startManagers(t, etcd, 2);
  const written = [await write(managers, 'before')];
  const leader = await leaderOf(managers);
  await Promise.all([etcd.kill(1), etcd.kill(2)]);
  const outcome = await propose(leader, 'in doubt');
  t.is(outcome.kind, 'unknown');
  t.false(leader.replicator.isLeader(), 'it stops leading before its lease can have ended');
  t.is(leader.replicator.status().leader, undefined);
  await t.throwsAsync(leader.replicator.readBarrier(), {
    code: 'UNAVAILABLE',
    message: /etcd does not answer/,
  });
  t.is((await propose(leader, 'refused')).kind, 'rejected');
  etcd.boot(1);
  etcd.boot(2);
  await etcd.ready();
  written.push(await write(managers, 'after'));
  await agree(t, managers, written);
  t.false(leader.state.texts.includes('refused'));
});

test.serial(
  'a manager that comes back has all, and leads at once with its own stale lease',
  async (t) => {
    const etcd = await EtcdCluster.start(t, { size: 1 });
    await etcd.ready();
    const first = await startManager(t, etcd, 1);
    await leaderOf([first]);
    const written = [await write([first], 'a')];
    // A second process of the same manager, as after `kill -9`: the first one's lease still lives.
    const again = await startManager(t, etcd, 1);
    const startedAt = performance.now();
    await leaderOf([again]);
    t.true(performance.now() - startedAt < 3_000);
    written.push(await write([again], 'b'));
    await poll('the former one has heard', () => !first.replicator.isLeader());
    await agree(t, [again], written);
  },
);
