import test from 'ava';
import { hasCode } from '#lib';
import { Cluster, ClusterSpec, NodeRole } from '#proto';
import type { Node } from '#proto';
import type { Manager } from '#manager';
import { aTask } from '../../_support/objects.ts';
import { clusterId, ManagerWorld, managerNode } from '../../_support/manager-world.ts';

const taskIds = (manager: Manager): string[] =>
  manager.store.view((tx) => [...tx.list('task')].map((task) => task.id));

/** Founds a cluster on m1 and joins the others one after the other. */
async function cluster(world: ManagerWorld, count: number): Promise<void> {
  await world.start('m1', { first: true });
  for (let i = 2; i <= count; i++) {
    const nodeId = `m${i}`;
    const { store } = await world.leader();
    await world.clock.resolve(
      store.update((tx) => tx.create('node', managerNode(nodeId))),
      10_000,
    );
    await world.start(nodeId, { peers: ['m1'] });
  }
}

async function addTask(world: ManagerWorld, id: string): Promise<void> {
  const leader = await world.leader();
  await world.clock.resolve(
    leader.store.update((tx) => tx.create('task', aTask({ id }))),
    20_000,
  );
}

test('a first manager leads and has what the cluster begins with', async (t) => {
  const world = new ManagerWorld();
  const manager = await world.start('m1', { first: true });
  t.true(manager.isLeader());
  t.is(manager.leader()?.address, 'm1:7377');
  t.truthy(manager.store.view((tx) => tx.get('cluster', clusterId)));
  await world.clock.until(
    () => manager.store.view((tx) => tx.get('node', 'm1')?.managerStatus?.address === 'm1:7377'),
    5_000,
  );
  t.regex(manager.whyNotLeave() ?? '', /last manager/);
  t.regex(manager.canRemoveManager('m1') ?? '', /last manager/);
  await world.stopAll();
  t.deepEqual(world.failures, []);
});

test('a manager that restarts has everything that was acknowledged', async (t) => {
  const world = new ManagerWorld();
  await world.start('m1', { first: true });
  for (const id of ['a', 'b', 'c']) await addTask(world, id);
  world.crash('m1');
  await world.start('m1');
  t.deepEqual(taskIds(await world.leader()), ['a', 'b', 'c']);
  await addTask(world, 'd');
  t.deepEqual(taskIds(await world.leader()), ['a', 'b', 'c', 'd']);
  await world.stopAll();
});

test('managers join as learners and become voters', async (t) => {
  const world = new ManagerWorld();
  await cluster(world, 3);
  const leader = await world.leader();
  const { members } = leader.status();
  t.deepEqual(members.map((member) => member.nodeId).toSorted(), ['m1', 'm2', 'm3']);
  t.true(members.every((member) => member.isVoter));
  await addTask(world, 'a');
  await world.clock.until(() => taskIds(world.manager('m3')).length === 1, 5_000);
  t.is(world.manager('m2').leader()?.nodeId, world.nodeIdOf(leader));
  await world.clock.until(
    () => ['m1', 'm2', 'm3'].every((id) => statusOf(leader, id)?.managerStatus !== undefined),
    5_000,
  );
  await world.stopAll();
  t.deepEqual(world.failures, []);
});

function statusOf(manager: Manager, nodeId: string): Node | undefined {
  return manager.store.view((tx) => tx.get('node', nodeId));
}

