/** The scheduling loop gives the event loop its turns: counted as the pauses that it asks its clock for. */
import test from 'ava';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import type { Clock } from '#lib';
import { TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { SchedulingLoop } from '#manager/scheduling/index';
import { intakePerSlice, unitsPerSlice } from '#manager/scheduling/scheduling-loop';
import { nodeUnits, placementUnits } from '#scheduler/meter';
import type { ClusterStore } from '#manager/store/cluster-store';
import { spreadOver, taskSelector } from '#test/_support/affinity';
import { nodeOf, tasksOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';
import { SlowClock } from '#test/_support/slow-clock';
import { makeTestStore } from '#test/_support/test-store';
import { VirtualClock } from '#test/_support/virtual-clock';

/** Counts the turns that are given to others. */
class CountingClock implements Clock {
  turns = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now = (): number => this.#clock.now();
  monotonic = (): number => this.#clock.monotonic();
  after: Clock['after'] = (delayMs, fn) => {
    if (delayMs === 0) this.turns++;
    return this.#clock.after(delayMs, fn);
  };
}

interface World {
  readonly clock: VirtualClock;
  readonly counting: CountingClock;
  readonly store: ClusterStore;
  readonly loop: SchedulingLoop;
}

async function worldOf(
  nodes: readonly Node[],
  tasks: readonly Task[],
  slowed: (clock: Clock) => Clock = (clock) => clock,
): Promise<World> {
  const clock = new VirtualClock();
  const { store } = makeTestStore({ clock, isFrozen: false });
  await clock.resolve(
    Promise.all([
      store.batch(nodes, (tx, node) => tx.create('node', node)),
      store.batch(tasks, (tx, task) => tx.create('task', task)),
    ]),
    10_000,
  );
  const counting = new CountingClock(slowed(clock));
  const basics = { log: silentLogger, metrics: silentMetrics, random: seededRandom(1) };
  return {
    clock,
    counting,
    store,
    loop: new SchedulingLoop({ ...basics, store, clock: counting }),
  };
}

const nodesOf = (count: number): readonly Node[] =>
  Array.from({ length: count }, (_, at) => nodeOf(`n${at}`, { labels: { host: `n${at}` } }));
const assigned = ({ store }: World): number =>
  store.view(
    (tx) =>
      [...tx.list('task')].filter(({ status }) => status?.state === TaskState.ASSIGNED).length,
  );

test('the state at the start of a term is taken in over many turns', async (t) => {
  const standing: TaskShape = { state: TaskState.RUNNING, nodeId: 'n1' };
  const world = await worldOf(nodesOf(5_000), tasksOf(15_000, standing));
  world.loop.start();
  t.is(world.counting.turns, 0, 'nothing of it in the turn of the start');
  await world.clock.advance(10);
  const turns = 20_000 / intakePerSlice;
  t.true(world.counting.turns >= turns, `${world.counting.turns} turns`);
  await world.clock.resolve(world.loop.stop(), 1_000);
});

test('a group of alike tasks that looks at very many places is placed over many turns', async (t) => {
  const labels = { app: 'web' };
  const topologySpread = [spreadOver('host', 1, { selector: taskSelector('app=web') })];
  const world = await worldOf(
    nodesOf(800),
    tasksOf(800, { labels, placement: { topologySpread } }),
  );
  world.loop.start();
  await world.clock.until(() => assigned(world) === 800, 10_000, 'all are placed');
  const looks = 800 * 800;
  const turns = Math.trunc(looks / (unitsPerSlice + nodeUnits * 800));
  t.true(world.counting.turns >= turns, `${world.counting.turns} of ${turns} turns`);
  await world.clock.resolve(world.loop.stop(), 1_000);
});

test('a pass in which everything takes long gives others their turn before its slices are full', async (t) => {
  const turnsOf = async (slowed?: (clock: Clock) => Clock): Promise<number> => {
    const world = await worldOf(nodesOf(300), [], slowed);
    world.loop.start();
    await world.clock.advance(10_000);
    const before = world.counting.turns;
    await world.clock.resolve(
      world.store.update((tx) => {
        for (const task of tasksOf(300)) tx.create('task', task);
      }),
      1_000,
    );
    await world.clock.until(() => assigned(world) === 300, 60_000, 'all are placed');
    await world.clock.resolve(world.loop.stop(), 10_000);
    return world.counting.turns - before;
  };
  const usual = await turnsOf();
  const units = 300 * (placementUnits + nodeUnits);
  t.true(units < unitsPerSlice, 'one slice, as work is counted');
  // A look every 1,000 units, and every third is late.
  const slow = await turnsOf((clock) => new SlowClock(clock));
  t.true(slow >= usual + units / 4_000, `${slow} and ${usual} turns`);
});

test('what changes while a pass is under way is not lost, and not decided on before it ends', async (t) => {
  const labels = { app: 'web' };
  const topologySpread = [spreadOver('host', 1, { selector: taskSelector('app=web') })];
  const world = await worldOf(
    nodesOf(800),
    tasksOf(700, { labels, placement: { topologySpread } }),
  );
  world.loop.start();
  await world.clock.until(() => world.counting.turns >= 3, 10_000, 'a pass is under way');
  t.is(assigned(world), 0);
  // A node goes, one comes, and so do tasks.
  await world.clock.resolve(
    world.store.update((tx) => {
      tx.remove('node', 'n7');
      tx.create('node', nodeOf('late', { labels: { host: 'late' }, cpus: 99 }));
      for (const task of tasksOf(2, { service: 'late', cpus: 50 }, 'late')) tx.create('task', task);
    }),
    1_000,
  );
  await world.clock.until(() => assigned(world) >= 701, 20_000, 'all are placed but one');
  const [on7, late] = world.store.view((tx) => [
    [...tx.tasksOfNode('n7')].length,
    [...tx.tasksOfNode('late')].map(({ serviceId }) => serviceId),
  ]);
  t.is(on7, 0, 'nobody went to the node that had gone');
  t.true(late.includes('late'), late.join());
  await world.clock.resolve(world.loop.stop(), 1_000);
});
