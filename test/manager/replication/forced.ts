import test from 'ava';
import { NodeRole } from '#proto';
import { ManagerWorld, managerNode } from '../../_support/manager-world.ts';
import { aTask } from '../../_support/objects.ts';

async function three(): Promise<ManagerWorld> {
  const world = new ManagerWorld();
  await world.start('m1', { first: true });
  for (const nodeId of ['m2', 'm3']) {
    const { store } = await world.leader();
    await world.clock.resolve(
      store.update((tx) => tx.create('node', managerNode(nodeId))),
      10_000,
    );
    await world.start(nodeId, { peers: ['m1'] });
  }
  const { store } = await world.leader();
  await world.clock.resolve(
    store.update((tx) => tx.create('task', aTask({ id: 'kept' }))),
    10_000,
  );
  await world.clock.until(
    () => world.manager('m3').store.view((tx) => tx.count('task')) === 1,
    10_000,
  );
  return world;
}

test('killed at any moment of becoming the only manager, it is that after the next start', async (t) => {
  for (let killAfterMs = 0; killAfterMs < 60; killAfterMs += 4) {
    const world = await three();
    world.crash('m1');
    world.crash('m2');
    await world.clock.resolve(world.manager('m3').forceSole(), 1_000);
    world.crash('m3');
    world.boot('m3', {});
    await world.clock.advance(killAfterMs);
    world.crash('m3');
    const manager = await world.start('m3');
    t.true(manager.isLeader());
    t.deepEqual(
      manager.status().members.map(({ nodeId }) => nodeId),
      ['m3'],
    );
    t.is(
      manager.store.view((tx) => tx.count('task')),
      1,
    );
    const roles = ['m1', 'm2', 'm3'].map((id) =>
      manager.store.view((tx) => tx.get('node', id)?.spec?.role),
    );
    const { WORKER, MANAGER } = NodeRole;
    t.deepEqual(roles, [WORKER, WORKER, MANAGER], `killed after ${killAfterMs} ms`);
    // A start that was not ordered changes nothing more.
    world.crash('m3');
    const again = await world.start('m3');
    t.is(again.forced, undefined);
    await world.stopAll();
    t.deepEqual(world.failures, []);
  }
});