test('a lost leader is replaced and no acknowledged write is lost', async (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const world = new ManagerWorld({ seed });
    await cluster(world, 3);
    const expected: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) {
        const id = `t${round}${i}`;
        await addTask(world, id);
        expected.push(id);
      }
      const lost = world.nodeIdOf(await world.leader());
      // Under way when the leader dies: it may or may not be there afterwards, but is not torn.
      const open = world
        .manager(lost)
        .store.update((tx) => tx.create('task', aTask({ id: `open${round}` })));
      open.catch(() => undefined);
      world.crash(lost);
      await addTask(world, `after${round}`);
      expected.push(`after${round}`);
      await world.start(lost);
    }
    const leader = await world.leader();
    const present = taskIds(leader).filter((id) => !id.startsWith('open'));
    t.deepEqual(present, expected.toSorted(), `seed ${seed}`);
    for (const id of ['m1', 'm2', 'm3']) {
      await world.clock.until(
        () => taskIds(world.manager(id)).join() === taskIds(leader).join(),
        10_000,
        `${id} has what the leader has`,
      );
    }
    await world.stopAll();
    t.deepEqual(world.failures, []);
  }
});

test('a leader that is cut off cannot write, and its followers can', async (t) => {
  const world = new ManagerWorld();
  await cluster(world, 3);
  const old = await world.leader();
  const oldId = world.nodeIdOf(old);
  world.cut(oldId);
  const lost = old.store.update((tx) => tx.create('task', aTask({ id: 'lost' })));
  const outcome = lost.then(
    () => 'written',
    (error: unknown) =>
      hasCode(error, 'OUTCOME_UNKNOWN') || hasCode(error, 'NOT_LEADER') ? 'refused' : error,
  );
  t.is(await world.clock.resolve(outcome, 30_000), 'refused');
  await addTask(world, 'kept');
  world.heal(oldId);
  await world.clock.until(() => taskIds(old).join() === 'kept', 10_000);
  await world.stopAll();
});

test('a demoted manager leaves the group, then its role follows; a leader hands over', async (t) => {
  const world = new ManagerWorld();
  await cluster(world, 3);
  const first = await world.leader();
  const firstId = world.nodeIdOf(first);
  t.is(first.canRemoveManager(firstId), undefined);
  await world.clock.resolve(
    first.store.update((tx) => {
      const node = tx.get('node', firstId) as Node;
      const spec = { ...(node.spec as NonNullable<Node['spec']>), role: NodeRole.WORKER };
      tx.update('node', { ...node, spec });
    }),
    10_000,
  );
  await world.clock.until(
    () => ['m1', 'm2', 'm3'].some((id) => id !== firstId && world.manager(id).isLeader()),
    10_000,
    'another manager leads',
  );
  await world.stop(firstId);
  const next = await world.leader();
  await world.clock.until(
    () => next.status().members.length === 2 && statusOf(next, firstId)?.role === NodeRole.WORKER,
    10_000,
    'it is a worker',
  );
  t.is(statusOf(next, firstId)?.managerStatus, undefined);
  await addTask(world, 'after');
  await world.stopAll();
});

test('what would cost the quorum is refused', async (t) => {
  const world = new ManagerWorld();
  await cluster(world, 3);
  const leader = await world.leader();
  const leaderId = world.nodeIdOf(leader);
  const [other = '', third = ''] = ['m1', 'm2', 'm3'].filter((id) => id !== leaderId);
  world.crash(other);
  await world.clock.until(
    () => leader.status().members.some((member) => !member.isReachable),
    10_000,
    'the leader misses it',
  );
  t.regex(leader.canRemoveManager(third) ?? '', /1 can be reached, and 2 are needed/);
  t.is(leader.canRemoveManager(other), undefined, 'the lost one itself may go');
  const refused = await t.throwsAsync(
    world.clock.resolve(
      leader.handlers.raftMembership.leave(
        { force: false },
        {
          caller: { kind: 'node', nodeId: third, role: NodeRole.MANAGER },
          address: '',
          signal: new AbortController().signal,
        },
      ),
      10_000,
    ),
  );
  t.true(hasCode(refused, 'QUORUM_AT_RISK'));
  await world.stopAll();
});

