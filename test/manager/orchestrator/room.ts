/** How many slots of a service are opened between two turns of the event loop. */
import test from 'ava';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import type { Clock, Metrics } from '#lib';
import { ServiceOrchestrator, stepsPerPass } from '#manager/orchestrator/service-orchestrator';
import { aServiceOf } from '#test/_support/orchestration';
import { SlowClock } from '#test/_support/slow-clock';
import { makeTestStore } from '#test/_support/test-store';
import { VirtualClock } from '#test/_support/virtual-clock';

const replicas = 600;

/** How many tasks each pass makes, until all are there. */
async function passesOf(slowed: (clock: Clock) => Clock): Promise<readonly number[]> {
  const clock = new VirtualClock();
  const { store } = makeTestStore({ clock, isFrozen: false });
  const counts: number[] = [];
  const metrics: Metrics = {
    ...silentMetrics,
    counter: (name) => ({
      inc: (_, count = 1) => {
        if (name === 'tessera_orchestrator_tasks_created_total') counts.push(count);
      },
    }),
  };
  const basics = { store, log: silentLogger, metrics, random: seededRandom(1) };
  const loop = new ServiceOrchestrator({ ...basics, clock: slowed(clock) });
  loop.start();
  await store.update((tx) => tx.create('service', aServiceOf('s1', { replicas })));
  const made = (): number => store.view((tx) => tx.count('task'));
  await clock.until(() => made() === replicas, 600_000, 'all slots are open');
  await clock.resolve(loop.stop(), 10_000);
  return counts;
}

test('a plan opens as many slots as a pass may have', async (t) => {
  const counts = await passesOf((clock) => clock);
  t.deepEqual(counts, [stepsPerPass, stepsPerPass, replicas - 2 * stepsPerPass]);
});

test('a plan that takes long opens a few, and the next goes on', async (t) => {
  const counts = await passesOf((clock) => new SlowClock(clock));
  t.true(Math.max(...counts) <= 100, counts.join());
  t.is(
    counts.reduce((sum, count) => sum + count, 0),
    replicas,
  );
});
