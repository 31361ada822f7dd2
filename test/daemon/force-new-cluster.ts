import test from 'ava';
import { readNodeCertificate } from '#manager/ca/certificates-node';
import { nodeManager } from '#manager/manager-node';
import { InitRequest, JoinRequest, LocalService, LocalState, NodeRole } from '#proto';
import { NodeState } from '#proto';
import type { InitResponse } from '#proto';
import { awaitReady, cluster, createService, info } from '../_support/daemon-cluster.ts';
import { nodeOf, nodes, serviceNames, setRole } from '../_support/daemon-cluster.ts';
import { poll } from '../_support/poll.ts';
import { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER, WORKER } = NodeRole;
const dayMs = 24 * 3_600_000;

const force = (daemon: TestDaemon, isForced = false): Promise<InitResponse> =>
  daemon.call(LocalService.init, InitRequest.create({ forceNewCluster: true, force: isForced }));

const awaitNoLeader = (daemon: TestDaemon): Promise<unknown> =>
  poll('the leader is missed', async () => (await info(daemon)).leaderId === '');

test('a survivor of three managers goes on alone with everything it had', async (t) => {
  const [one, two, three, four] = await cluster(t, [MANAGER, MANAGER, WORKER]);
  if (two === undefined || three === undefined || four === undefined) return t.fail();
  await awaitReady(one, 4);
  await createService(one, 'web');
  await poll('the follower has it', async () => (await serviceNames(three)).includes('web'));
  await t.throwsAsync(force(three), {
    code: 'FAILED_PRECONDITION',
    message: /3 of 3 managers can be reached and 2 are needed/,
  });
  await t.throwsAsync(force(four), { code: 'NOT_MANAGER' });
  const { clusterId } = await info(three);
  await one.stop();
  await two.stop();
  await awaitNoLeader(three);

  const made = await force(three);
  t.is(made.clusterId, clusterId);
  t.regex(made.notes.join('\n'), /everything up to entry \d+ of term \d+, made at 20/);
  t.regex(made.notes.join('\n'), /Workers now: host1, host2\./);
  t.deepEqual(await serviceNames(three), ['web']);
  await createService(three, 'after');
  await poll('the worker follows', async () => {
    const node = await nodeOf(three, 'host4');
    return node?.status?.state === NodeState.READY;
  });

  await three.stop();
  await three.start();
  t.is((await info(three)).role, MANAGER);
  await poll('it leads', async () => (await info(three)).isLeader);
  await createService(three, 'restarted');

  // One of the others comes back: it hears what it is, and can be promoted again.
  await two.start();
  await poll('it has stepped down', async () => (await info(two)).role === WORKER);
  await setRole(three, 'host2', MANAGER);
  await poll('it is a manager again', async () => {
    const node = await nodeOf(three, 'host2');
    return node?.managerStatus !== undefined && (await info(two)).role === MANAGER;
  });
  await poll('and has everything', async () => (await serviceNames(two)).length === 3);
  await one.start();
  await poll('the first has stepped down, too', async () => (await info(one)).role === WORKER);
  t.deepEqual(await serviceNames(three), ['after', 'restarted', 'web']);
  t.is((await nodes(three)).length, 4);
});

test('it works when the certificates have run out while all was off', async (t) => {
  const windowMs = 25_000;
  const shiftMs = windowMs - 90 * dayMs;
  const one = await TestDaemon.start(t, 'host1', nodeManager, {}, shiftMs);
  const two = await TestDaemon.start(t, 'host2', nodeManager, {}, shiftMs);
  const at = (daemon: TestDaemon) => ({
    advertiseAddress: daemon.address,
    listenAddress: daemon.address,
  });
  const init = await one.call(LocalService.init, InitRequest.create(at(one)));
  const token = init.tokens?.manager ?? '';
  const join = { ...at(two), token, remoteAddress: one.address };
  await two.call(LocalService.join, JoinRequest.create(join));
  await createService(one, 'web');
  await poll('the follower has it', async () => (await serviceNames(two)).includes('web'));
  const certificate = readNodeCertificate((await two.material()).certificatePem);
  for (const daemon of [one, two]) await daemon.stop();
  await poll('the certificates have run out', () => Date.now() > certificate.notAfterMs + 1_000);

  two.clockShiftMs = 0;
  await two.start();
  await awaitNoLeader(two);
  const made = await force(two);
  t.regex(made.notes.join('\n'), /Workers now: host1\./);
  t.deepEqual(await serviceNames(two), ['web']);
  t.is((await info(two)).state, LocalState.ACTIVE);
  t.true(readNodeCertificate((await two.material()).certificatePem).notAfterMs > Date.now());
  await poll('its own agent is in', async () => {
    const node = await nodeOf(two, 'host2');
    return node?.status?.state === NodeState.READY;
  });
});

test('a leader is cut off from a healthy group by --force only, and stays so', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  const made = await force(one, true);
  t.regex(made.notes.join('\n'), /This node is now the only manager/);
  await createService(one, 'alone');
  await createService(two, 'apart');
  t.deepEqual(await serviceNames(one), ['alone']);
  t.deepEqual(await serviceNames(three), ['apart']);
  t.true((await info(one)).isLeader);
  t.deepEqual((await nodes(one)).filter((node) => node.managerStatus).length, 1);
});
