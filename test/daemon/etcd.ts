/** Whole daemons of one cluster that keeps its state in a real etcd. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { saveBackup } from '#cli/backup-file-node';
import { nodeManager } from '#manager/manager-node';
import { InitRequest, JoinRequest, LeaveRequest, LocalService, LocalState } from '#proto';
import { NodeRole, Reachability } from '#proto';
import {
  awaitReady,
  backupOf,
  createService,
  info,
  nodes,
  serviceNames,
  setRole,
} from '../_support/daemon-cluster.ts';
import { EtcdCluster } from '../_support/etcd-cluster.ts';
import { poll } from '../_support/poll.ts';
import { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER, WORKER } = NodeRole;

interface World {
  readonly etcd: EtcdCluster;
  readonly store: string;
}

async function world(t: ExecutionContext, size: 1 | 3): Promise<World> {
  const etcd = await EtcdCluster.start(t, { size });
  await etcd.ready();
  return { etcd, store: `etcd://${etcd.endpoints.join(',')}/lab` };
}

async function found(t: ExecutionContext, flags: Readonly<Record<string, string>>) {
  const daemon = await TestDaemon.start(t, 'host1', nodeManager, flags);
  const { address } = daemon;
  const request = InitRequest.create({ advertiseAddress: address, listenAddress: address });
  const { tokens } = await daemon.call(LocalService.init, request);
  if (tokens === undefined) throw new Error('no tokens');
  return { daemon, tokens };
}

function joinTo(daemon: TestDaemon, to: TestDaemon, token: string) {
  const { address } = daemon;
  const own = { advertiseAddress: address, listenAddress: address };
  const request = JoinRequest.create({ token, remoteAddress: to.address, ...own });
  return daemon.call(LocalService.join, request);
}

/** host1, and others by their roles. */
async function cluster(
  t: ExecutionContext,
  { store }: World,
  roles: readonly NodeRole[],
): Promise<readonly TestDaemon[]> {
  const { daemon, tokens } = await found(t, { store });
  const others: TestDaemon[] = [];
  for (const [i, role] of roles.entries()) {
    const flags = role === MANAGER ? { store } : {};
    const other = await TestDaemon.start(t, `host${i + 2}`, nodeManager, flags);
    await joinTo(other, daemon, role === MANAGER ? tokens.manager : tokens.worker);
    others.push(other);
  }
  return [daemon, ...others];
}

test('managers on etcd answer for one another, and go on when the leader stops', async (t) => {
  const [one, two, three] = await cluster(t, await world(t, 3), [MANAGER, MANAGER]);
  if (one === undefined || two === undefined || three === undefined) return t.fail();
  const list = await awaitReady(one, 3);
  t.is(list.filter((node) => node.managerStatus?.isLeader).length, 1);
  await createService(two, 'a');
  for (const daemon of [one, two, three]) t.deepEqual(await serviceNames(daemon), ['a']);
  await one.stop();
  await poll('a write is accepted', () => createService(two, 'b').then(() => true));
  t.deepEqual(await serviceNames(three), ['a', 'b']);
  // One manager is enough: there is no quorum of managers.
  await two.stop();
  await poll('a write is accepted', () => createService(three, 'c').then(() => true));
  const left = await poll('two are missed', async () => {
    const seen = await nodes(three);
    const gone = seen.filter(
      ({ managerStatus }) => managerStatus?.reachability === Reachability.UNREACHABLE,
    );
    return gone.length === 2 && seen;
  });
  t.is(left.length, 3);
  await Promise.all([one.start(), two.start()]);
  await awaitReady(one, 3);
  t.deepEqual(await serviceNames(one), ['a', 'b', 'c']);
});

test('all at once stopped, and the etcd too: everything comes back', async (t) => {
  const { etcd, store } = await world(t, 1);
  const daemons = await cluster(t, { etcd, store }, [MANAGER, WORKER]);
  const [one] = daemons;
  if (one === undefined) return t.fail();
  await awaitReady(one, 3);
  await createService(one, 'kept');
  await Promise.all(daemons.map((daemon) => daemon.stop()));
  await etcd.kill(0);
  await Promise.all(daemons.map((daemon) => daemon.start()));
  await poll('it says what is wrong', async () =>
    /etcd does not answer/.test((await info(one)).error),
  );
  etcd.boot(0);
  await poll('it answers', () => serviceNames(one));
  t.deepEqual(await serviceNames(one), ['kept']);
  await awaitReady(one, 3);
});

