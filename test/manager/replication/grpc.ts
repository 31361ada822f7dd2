import test from 'ava';
import type { Manager } from '#manager';
import { NodeRole, RaftBatch, RaftMessageKind, RaftWireMessage } from '#proto';
import { hasCode } from '#lib';
import { ManagerCluster } from '../../_support/manager-cluster.ts';
import { managerNode } from '../../_support/manager-world.ts';
import { aTask } from '../../_support/objects.ts';
import { poll } from '../../_support/poll.ts';

const taskCount = (manager: Manager): number => manager.store.view((tx) => tx.count('task'));

async function leaderOf(cluster: ManagerCluster): Promise<Manager> {
  return poll(
    'a leader with a majority',
    async () => {
      const leader = cluster.managers.find((manager) => manager.isLeader());
      if (leader === undefined) return undefined;
      await leader.store.readBarrier();
      return leader;
    },
    { everyMs: 5 },
  );
}

test('three managers replicate over sockets, and go on without the first', async (t) => {
  const cluster = await ManagerCluster.make();
  t.teardown(() => cluster.close());
  const first = await cluster.start('m1', { first: true });
  await first.store.update((tx) => {
    tx.create('node', managerNode('m2'));
    tx.create('node', managerNode('m3'));
  });
  await Promise.all([cluster.start('m2', { peer: 'm1' }), cluster.start('m3', { peer: 'm1' })]);
  const { members } = (await leaderOf(cluster)).status();
  t.true(members.length === 3 && members.every((member) => member.isVoter));

  const ids = Array.from({ length: 500 }, (_, i) => `t${i}`);
  await (await leaderOf(cluster)).store.batch(ids, (tx, id) => tx.create('task', aTask({ id })));
  for (const id of ['m1', 'm2', 'm3']) {
    await poll(`${id} has all`, () => taskCount(cluster.manager(id)) === 500);
  }

  const startedAt = performance.now();
  await cluster.kill('m1');
  const leader = await leaderOf(cluster);
  await leader.store.update((tx) => tx.create('task', aTask({ id: 'after' })));
  t.log(`next write ${Math.round(performance.now() - startedAt)} ms after the stop of the leader`);

  const back = await cluster.start('m1', {});
  await poll('m1 has caught up', () => taskCount(back) === 501);
});

test('a member speaks for itself only, and nobody but managers speaks', async (t) => {
  const cluster = await ManagerCluster.make();
  t.teardown(() => cluster.close());
  const manager = await cluster.start('m1', { first: true });
  const { raftId } = manager.status();
  const wire = RaftWireMessage.create({
    kind: RaftMessageKind.HEARTBEAT,
    from: raftId,
    to: raftId,
    term: 99,
  });
  const send = (nodeId: string, role: NodeRole): void =>
    manager.handlers.raftTransport.receive(RaftBatch.create({ messages: [wire] }), {
      kind: 'node',
      nodeId,
      role,
    });
  for (const attempt of [
    () => send('intruder', NodeRole.MANAGER),
    () => send('m1', NodeRole.WORKER),
  ]) {
    t.true(hasCode(t.throws(attempt), 'PERMISSION_DENIED'));
  }
  t.true(manager.isLeader());
});
