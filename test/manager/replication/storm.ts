/**
 * Three managers under crashes, cuts and hand-overs, while clients count: every increment that was
 * acknowledged counts once, every refused one not at all, and all managers end with one state.
 */
import test from 'ava';
import { hasCode, seededRandom } from '#lib';
import type { Random } from '#lib';
import type { Manager } from '#manager';
import { Cluster, Node, Task, TaskState } from '#proto';
import { ManagerWorld, managerNode } from '../../_support/manager-world.ts';
import { aTask } from '../../_support/objects.ts';

const seeds = Array.from({ length: 12 }, (_, i) => 100 + i);
const nodeIds = ['m1', 'm2', 'm3'];
const counters = ['a', 'b', 'c'];
const stormMs = 20_000;
const settleMs = 60_000;

interface Tally {
  acknowledged: number;
  unknown: number;
}

async function newCluster(seed: number): Promise<ManagerWorld> {
  const world = new ManagerWorld({ seed, raft: { snapshotEntries: 40, keepEntries: 10 } });
  await world.start('m1', { first: true });
  for (const nodeId of ['m2', 'm3']) {
    const { store } = await world.leader();
    const added = store.update((tx) => tx.create('node', managerNode(nodeId)));
    await world.clock.resolve(added, 10_000);
    await world.start(nodeId, { peers: ['m1'] });
  }
  const { store } = await world.leader();
  const made = store.update((tx) => {
    for (const id of counters) tx.create('task', aTask({ id, desiredState: TaskState.RUNNING }));
  });
  await world.clock.resolve(made, 10_000);
  return world;
}

/** Increments whatever manager thinks that it leads, until time is up. */
async function count(
  world: ManagerWorld,
  random: Random,
  tallies: ReadonlyMap<string, Tally>,
  until: number,
): Promise<void> {
  while (world.clock.monotonic() < until) {
    await world.clock.wait(1 + random.below(30));
    const manager = world.running(nodeIds[random.below(nodeIds.length)] ?? '');
    if (manager?.isLeader() !== true) continue;
    const id = counters[random.below(counters.length)] ?? '';
    const tally = tallies.get(id) as Tally;
    // Until it is told otherwise: the process may die with the answer.
    tally.unknown++;
    try {
      await manager.store.update((tx) => {
        const task = tx.get('task', id) as Task;
        tx.update('task', { ...task, restartCount: task.restartCount + 1 });
      });
      tally.unknown--;
      tally.acknowledged++;
    } catch (error) {
      const isCertain = hasCode(error, 'NOT_LEADER') || hasCode(error, 'UNAVAILABLE');
      if (isCertain) tally.unknown--;
      else if (!hasCode(error, 'OUTCOME_UNKNOWN')) throw error;
    }
  }
}

async function trouble(world: ManagerWorld, random: Random, until: number): Promise<void> {
  while (world.clock.monotonic() < until) {
    await world.clock.wait(200 + random.below(1_500));
    const victim = nodeIds[random.below(nodeIds.length)] ?? '';
    const kind = random.below(3);
    if (kind === 0) world.cut(victim);
    if (kind === 1) world.crash(victim);
    if (kind === 2) void world.running(victim)?.stop();
    await world.clock.wait(200 + random.below(1_500));
    world.heal(victim);
    if (kind === 0) continue;
    world.crash(victim);
    world.boot(victim, {});
  }
}

/** As bytes: a decoded object and the one it was made of differ in the order of their keys. */
function stateOf(manager: Manager): string {
  return manager.store.view((tx) => {
    const parts = [
      ...[...tx.list('task')].map((task) => Task.encode(task)),
      ...[...tx.list('node')].map((node) => Node.encode(node)),
      ...[...tx.list('cluster')].map((cluster) => Cluster.encode(cluster)),
    ];
    return `${tx.version} ${Buffer.concat(parts).toString('hex')}`;
  });
}

for (const seed of seeds) {
  test(`every acknowledged increment counts once, whatever happens (seed ${seed})`, async (t) => {
    const world = await newCluster(seed);
    const random = seededRandom(seed);
    const tallies = new Map(counters.map((id) => [id, { acknowledged: 0, unknown: 0 }]));
    const until = world.clock.monotonic() + stormMs;
    const clients = [1, 2, 3, 4].map((i) => count(world, random.fork(`${i}`), tallies, until));
    // A client whose manager has died hears nothing any more: it is not waited for.
    const failed: unknown[] = [];
    for (const client of clients) client.catch((error: unknown) => failed.push(error));
    await world.clock.resolve(trouble(world, random.fork('trouble'), until), stormMs * 3);
    for (const nodeId of nodeIds) {
      world.heal(nodeId);
      if (world.running(nodeId) === undefined) world.boot(nodeId, {});
    }
    const leader = await world.leader();
    const isSame = (): boolean =>
      nodeIds.every((nodeId) => stateOf(world.manager(nodeId)) === stateOf(leader));
    await world.clock.until(isSame, settleMs, 'one state on all managers');
    t.deepEqual(failed, []);
    let total = 0;
    for (const [id, { acknowledged, unknown }] of tallies) {
      const value = leader.store.view((tx) => tx.get('task', id)?.restartCount) ?? -1;
      t.true(
        value >= acknowledged && value <= acknowledged + unknown,
        `${id}: ${value}, acknowledged ${acknowledged}, unknown ${unknown}`,
      );
      total += acknowledged;
    }
    t.true(total > 100, `only ${total} increments got through`);
    t.deepEqual(world.failures, []);
    await world.stopAll();
  });
}