test('a manager is demoted and promoted, the leader too, and one may leave', async (t) => {
  const made = await world(t, 1);
  const [one, two] = await cluster(t, made, [MANAGER]);
  if (one === undefined || two === undefined) return t.fail();
  await awaitReady(one, 2);
  const isRole = (daemon: TestDaemon, role: NodeRole) =>
    poll(`${daemon.name} has its role`, async () => (await info(daemon)).role === role);
  await setRole(two, 'host1', WORKER);
  await isRole(one, WORKER);
  await t.throwsAsync(nodes(one), { code: 'NOT_MANAGER' });
  await createService(two, 'a');
  await t.throwsAsync(setRole(two, 'host2', WORKER), {
    code: 'QUORUM_AT_RISK',
    message: /last manager/,
  });
  await setRole(two, 'host1', MANAGER);
  await isRole(one, MANAGER);
  await awaitReady(two, 2);
  t.deepEqual(await serviceNames(one), ['a']);
  await two.call(LocalService.leave, LeaveRequest.create({ force: true }));
  await poll('it is no manager any more', async () => {
    const node = (await nodes(one)).find((each) => each.description?.hostname === 'host2');
    return node?.managerStatus === undefined;
  });
  await createService(one, 'b');
});

test('a cluster of Raft is made again from its backup, in etcd', async (t) => {
  const { store } = await world(t, 1);
  const { daemon: one } = await found(t, {});
  await createService(one, 'kept');
  const path = join(one.directory, 'cluster.tsbackup');
  await saveBackup(path, backupOf(one));
  const { clusterId } = await info(one);
  await one.stop();
  const make = async (name: string): Promise<TestDaemon> => {
    const daemon = await TestDaemon.start(t, name, nodeManager, { store });
    const own = { advertiseAddress: daemon.address, listenAddress: daemon.address };
    const request = InitRequest.create({ ...own, restorePath: path });
    await daemon.call(LocalService.init, request);
    return daemon;
  };
  const two = await make('host2');
  t.deepEqual(await serviceNames(two), ['kept']);
  t.is((await info(two)).clusterId, clusterId);
  await createService(two, 'new');
  // Never over a state that is there.
  await t.throwsAsync(make('host3'), { message: /etcd holds a state of this cluster already/ });
  t.deepEqual(await serviceNames(two), ['kept', 'new']);
  await two.stop();
  await two.start();
  await poll('it answers', () => serviceNames(two));
  t.deepEqual(await serviceNames(two), ['kept', 'new']);
});

test('who keeps the state elsewhere is refused, and told what to do', async (t) => {
  const { store } = await world(t, 1);
  const { daemon: one, tokens } = await found(t, { store });
  const other = await TestDaemon.start(t, 'host2', nodeManager);
  await t.throwsAsync(joinTo(other, one, tokens.manager), {
    code: 'INVALID_ARGUMENT',
    message: /keep its state in 'etcd\/lab'.*this tesserad would in 'raft'.*--store/,
  });
  t.is((await info(other)).state, LocalState.INACTIVE);
  t.is((await nodes(one)).length, 1, 'nothing of it is left in the cluster');
  // As a worker it may; made a manager, it says what is missing.
  await joinTo(other, one, tokens.worker);
  await awaitReady(one, 2);
  await setRole(one, 'host2', MANAGER);
  const wrong = /keeps its state in etcd below \/lab.*started for the managers/;
  await poll('it says so', async () => wrong.test((await info(other)).error));
  await other.stop();
  other.flags = { store };
  await other.start();
  await awaitReady(one, 2);
  await poll('it answers as a manager', async () => (await nodes(other)).length === 2);

  await one.stop();
  one.flags = {};
  await one.start();
  await poll('it says so', async () => wrong.test((await info(one)).error));
  await one.stop();
  one.flags = { store };
  await one.start();
  await awaitReady(one, 2);
});

test('files of the store are checked when the daemon starts', async (t) => {
  const { etcd } = await world(t, 1);
  const daemon = await TestDaemon.start(t, 'host1', nodeManager);
  await daemon.stop();
  const auth = join(daemon.directory, 'auth');
  await writeFile(auth, 'root:secret\n', { mode: 0o644 });
  const store = `etcd://${etcd.endpoints[0]}`;
  daemon.flags = { store, 'store-auth': auth };
  await t.throwsAsync(daemon.start(), { message: /--store-auth .*: others than its owner/ });
  daemon.flags = { store, 'store-ca': '/nowhere.pem' };
  await t.throwsAsync(daemon.start(), { message: /--store-ca \/nowhere.pem: ENOENT/ });
  daemon.flags = {};
  await daemon.start();
  t.is((await info(daemon)).state, LocalState.INACTIVE);
});
