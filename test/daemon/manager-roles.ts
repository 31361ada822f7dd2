/** Managers that are demoted, removed and promoted, alive and dead: what Swarm's users rely on. */
import test from 'ava';
import { ControlService, LeaveRequest, LocalService, NodeRole, NodeState } from '#proto';
import { RemoveNodeRequest } from '#proto';
import {
  awaitReady,
  awaitVoters,
  cluster,
  createService,
  info,
} from '../_support/daemon-cluster.ts';
import { nodeOf, nodes, serviceNames, setRole } from '../_support/daemon-cluster.ts';
import { poll } from '../_support/poll.ts';
import type { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER, WORKER } = NodeRole;

const remove = (from: TestDaemon, ref: string, force = false) =>
  from.call(ControlService.removeNode, RemoveNodeRequest.create({ ref, force }));

/** Until `name` is a worker in the store, and no member of Raft. */
const awaitWorker = (from: TestDaemon, name: string) =>
  poll(`${name} is let go`, async () => {
    const node = await nodeOf(from, name);
    return node?.role === WORKER && node.managerStatus === undefined && node;
  });

const awaitMissed = (from: TestDaemon, name: string) =>
  poll(`${name} is missed`, async () => {
    const node = await nodeOf(from, name);
    return node?.managerStatus?.reachability === 1 && node.status?.state !== NodeState.READY;
  });

test('a dead manager is demoted and its node removed; the quorum is that of the rest', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  await three.stop();
  await awaitMissed(one, 'host3');
  await t.throwsAsync(remove(one, 'host3'), {
    code: 'FAILED_PRECONDITION',
    message: /is a manager: demote it first with 'tsctl node demote host3'/,
  });
  await setRole(one, 'host3', WORKER);
  await awaitWorker(one, 'host3');
  await poll('it is down', async () => {
    await remove(one, 'host3');
    return true;
  });
  t.is((await nodes(two)).length, 2);
  await createService(two, 'after');

  // It comes back with the log of the old group: nobody hears it, and the group is not disturbed.
  await three.start();
  await poll('it is refused', async () => {
    const refused = await one.metric('tessera_tls_refused_total', 'removed');
    return refused > 0;
  });
  await createService(one, 'undisturbed');
  t.deepEqual(await serviceNames(two), ['after', 'undisturbed']);
});

test('demoting is refused with the numbers when the rest would have no quorum', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  await three.stop();
  await awaitMissed(one, 'host3');
  await t.throwsAsync(setRole(one, 'host2', WORKER), {
    code: 'QUORUM_AT_RISK',
    message: /of the 2 managers that would be left 1 can be reached, and 2 are needed/,
  });
  // The dead one first, then the other, and then there is a last one.
  await setRole(one, 'host3', WORKER);
  await awaitWorker(one, 'host3');
  await setRole(one, 'host2', WORKER);
  await awaitWorker(one, 'host2');
  await t.throwsAsync(setRole(one, 'host1', WORKER), {
    code: 'QUORUM_AT_RISK',
    message: /last manager/,
  });
  await createService(one, 'alone');
  t.deepEqual(await serviceNames(one), ['alone']);
});

test('the leader is demoted, again and again, and every write stays', async (t) => {
  const daemons = await cluster(t, [MANAGER, MANAGER]);
  const [one] = daemons;
  await awaitReady(one, 3);
  const written: string[] = [];
  for (let round = 0; round < 3; round++) {
    const states = await Promise.all(daemons.map((daemon) => info(daemon)));
    const at = states.findIndex(({ isLeader }) => isLeader);
    const leader = daemons[at];
    const other = daemons[(at + 1) % daemons.length];
    if (leader === undefined || other === undefined) return t.fail();
    await createService(leader, `round${round}`);
    written.push(`round${round}`);
    await setRole(leader, leader.name, WORKER);
    await awaitWorker(other, leader.name);
    await poll('it has stepped down', async () => (await info(leader)).role === WORKER);
    t.deepEqual(await serviceNames(other), written);
    await setRole(other, leader.name, MANAGER);
    await poll('it is a manager again', async () => {
      const node = await nodeOf(other, leader.name);
      return node?.managerStatus !== undefined && (await info(leader)).role === MANAGER;
    });
    await awaitReady(other, 3);
  }
});

test('a worker is promoted in the place of a manager that is down', async (t) => {
  const [one, two, three, four] = await cluster(t, [MANAGER, MANAGER, WORKER]);
  if (two === undefined || three === undefined || four === undefined) return t.fail();
  await awaitReady(one, 4);
  await three.stop();
  await awaitMissed(one, 'host3');
  await setRole(one, 'host4', MANAGER);
  await poll('it is a manager', async () => {
    const node = await nodeOf(one, 'host4');
    return node?.managerStatus !== undefined && (await info(four)).role === MANAGER;
  });
  await awaitVoters(one, 4);
  await setRole(one, 'host3', WORKER);
  await awaitWorker(one, 'host3');
  await awaitReady(one, 3);
  // Three managers again, of which any one may go.
  await one.stop();
  await poll('the others have a leader', async () => {
    await createService(four, 'after');
    return true;
  });
  t.deepEqual(await serviceNames(two), ['after']);
});

test('a manager leaves by force while another is dead only when it is told what that costs', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  await three.stop();
  await awaitMissed(one, 'host3');
  await t.throwsAsync(one.call(LocalService.leave, LeaveRequest.create()), {
    code: 'QUORUM_AT_RISK',
    message: /1 can be reached, and 2 are needed.*--force/,
  });
  t.is((await nodes(one)).length, 3);
});
