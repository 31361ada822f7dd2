import test from 'ava';
import { LocalService, NodeRole, NodeState, UpdateAddressRequest } from '#proto';
import type { UpdateAddressResponse } from '#proto';
import { awaitReady, cluster, createService, info } from '../_support/daemon-cluster.ts';
import { nodeOf, serviceNames } from '../_support/daemon-cluster.ts';
import { poll } from '../_support/poll.ts';
import { freePort } from '../_support/free-port.ts';
import type { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER, WORKER } = NodeRole;

async function move(daemon: TestDaemon, host: string): Promise<string> {
  const address = `${host}:${await freePort()}`;
  const request = UpdateAddressRequest.create({
    advertiseAddress: address,
    listenAddress: address,
  });
  const answer: UpdateAddressResponse = await daemon.call(LocalService.updateAddress, request);
  if (answer.advertiseAddress !== address) throw new Error(answer.advertiseAddress);
  return address;
}

const addressOf = async (from: TestDaemon, name: string): Promise<string | undefined> =>
  (await nodeOf(from, name))?.managerStatus?.address;

test('a follower and the leader move, agents hear of it, and all survive a restart', async (t) => {
  const [one, two, three, four] = await cluster(t, [MANAGER, MANAGER, WORKER]);
  if (two === undefined || three === undefined || four === undefined) return t.fail();
  await awaitReady(one, 4);
  await createService(one, 'web');

  const second = await move(two, '127.0.0.2');
  await poll('the leader knows', async () => (await addressOf(one, 'host2')) === second);
  const first = await move(one, '127.0.0.3');
  await poll('the others know', async () => (await addressOf(three, 'host1')) === first);
  await awaitReady(three, 4);
  await poll('the worker has the new list', async () => {
    const { managerAddresses } = await info(four);
    return [first, second, three.address].every((one) => managerAddresses.includes(one));
  });
  await createService(two, 'after');
  t.deepEqual(await serviceNames(one), ['after', 'web']);

  await Promise.all([one, two, three, four].map((daemon) => daemon.stop()));
  await Promise.all([one, two, three, four].map((daemon) => daemon.start()));
  await awaitReady(one, 4);
  t.is((await info(one)).address, first);
  t.deepEqual(await serviceNames(two), ['after', 'web']);
});

test('the only manager moves, and a worker that was off is told where it is', async (t) => {
  const [one, two] = await cluster(t, [WORKER]);
  if (two === undefined) return t.fail();
  await awaitReady(one, 2);
  await two.stop();
  const address = await move(one, '127.0.0.4');
  t.is((await info(one)).address, address);
  await poll('the store knows', async () => (await addressOf(one, 'host1')) === address);
  await two.start();
  await poll('the worker is missed', async () => {
    const node = await nodeOf(one, 'host2');
    return node?.status?.state !== NodeState.READY;
  });
  const request = UpdateAddressRequest.create({ managerAddresses: [address] });
  await two.call(LocalService.updateAddress, request);
  await awaitReady(one, 2);
});

test('when the new address cannot be used, the old one stays', async (t) => {
  const [one, two] = await cluster(t, [MANAGER]);
  if (two === undefined) return t.fail();
  await awaitReady(one, 2);
  const request = (advertiseAddress: string, listenAddress: string) =>
    two.call(
      LocalService.updateAddress,
      UpdateAddressRequest.create({ advertiseAddress, listenAddress }),
    );
  await t.throwsAsync(request('127.0.0.1:1', one.address), {
    code: 'FAILED_PRECONDITION',
    message: /could not listen/,
  });
  await t.throwsAsync(request('nowhere', ''), { code: 'INVALID_ARGUMENT' });
  t.is((await info(two)).address, two.address);
  await awaitReady(one, 2);
  await createService(two, 'web');
});
