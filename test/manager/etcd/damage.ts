/** What stands in etcd: snapshots, history that is gone, a full database, damaged bytes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { entryBytesMax } from '#manager';
import { keysOf } from '#manager/etcd/keys';
import { EtcdCluster, runCommand } from '../../_support/etcd-cluster.ts';
import { bytes, clusterId, leaderOf, startManager } from '../../_support/etcd-world.ts';
import { startManagers } from '../../_support/etcd-world.ts';
import type { EtcdManager, Recorder } from '../../_support/etcd-world.ts';
import { poll } from '../../_support/poll.ts';

const keys = keysOf('tessera', clusterId);

async function alone(t: ExecutionContext, args: readonly string[] = []): Promise<EtcdCluster> {
  const etcd = await EtcdCluster.start(t, { size: 1, args });
  await etcd.ready();
  return etcd;
}

async function write(manager: EtcdManager, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const { kind } = await manager.replicator.propose(bytes(text));
    if (kind !== 'committed') throw new Error(`${text}: ${kind}`);
  }
}

/** By whoever leads at the moment: a restart of etcd may take so long that the lease is not certain any more. */
async function writeByLeader(managers: readonly EtcdManager[], texts: string[]): Promise<void> {
  for (const text of texts) {
    const outcome = await poll(`${text} is written`, async () => {
      const { replicator } = await leaderOf(managers);
      const tried = await replicator.propose(bytes(text));
      return tried.kind === 'rejected' && tried.isLeadershipLost ? undefined : tried;
    });
    if (outcome.kind !== 'committed') throw new Error(`${text}: ${outcome.kind}`);
  }
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** What the log has now. */
async function logged(t: ExecutionContext, etcd: EtcdCluster): Promise<readonly string[]> {
  const client = etcd.client();
  t.teardown(() => client.close());
  const { items } = await client.range(keys.logRange(0, 1_000_000));
  return items.map(({ key }) => key);
}

test('snapshots take the place of the log, and a newcomer reads one', async (t) => {
  const etcd = await alone(t);
  const limits = { snapshotEntries: 20, keepEntries: 5 };
  const first = await startManager(t, etcd, 1, limits);
  await leaderOf([first]);
  for (let round = 0; round < 3; round++) {
    await write(first, numbered(`r${round}/`, 25));
    await poll('the log is short', async () => (await logged(t, etcd)).length <= 25);
  }
  const client = etcd.client();
  t.teardown(() => client.close());
  const parts = await client.range({ start: keys.snapshotParts('').start.slice(0, -1), end: '0' });
  t.true(
    parts.items.every(({ key }) => !key.includes('/snapshot/20-')),
    'old ones are deleted',
  );
  const again = await startManager(t, etcd, 1, limits);
  t.is(again.state.restores, 1);
  t.deepEqual(again.state.applied, first.state.applied);
});

test('history that etcd has compacted is not missed', async (t) => {
  const etcd = await alone(t);
  const managers = await startManagers(t, etcd, 2);
  const leader = await leaderOf(managers);
  const other = managers.find((manager) => manager !== leader);
  if (other === undefined) return t.fail();
  for (let round = 0; round < 3; round++) {
    await writeByLeader(managers, numbered(`r${round}/`, 20));
    // Nothing of the history is left but the present; both managers' watches are cut at once.
    await runCommand('etcdctl', [`--endpoints=${etcd.endpoints[0]}`, 'put', 'x', 'x']);
    const status = await runCommand('etcdctl', [
      `--endpoints=${etcd.endpoints[0]}`,
      ...['endpoint', 'status', '--write-out=json'],
    ]);
    const [one] = JSON.parse(status) as { Status: { header: { revision: number } } }[];
    const revision = String(one?.Status.header.revision);
    await etcd.kill(0);
    etcd.boot(0);
    await etcd.ready();
    await runCommand('etcdctl', [`--endpoints=${etcd.endpoints[0]}`, 'compact', revision]);
    await leaderOf(managers);
  }
  await writeByLeader(managers, ['last']);
  for (const { replicator } of managers) await replicator.readBarrier();
  t.deepEqual(other.state.applied, leader.state.applied);
  t.is(leader.state.applied.length, 61);
});

test('the largest entry fits, and one that etcd will not take is refused whole', async (t) => {
  const etcd = await alone(t);
  const manager = await startManager(t, etcd, 1);
  await leaderOf([manager]);
  const largest = await manager.replicator.propose(new Uint8Array(entryBytesMax).fill(0x61));
  t.is(largest.kind, 'committed');

  const small = await alone(t, ['--max-request-bytes', '100000']);
  const other = await startManager(t, small, 1);
  await leaderOf([other]);
  const refused = await other.replicator.propose(new Uint8Array(200_000));
  if (refused.kind !== 'rejected') return t.fail(refused.kind);
  t.false(refused.isLeadershipLost);
  t.regex(refused.reason, /--max-request-bytes/);
  await write(other, ['goes on']);
  t.deepEqual(other.state.texts, ['goes on']);
});

test('a full etcd refuses writes in so many words, and goes on when there is room', async (t) => {
  const etcd = await alone(t, ['--quota-backend-bytes', '8000000']);
  const manager = await startManager(t, etcd, 1);
  await leaderOf([manager]);
  const large = new Uint8Array(1_000_000).fill(0x61);
  const refused = await poll('it is full', async () => {
    const outcome = await manager.replicator.propose(large);
    return outcome.kind !== 'committed' && outcome;
  });
  if (refused.kind !== 'rejected') return t.fail(refused.kind);
  t.regex(refused.reason, /etcd is full.*alarm disarm/);
  t.true(manager.replicator.isLeader(), 'reads go on');
  await manager.replicator.readBarrier();
  const control = (...args: string[]): Promise<string> =>
    runCommand('etcdctl', [`--endpoints=${etcd.endpoints[0]}`, ...args]);
  await control('del', '--prefix', keys.logRange(0, 3).start.slice(0, -1));
  const status = await control('endpoint', 'status', '--write-out=json');
  const [one] = JSON.parse(status) as { Status: { header: { revision: number } } }[];
  await control('compact', '--physical', String(one?.Status.header.revision));
  await control('defrag');
  await control('alarm', 'disarm');
  const outcome = await poll('it takes writes', async () => {
    const next = await manager.replicator.propose(bytes('room'));
    return next.kind === 'committed' && next;
  });
  t.is(outcome.kind, 'committed');
});

test('bytes that were changed are found out, by who reads them and by who watches', async (t) => {
  const etcd = await alone(t);
  const manager = await startManager(t, etcd, 1);
  await leaderOf([manager]);
  await write(manager, ['a', 'b', 'c']);
  const client = etcd.client();
  t.teardown(() => client.close());
  const put = async (key: string, change: (value: Uint8Array) => Uint8Array): Promise<void> => {
    const [item] = (await client.range(key)).items;
    const value = change(Uint8Array.from(item?.value ?? []));
    await client.transact({ when: [], changes: [{ kind: 'put', key, value }], otherwise: [] });
  };
  const flip = (value: Uint8Array): Uint8Array => value.with(13, (value[13] ?? 0) ^ 1);
  await put(keys.log(2), flip);
  const damaged = { code: 'DATA_LOSS', message: /entry 2 does not match/ };
  await t.throwsAsync(startManager(t, etcd, 1), damaged);
  await poll('the watching one has stopped', () => manager.failures.length === 1);
  t.is(manager.failures[0]?.code, 'DATA_LOSS');
  t.false(manager.replicator.isLeader());
  t.is((await manager.replicator.propose(bytes('d'))).kind, 'rejected');
  await t.throwsAsync(manager.replicator.readBarrier(), { code: 'DATA_LOSS' });
  await put(keys.log(2), flip);
  await put(keys.head, () => bytes('{'));
  await t.throwsAsync(startManager(t, etcd, 1), { code: 'DATA_LOSS', message: /key 'head'/ });
  await put(keys.head, () => bytes('{"version":5,"proposal":""}'));
  await t.throwsAsync(startManager(t, etcd, 1), {
    code: 'DATA_LOSS',
    message: /entry 4 is missing/,
  });
});

test('a snapshot that lacks a part is refused', async (t) => {
  const etcd = await alone(t);
  const limits = { snapshotEntries: 200, keepEntries: 1 };
  const manager = await startManager(t, etcd, 1, limits);
  await leaderOf([manager]);
  await write(manager, numbered('a', 201));
  const client = etcd.client();
  t.teardown(() => client.close());
  const info = await poll('there is a snapshot', async () => {
    const [item] = (await client.range(keys.snapshot)).items;
    return item && (JSON.parse(new TextDecoder().decode(item.value)) as { name: string });
  });
  const { items } = await client.range(keys.snapshotParts(info.name));
  t.true(items.length > 2);
  const key = items[1]?.key ?? '';
  await client.transact({ when: [], changes: [{ kind: 'delete', key }], otherwise: [] });
  await t.throwsAsync(startManager(t, etcd, 1, limits), {
    code: 'DATA_LOSS',
    message: /the snapshot at 200 has/,
  });
});

test('an etcd that holds no such cluster, or does not answer, is told as such', async (t) => {
  const etcd = await alone(t);
  await t.throwsAsync(startManager(t, etcd, 2), {
    code: 'FAILED_PRECONDITION',
    message: /etcd holds nothing of this cluster/,
  });
  await etcd.kill(0);
  await t.throwsAsync(startManager(t, etcd, 2), {
    code: 'UNAVAILABLE',
    message: /^etcd does not answer/,
  });
});

test('a cluster begins with the state of a backup, but never over one that is there', async (t) => {
  const etcd = await alone(t);
  const state = [{ version: 40, text: 'restored' }];
  const seed = {
    index: 41,
    image: async function* () {
      yield bytes(JSON.stringify(state));
    },
  };
  const manager = await startManager<Recorder>(t, etcd, 7, {}, undefined, seed);
  await leaderOf([manager]);
  t.deepEqual(manager.state.applied, state);
  const outcome = await manager.replicator.propose(bytes('next'));
  t.deepEqual(outcome, { kind: 'committed', version: 42 });
  await t.throwsAsync(startManager(t, etcd, 8, {}, undefined, seed), {
    code: 'ALREADY_EXISTS',
    message: /etcdctl del --prefix \/tessera\/cluster-1\//,
  });
  const again = await startManager(t, etcd, 7);
  t.deepEqual(again.state.texts, ['restored', 'next']);
});

test('an etcd that was put back to an earlier state is noticed, and followed from there', async (t) => {
  const etcd = await alone(t);
  const managers = await startManagers(t, etcd, 2);
  const leader = await leaderOf(managers);
  await write(leader, ['kept']);
  const directory = await mkdtemp(join(tmpdir(), 'tessera-etcd-backup-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const backup = join(directory, 'backup.db');
  await runCommand('etcdctl', [`--endpoints=${etcd.endpoints[0]}`, 'snapshot', 'save', backup]);
  await write(leader, numbered('lost', 20));
  await etcd.kill(0);
  await etcd.restore(0, backup);
  etcd.boot(0);
  await poll('both have noticed', () => managers.every(({ failures }) => failures.length === 1));
  for (const { failures, replicator } of managers) {
    t.is(failures[0]?.code, 'DATA_LOSS');
    t.regex(failures[0]?.message ?? '', /etcd has gone back/);
    t.is((await replicator.propose(bytes('never'))).kind, 'rejected');
  }
  const again = await startManager(t, etcd, leader.raftId);
  await leaderOf([again]);
  await write(again, ['new']);
  t.deepEqual(again.state.texts, ['kept', 'new']);
});
