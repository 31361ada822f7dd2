import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import test from 'ava';
import { Channels } from '#daemon/channels-node';
import { encodeFrame } from '#manager/replication/raft-frames';
import { ControlService, GetJoinTokensRequest, JoinRequest, LeaveRequest } from '#proto';
import { ListNodesRequest, LocalService, LocalState, NodeRole, NodeState } from '#proto';
import { RaftJoinRequest, RaftMembershipService, RemoveNodeRequest } from '#proto';
import type { Node } from '#proto';
import { callUnary } from '#proto/rpc';
import { awaitReady, byText, cluster, createService, info } from '../_support/daemon-cluster.ts';
import { nodeOf, nodes, serviceNames, setRole } from '../_support/daemon-cluster.ts';
import { poll } from '../_support/poll.ts';
import type { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER, WORKER } = NodeRole;

const ids = (list: readonly Node[]) => list.map(({ id }) => id).toSorted(byText);

test('managers join through one another, and each answers for the cluster', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  await createService(two, 'web');
  for (const daemon of [one, two, three]) t.deepEqual(await serviceNames(daemon), ['web']);
  const leaders = (await nodes(three)).filter((node) => node.managerStatus?.isLeader);
  t.is(leaders.length, 1);
  t.true((await info(one)).isLeader);
  t.is((await info(three)).leaderId, leaders[0]?.id ?? 'none');
  t.true((await two.metric('tessera_rpc_forwarded_total', 'CreateService')) >= 1);
});

test('when the leader goes, the others go on; when it is back it follows', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  await createService(one, 'before');
  await one.stop();
  await createService(two, 'after');
  t.deepEqual(await serviceNames(three), ['after', 'before']);
  await one.start();
  await awaitReady(two, 3);
  t.deepEqual(await serviceNames(one), ['after', 'before']);
  t.false((await info(one)).isLeader);
});

test('a whole cluster that stopped comes back by itself', async (t) => {
  const daemons = await cluster(t, [MANAGER, MANAGER, WORKER]);
  const [one] = daemons;
  const before = await awaitReady(one, 4);
  await createService(one, 'web');
  await Promise.all(daemons.map((daemon) => daemon.stop()));
  await Promise.all(daemons.map((daemon) => daemon.start()));
  const after = await awaitReady(one, 4);
  t.deepEqual(ids(after), ids(before));
  t.deepEqual(await serviceNames(one), ['web']);
});

test('a worker is promoted, a manager is demoted, and the leader too', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, WORKER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  const isRole = (daemon: TestDaemon, role: NodeRole) =>
    poll(`${daemon.name} has its role`, async () => (await info(daemon)).role === role);

  await setRole(one, 'host3', MANAGER);
  await isRole(three, MANAGER);
  await poll('the promoted one answers', async () => (await nodes(three)).length === 3);
  await awaitReady(one, 3);

  await setRole(three, 'host1', WORKER);
  await isRole(one, WORKER);
  await t.throwsAsync(nodes(one), { code: 'NOT_MANAGER' });
  const list = await awaitReady(two, 3);
  const former = list.find((node) => node.description?.hostname === 'host1');
  t.is(former?.role, WORKER);
  t.is(former?.managerStatus, undefined);
  await poll('its log is gone', async () => !(await readdir(one.dataDirectory)).includes('raft'));

  await setRole(two, 'host1', MANAGER);
  await isRole(one, MANAGER);
  await awaitReady(two, 3);
  t.is((await nodes(one)).length, 3);
});

test('a manager that was demoted and promoted again while it was away joins anew', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  await three.stop();
  await setRole(one, 'host3', WORKER);
  await poll('Raft has let it go', async () => {
    const node = (await nodes(one)).find((each) => each.description?.hostname === 'host3');
    return node?.role === WORKER && node.managerStatus === undefined;
  });
  await setRole(one, 'host3', MANAGER);
  await createService(one, 'meanwhile');
  await three.start();
  await poll('it answers as a manager', async () =>
    (await serviceNames(three)).includes('meanwhile'),
  );
  const node = await poll('it is a member again', async () =>
    (await nodes(one)).find(
      (each) => each.description?.hostname === 'host3' && each.managerStatus !== undefined,
    ),
  );
  t.is(node.role, MANAGER);
});

test('a manager that is demoted and promoted again at once is one in the end', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  for (let round = 0; round < 3; round++) {
    await setRole(one, 'host3', WORKER);
    await setRole(one, 'host3', MANAGER);
  }
  await createService(one, 'after');
  const node = await poll('it is a member', async () => {
    const seen = (await nodes(one)).find((each) => each.description?.hostname === 'host3');
    const names = await serviceNames(three);
    return seen?.managerStatus !== undefined && names.includes('after') ? seen : undefined;
  });
  t.is(node.role, MANAGER);
});