test('a manager that leaves is let go, and may come back with an empty disk', async (t) => {
  const world = new ManagerWorld();
  await cluster(world, 3);
  const leader = await world.leader();
  const leaving = world.nodeIdOf(leader);
  const left = leader.leaveMembership(new AbortController().signal);
  await world.clock.resolve(left, 20_000, 'the leave');
  await world.stop(leaving);
  const next = await world.leader();
  t.is(next.status().members.length, 2);
  await world.stopAll();
});

test('a manager whose disk was lost joins again under a new id', async (t) => {
  const world = new ManagerWorld();
  await cluster(world, 3);
  const leader = await world.leader();
  const leaderId = world.nodeIdOf(leader);
  const lost = ['m1', 'm2', 'm3'].find((id) => id !== leaderId) as string;
  const before = leader.status().members.find((member) => member.nodeId === lost);
  world.crash(lost);
  world.wipe(lost);
  await world.start(lost, { peers: [leaderId] });
  const after = leader.status().members.filter((member) => member.nodeId === lost);
  t.is(after.length, 1);
  t.not(after[0]?.raftId, before?.raftId);
  t.true(after[0]?.isVoter);
  await addTask(world, 'a');
  await world.clock.until(() => taskIds(world.manager(lost)).length === 1, 10_000);
  await world.stopAll();
});

test('a worker cannot join the managers, nor a node that nobody knows', async (t) => {
  const world = new ManagerWorld();
  await world.start('m1', { first: true });
  const { store } = await world.leader();
  const worker = { ...managerNode('w1'), spec: { ...managerNode('w1').spec, role: 0 } } as Node;
  await world.clock.resolve(
    store.update((tx) => tx.create('node', worker)),
    5_000,
  );
  for (const nodeId of ['w1', 'stranger']) {
    const { started } = world.boot(nodeId, { peers: ['m1'] });
    const error = await t.throwsAsync(world.clock.resolve(started, 30_000));
    t.true(hasCode(error, 'PERMISSION_DENIED'), String(error));
  }
  await world.stopAll();
});

test('a new member gets the state as a snapshot when the log no longer reaches back', async (t) => {
  const world = new ManagerWorld({ raft: { snapshotEntries: 20, keepEntries: 5 } });
  await world.start('m1', { first: true });
  for (let i = 0; i < 60; i++) await addTask(world, `t${String(i).padStart(2, '0')}`);
  const { store } = await world.leader();
  await world.clock.resolve(
    store.update((tx) => tx.create('node', managerNode('m2'))),
    5_000,
  );
  const second = await world.start('m2', { peers: ['m1'] });
  await world.clock.until(() => taskIds(second).length === 60, 10_000);
  t.deepEqual(taskIds(second), taskIds(world.manager('m1')));
  await world.stopAll();
});

test('every manager takes snapshots as often as the spec of the cluster says', async (t) => {
  const world = new ManagerWorld({ raft: { keepEntries: 5 } });
  await cluster(world, 2);
  for (let i = 0; i < 30; i++) await addTask(world, `t${i}`);
  const setInterval = async (snapshotInterval: number): Promise<void> => {
    const { store } = await world.leader();
    const writing = store.update((tx) => {
      const present = tx.get('cluster', clusterId);
      const spec = ClusterSpec.create({ ...present?.spec, snapshotInterval });
      tx.update('cluster', Cluster.create({ ...present, spec }));
    });
    await world.clock.resolve(writing, 10_000);
  };
  const restart = async (id: string): Promise<Manager> => {
    await world.stop(id);
    const manager = await world.start(id);
    await world.clock.until(() => taskIds(manager).length >= 30, 20_000, 'its state');
    return manager;
  };
  // Whoever began with its whole log can go on from its beginning.
  const fromStart = (manager: Manager): void =>
    manager.store.watch(() => undefined, { fromVersion: 2 }).cancel();
  for (const id of ['m1', 'm2']) t.notThrows(() => fromStart(world.manager(id)), id);
  const whole = await restart('m2');
  t.notThrows(() => fromStart(whole), 'no snapshot was taken');
  await setInterval(20);
  await addTask(world, 'one more');
  await world.clock.advance(2_000);
  for (const id of ['m1', 'm2']) {
    const manager = await restart(id);
    t.true(
      hasCode(
        t.throws(() => fromStart(manager)),
        'VERSION_COMPACTED',
      ),
      id,
    );
    // What was set before the start holds after it.
    for (let i = 0; i < 25; i++) await addTask(world, `${id}-${i}`);
  }
  await world.stopAll();
  t.deepEqual(world.failures, []);
});

