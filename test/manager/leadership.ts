import test from 'ava';
import type { LoopMakers } from '#manager/leader-loops';
import { ManagerWorld, managerNode } from '../_support/manager-world.ts';

/** Loops that note which manager runs them. */
function noting(running: Set<string>, log: string[]): () => LoopMakers {
  let made = 0;
  return () => ({
    noted: () => {
      const name = `loop ${++made}`;
      return {
        start: () => {
          running.add(name);
          log.push(`start ${name}`);
        },
        stop: async () => {
          running.delete(name);
          log.push(`stop ${name}`);
        },
      };
    },
    broken: () => ({
      start: () => {
        throw new Error('cannot start');
      },
      stop: () => undefined,
    }),
  });
}

async function threeManagers(world: ManagerWorld): Promise<void> {
  await world.start('m1', { first: true });
  for (const nodeId of ['m2', 'm3']) {
    const { store } = await world.leader();
    await world.clock.resolve(
      store.update((tx) => tx.create('node', managerNode(nodeId))),
      10_000,
    );
    await world.start(nodeId, { peers: ['m1'] });
  }
}

test('loops run on the leader only, and one that cannot start does not matter', async (t) => {
  const running = new Set<string>();
  const log: string[] = [];
  const world = new ManagerWorld({ loops: noting(running, log) });
  await threeManagers(world);
  await world.clock.until(() => running.size === 1, 10_000);
  const first = world.nodeIdOf(await world.leader());
  world.cut(first);
  await world.leader();
  await world.clock.until(() => running.size === 1 && log.length === 3, 20_000, 'the new loops');
  t.deepEqual(log.toSorted(), ['start loop 1', 'start loop 2', 'stop loop 1']);
  world.heal(first);
  await world.clock.advance(2_000);
  t.is(running.size, 1);
  await world.stopAll();
  t.is(running.size, 0);
});

test('a leader that stops hands over, and the next one writes at once', async (t) => {
  const world = new ManagerWorld();
  await threeManagers(world);
  const first = world.nodeIdOf(await world.leader());
  const before = world.clock.monotonic();
  await world.stop(first);
  const next = await world.leader();
  t.not(world.nodeIdOf(next), first);
  t.true(world.clock.monotonic() - before < 150, 'sooner than any election time-out');
  await world.stopAll();
});
