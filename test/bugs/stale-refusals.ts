/**
 * A store refused, or answered that nothing was to do, from the state at hand: a manager that had
 * been replaced as the leader told its users of conflicts that were past. Found by the control world
 * of the simulator at its first seed.
 */
import test from 'ava';
import { ClusterError, hasCode } from '#lib';
import type { Replicator, WriteTransaction } from '#manager';
import { ManagerWorld, managerNode } from '../_support/manager-world.ts';
import { aService } from '../_support/objects.ts';
import { makeTestStore } from '../_support/test-store.ts';

function idOfWeb(tx: WriteTransaction): string {
  const service = tx.serviceByName('web');
  if (service === undefined) throw new ClusterError('NOT_FOUND', 'no such service');
  return service.id;
}

test('a manager that does not lead neither refuses nor confirms', async (t) => {
  const world = new ManagerWorld();
  await world.start('m1', { first: true });
  const { store } = await world.leader();
  await world.clock.resolve(
    store.update((tx) => tx.create('node', managerNode('m2'))),
    10_000,
  );
  const follower = await world.start('m2', { peers: ['m1'] });
  const refused = await t.throwsAsync(world.clock.resolve(follower.store.update(idOfWeb), 10_000));
  t.true(hasCode(refused, 'NOT_LEADER'), String(refused));
  const confirmed = follower.store.update(() => 'nothing to do');
  const error = await t.throwsAsync(world.clock.resolve(confirmed, 10_000));
  t.true(hasCode(error, 'NOT_LEADER'), String(error));
  await world.stopAll();
});

test('a transaction runs again when another manager wrote before it was confirmed', async (t) => {
  const other = makeTestStore();
  await other.store.update((tx) => tx.create('service', aService('s1', 'web')));
  let isBehind = true;
  const { store } = makeTestStore({
    wrap: (replicator): Replicator => ({
      propose: (entry) => replicator.propose(entry),
      readBarrier: async () => {
        if (!isBehind) return;
        isBehind = false;
        for (const { entry } of other.replicator.entries) await replicator.propose(entry);
      },
    }),
  });
  const { value, version } = await store.update(idOfWeb);
  t.is(value, 's1');
  t.is(version, 1);
});