test('demoting or losing the quorum by leaving is refused', async (t) => {
  const [one, two] = await cluster(t, [MANAGER]);
  if (two === undefined) return t.fail();
  await awaitReady(one, 2);
  await t.throwsAsync(two.call(LocalService.leave, LeaveRequest.create()), {
    message: /manager/,
  });
  await setRole(one, 'host2', WORKER);
  await poll('the second is a worker', async () => (await info(two)).role === WORKER);
  const refused = { code: 'QUORUM_AT_RISK', message: /last manager/ };
  await t.throwsAsync(setRole(one, 'host1', WORKER), refused);
  await t.throwsAsync(one.call(LocalService.leave, LeaveRequest.create()), refused);
});

test('a manager that leaves by force is out of the members, and its quorum with it', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  for (const daemon of [three, two]) {
    await daemon.call(LocalService.leave, LeaveRequest.create({ force: true }));
    t.is((await info(daemon)).state, LocalState.INACTIVE);
    await poll('it is down, and no member', async () => {
      const node = await nodeOf(one, daemon.name);
      return node?.status?.state === NodeState.DOWN && node.managerStatus === undefined;
    });
  }
  await createService(one, 'alone');
  t.deepEqual(await serviceNames(one), ['alone']);
});

test('a removed node is shut out, and can come back only as a new one', async (t) => {
  const [one, two] = await cluster(t, [WORKER]);
  if (two === undefined) return t.fail();
  await awaitReady(one, 2);
  const { id } = (await nodeOf(one, 'host2')) ?? { id: '' };
  const remove = (force: boolean) =>
    one.call(ControlService.removeNode, RemoveNodeRequest.create({ ref: id, force }));
  await t.throwsAsync(remove(false), { code: 'FAILED_PRECONDITION' });
  await remove(true);
  await poll('it is refused', async () => {
    const refused = await one.metric('tessera_tls_refused_total', 'removed');
    return refused > 0;
  });
  t.is((await nodes(one)).length, 1);
  await two.call(LocalService.leave, LeaveRequest.create({ force: true }));
  const { tokens } = await one.call(ControlService.getJoinTokens, GetJoinTokensRequest.create());
  const joined = await two.call(
    LocalService.join,
    JoinRequest.create({
      token: tokens?.worker ?? '',
      remoteAddress: one.address,
      advertiseAddress: two.address,
      listenAddress: two.address,
    }),
  );
  t.not(joined.nodeId, id);
  await awaitReady(one, 2);
});

test('what a removed node has open ends at once', async (t) => {
  const [one, two] = await cluster(t, [WORKER]);
  if (two === undefined) return t.fail();
  await awaitReady(one, 2);
  const channels = new Channels(await two.material());
  t.teardown(() => channels.close());
  const socket = channels.socketFor(one.address);
  const isOpen = new Promise<void>((resolve) => socket.once('connect', resolve));
  const isClosed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined).resume();
  await isOpen;
  const { id } = (await nodeOf(one, 'host2')) ?? { id: '' };
  await one.call(ControlService.removeNode, RemoveNodeRequest.create({ ref: id, force: true }));
  const removedAt = performance.now();
  await isClosed;
  // The regular look is every 10 s.
  t.true(performance.now() - removedAt < 5_000);
});

test('a manager that was demoted cannot speak in Raft with the certificate it had', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  const channels = new Channels(await three.material());
  t.teardown(() => channels.close());
  // Certificates know whole seconds: its own has to be of an earlier one.
  const made = performance.now();
  await poll('a second has passed', () => performance.now() - made > 2_100);
  const link = (): Promise<string> => sayInRaft(channels.socketFor(one.address));
  t.is(await link(), 'open');
  await setRole(one, 'host3', WORKER);
  await poll('it is a worker', async () => (await info(three)).role === WORKER);
  t.is(await link(), 'closed');
});

test("a worker's certificate opens no control API, which is logged and counted", async (t) => {
  const [one, two] = await cluster(t, [WORKER]);
  if (two === undefined) return t.fail();
  const channels = new Channels(await two.material());
  t.teardown(() => channels.close());
  const client = channels.channelFor(one.address);
  const deadline = { deadlineMs: 10_000 };
  await t.throwsAsync(
    callUnary(client, ControlService.getJoinTokens, GetJoinTokensRequest.create(), deadline),
    { code: 'PERMISSION_DENIED' },
  );
  await t.throwsAsync(
    callUnary(client, ControlService.listNodes, ListNodesRequest.create(), deadline),
    { code: 'PERMISSION_DENIED' },
  );
  t.is(await one.metric('tessera_control_refused_total'), 2);
  t.true(one.lines.some((line) => line.startsWith('warn') && /refused/.test(line)));
  await t.throwsAsync(
    callUnary(
      client,
      RaftMembershipService.join,
      RaftJoinRequest.create({ address: two.address, raftId: 7 }),
      deadline,
    ),
    { code: 'PERMISSION_DENIED' },
  );
});

/** Sends an empty batch on a link of Raft; what has become of the link half a second later. */
async function sayInRaft(socket: Socket): Promise<string> {
  let state = 'open';
  socket.on('error', () => undefined).resume();
  socket.once('close', () => {
    state = 'closed';
  });
  await once(socket, 'secureConnect');
  socket.write(encodeFrame([]));
  const sentAt = performance.now();
  await poll(
    'the link has had its time',
    () => state === 'closed' || performance.now() - sentAt > 500,
  );
  socket.destroy();
  return state;
}