test('a manager that comes back at another address tells the others', async (t) => {
  const world = new ManagerWorld();
  await cluster(world, 3);
  const leader = await world.leader();
  const leaderId = world.nodeIdOf(leader);
  const moved = ['m1', 'm2', 'm3'].find((id) => id !== leaderId) as string;
  await world.stop(moved);
  world.move(moved, 'elsewhere:7377');
  await addTask(world, 'meanwhile');
  await world.start(moved);
  await world.clock.until(() => taskIds(world.manager(moved)).length === 1, 20_000, 'its log');
  const statusAddress = (): string | undefined => statusOf(leader, moved)?.managerStatus?.address;
  await world.clock.until(() => statusAddress() === 'elsewhere:7377', 10_000, 'its node');
  t.is(leader.status().members.length, 3);
  await world.stopAll();
});

test('the only manager may move', async (t) => {
  const world = new ManagerWorld();
  await world.start('m1', { first: true });
  await world.stop('m1');
  world.move('m1', 'elsewhere:7377');
  const manager = await world.start('m1');
  await world.clock.until(() => manager.leader()?.address === 'elsewhere:7377', 10_000);
  t.is(manager.status().members.length, 1);
  await world.stopAll();
});

test('a node whose member is gone and that is to be a manager again hears of it', async (t) => {
  const world = new ManagerWorld();
  await cluster(world, 3);
  const leader = await world.leader();
  const leaderId = world.nodeIdOf(leader);
  const gone = ['m1', 'm2', 'm3'].find((id) => id !== leaderId) as string;
  await world.clock.until(() => statusOf(leader, gone)?.managerStatus !== undefined, 5_000);
  // As a leader leaves it that is lost between the two steps of letting a manager go.
  await world.clock.resolve(
    leader.handlers.raftMembership.leave(
      { force: false },
      {
        caller: { kind: 'node', nodeId: gone, role: NodeRole.MANAGER },
        address: '',
        signal: new AbortController().signal,
      },
    ),
    10_000,
  );
  await world.clock.until(() => statusOf(leader, gone)?.role === NodeRole.WORKER, 10_000);
  const node = statusOf(leader, gone);
  t.is(node?.spec?.role, NodeRole.MANAGER);
  t.is(node?.managerStatus, undefined);
  t.true((node?.demotedAtMs ?? 0) > 0);
  await world.stopAll();
});

test('a manager that joins anew is not taken for one that was let go', async (t) => {
  for (const seed of [1, 2, 3]) {
    const world = new ManagerWorld({ seed });
    await cluster(world, 3);
    const leader = await world.leader();
    const leaderId = world.nodeIdOf(leader);
    const lost = ['m1', 'm2', 'm3'].find((id) => id !== leaderId) as string;
    const roles: (NodeRole | undefined)[] = [];
    const watch = leader.store.watch(() => roles.push(statusOf(leader, lost)?.role));
    world.crash(lost);
    world.wipe(lost);
    await world.start(lost, { peers: [leaderId] });
    await world.clock.until(() => statusOf(leader, lost)?.managerStatus !== undefined, 10_000);
    watch.cancel();
    t.true(
      roles.every((role) => role === NodeRole.MANAGER),
      `seed ${seed}`,
    );
    await world.stopAll();
    t.deepEqual(world.failures, []);
  }
});
