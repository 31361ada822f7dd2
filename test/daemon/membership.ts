import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { ControlService, InfoRequest, InitRequest, JoinRequest, LeaveRequest } from '#proto';
import { ListNodesRequest, LocalService, LocalState, NodeRole, NodeState } from '#proto';
import type { InitResponse, Node } from '#proto';
import { LeanManagers } from '../_support/lean-manager.ts';
import { poll } from '../_support/poll.ts';
import { TestDaemon } from '../_support/test-daemon.ts';

function init(daemon: TestDaemon): Promise<InitResponse> {
  const { address } = daemon;
  return daemon.call(
    LocalService.init,
    InitRequest.create({ advertiseAddress: address, listenAddress: address }),
  );
}

function joinTo(daemon: TestDaemon, remoteAddress: string, token: string) {
  const { address } = daemon;
  const request = { token, remoteAddress, advertiseAddress: address, listenAddress: address };
  return daemon.call(LocalService.join, JoinRequest.create(request));
}

async function nodes(daemon: TestDaemon): Promise<readonly Node[]> {
  const response = await daemon.call(ControlService.listNodes, ListNodesRequest.create());
  return response.nodes;
}

const ready = (list: readonly Node[]) =>
  list.filter((node) => node.status?.state === NodeState.READY);

test('a host makes a cluster, another joins it as a worker, both survive a restart', async (t) => {
  const managers = new LeanManagers();
  const one = await TestDaemon.start(t, 'one', managers.make);
  const two = await TestDaemon.start(t, 'two', managers.make);

  const made = await init(one);
  t.is(made.advertiseAddress, one.address);
  const joined = await joinTo(two, one.address, made.tokens?.worker ?? '');
  t.is(joined.role, NodeRole.WORKER);

  const list = await poll('both nodes ready', async () => {
    const present = await nodes(one);
    return ready(present).length === 2 && present;
  });
  const names = list.map((node) => node.description?.hostname ?? '');
  t.deepEqual(names.toSorted(), ['one', 'two']);

  const info = await two.call(LocalService.info, InfoRequest.create());
  t.is(info.state, LocalState.ACTIVE);
  t.is(info.nodeId, joined.nodeId);
  t.is(info.clusterId, made.clusterId);
  t.deepEqual(info.managerAddresses, [one.address]);

  for (const daemon of [one, two]) {
    await daemon.stop();
    await daemon.start();
  }
  const again = await poll('both nodes ready after a restart', async () => {
    const info = await one.call(LocalService.info, InfoRequest.create());
    const present = info.state === LocalState.ACTIVE ? await nodes(one) : [];
    return ready(present).length === 2 && present;
  });
  t.deepEqual(again.map((node) => node.id).toSorted(), list.map((node) => node.id).toSorted());
});

test('keys and the local socket are for root only', async (t) => {
  const one = await TestDaemon.start(t, 'one', new LeanManagers().make);
  await init(one);
  for (const path of [join(one.dataDirectory, 'certificates/node.pem'), one.socket])
    t.is((await stat(path)).mode & 0o777, 0o600, path);
  t.is((await stat(join(one.dataDirectory, 'certificates'))).mode & 0o777, 0o700);
});

test('outside a cluster and on a worker, the control API says what to do', async (t) => {
  const managers = new LeanManagers();
  const one = await TestDaemon.start(t, 'one', managers.make);
  const two = await TestDaemon.start(t, 'two', managers.make);
  await t.throwsAsync(nodes(one), {
    code: 'NOT_IN_CLUSTER',
    message: /^This node is not part of a cluster\. Use 'tsctl init' or 'tsctl join'/,
  });
  const made = await init(one);
  await joinTo(two, one.address, made.tokens?.worker ?? '');
  await t.throwsAsync(nodes(two), {
    code: 'NOT_MANAGER',
    message: /^This node is not a manager\. Worker nodes can't be used to view or modify/,
  });
});

test('a second init or join is refused, and so is leaving nothing', async (t) => {
  const one = await TestDaemon.start(t, 'one', new LeanManagers().make);
  const leave = (force: boolean) => one.call(LocalService.leave, LeaveRequest.create({ force }));
  await t.throwsAsync(leave(false), { code: 'NOT_IN_CLUSTER' });
  const made = await init(one);
  await t.throwsAsync(init(one), { code: 'ALREADY_IN_CLUSTER' });
  await t.throwsAsync(joinTo(one, one.address, made.tokens?.worker ?? ''), {
    code: 'ALREADY_IN_CLUSTER',
  });
});

test('a wrong token, another cluster and a wrong address leave the host as it was', async (t) => {
  const managers = new LeanManagers();
  const one = await TestDaemon.start(t, 'one', managers.make);
  const other = await TestDaemon.start(t, 'other', managers.make);
  const two = await TestDaemon.start(t, 'two', managers.make);
  const made = await init(one);
  const foreign = await init(other);
  const token = made.tokens?.worker ?? '';
  const guessed = `${token.slice(0, -4)}zzzz`;

  await t.throwsAsync(joinTo(two, one.address, 'abc'), { code: 'INVALID_TOKEN' });
  await t.throwsAsync(joinTo(two, one.address, guessed), { code: 'INVALID_TOKEN' });
  await t.throwsAsync(joinTo(two, one.address, foreign.tokens?.worker ?? ''), {
    code: 'WRONG_CA_DIGEST',
  });
  await t.throwsAsync(joinTo(two, 'nowhere:0', token), { code: 'INVALID_ARGUMENT' });
  const info = await two.call(LocalService.info, InfoRequest.create());
  t.is(info.state, LocalState.INACTIVE);
  t.is((await nodes(one)).length, 1);
  t.is(await one.metric('tessera_ca_refused_total', 'INVALID_TOKEN'), 1);
  t.true(one.lines.some((line) => line.startsWith('warn certificate refused')));

  await joinTo(two, one.address, token);
  t.is((await nodes(one)).length, 2);
});

test('a worker leaves and can join again as a new node', async (t) => {
  const managers = new LeanManagers();
  const one = await TestDaemon.start(t, 'one', managers.make);
  const two = await TestDaemon.start(t, 'two', managers.make);
  const made = await init(one);
  const token = made.tokens?.worker ?? '';
  const first = await joinTo(two, one.address, token);
  await two.call(LocalService.leave, LeaveRequest.create());
  const info = await two.call(LocalService.info, InfoRequest.create());
  t.is(info.state, LocalState.INACTIVE);
  await poll('the node that left is down', async () => {
    const left = (await nodes(one)).find((node) => node.id === first.nodeId);
    return left?.status?.state === NodeState.DOWN;
  });
  const second = await joinTo(two, one.address, token);
  t.not(second.nodeId, first.nodeId);
});

test('the last manager leaves only by force, and then everything is gone', async (t) => {
  const one = await TestDaemon.start(t, 'one', new LeanManagers().make);
  const made = await init(one);
  await t.throwsAsync(one.call(LocalService.leave, LeaveRequest.create()), {
    code: 'QUORUM_AT_RISK',
  });
  await one.call(LocalService.leave, LeaveRequest.create({ force: true }));
  const info = await one.call(LocalService.info, InfoRequest.create());
  t.is(info.state, LocalState.INACTIVE);
  const again = await init(one);
  t.not(again.clusterId, made.clusterId);
});
