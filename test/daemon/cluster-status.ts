import test from 'ava';
import { ControlService, GetClusterStatusRequest, ManagerState, NodeRole } from '#proto';
import type { GetClusterStatusResponse } from '#proto';
import { awaitReady, cluster, createService } from '../_support/daemon-cluster.ts';
import { poll } from '../_support/poll.ts';
import type { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER, WORKER } = NodeRole;

const statusOf = (daemon: TestDaemon): Promise<GetClusterStatusResponse> =>
  daemon.call(ControlService.getClusterStatus, GetClusterStatusRequest.create());

const states = (status: GetClusterStatusResponse) =>
  status.managers.map(({ hostname, state }) => [hostname, state]);

test('any manager tells how each is doing, also when there is no quorum', async (t) => {
  const [one, two, three, four] = await cluster(t, [MANAGER, MANAGER, WORKER]);
  if (two === undefined || three === undefined || four === undefined) return t.fail();
  await awaitReady(one, 4);
  await createService(one, 'web');
  const whole = await poll('all are healthy', async () => {
    const status = await statusOf(two);
    return status.managers.every(({ problems }) => problems.length === 0) && status;
  });
  t.deepEqual(states(whole), [
    ['host1', ManagerState.LEADER],
    ['host2', ManagerState.FOLLOWER],
    ['host3', ManagerState.FOLLOWER],
  ]);
  t.is(whole.voters, 3);
  t.is(whole.votersReached, 3);
  t.is(whole.quorum, 2);
  for (const manager of whole.managers) {
    t.true(manager.commitIndex > 0 && manager.logBytes > 0 && manager.diskFreeBytes > 0);
    t.true(manager.fsyncMedianMs > 0);
    t.is(manager.version, '0.1.0');
  }
  await t.throwsAsync(statusOf(four), { code: 'NOT_MANAGER' });

  await one.stop();
  await two.stop();
  const rest = await poll('the others are missed', async () => {
    const status = await statusOf(three);
    return status.votersReached === 1 && status.leaderNodeId === '' && status;
  });
  t.is(rest.quorum, 2);
  t.deepEqual(states(rest).slice(0, 2), [
    ['host1', ManagerState.UNREACHABLE],
    ['host2', ManagerState.UNREACHABLE],
  ]);
  // Alone it waits, or asks for votes.
  const last = states(rest)[2]?.[1];
  t.true(last === ManagerState.FOLLOWER || last === ManagerState.CANDIDATE);
  t.regex(
    rest.managers[0]?.problems.join() ?? '',
    /^does not answer: nothing listens at its address/,
  );
  t.deepEqual(rest.managers[2]?.problems, ['knows no leader']);
});
