/** Groups of more alike tasks than one pass tries. */
import test from 'ava';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import type { Node, Task } from '#proto';
import { TaskState } from '#proto';
import { SchedulingLoop } from '#manager/scheduling/index';
import type { ClusterStore } from '#manager/store/cluster-store';
import { nodeOf, taskOf } from '#test/_support/placement';
import { makeTestStore } from '#test/_support/test-store';
import { VirtualClock } from '#test/_support/virtual-clock';

/** More than the 5,000 that one pass tries. */
const taskCount = 5_300;

interface World {
  readonly clock: VirtualClock;
  readonly store: ClusterStore;
  readonly loop: SchedulingLoop;
}

async function worldOf(nodes: readonly Node[], tasks: readonly Task[]): Promise<World> {
  const clock = new VirtualClock();
  const { store } = makeTestStore({ clock, commitDelayMs: 1 });
  const write = (work: Promise<unknown>): Promise<unknown> => clock.resolve(work, 60_000);
  await write(store.batch(nodes, (tx, node) => tx.create('node', node)));
  await write(store.batch(tasks, (tx, task) => tx.create('task', task)));
  const loop = new SchedulingLoop({
    store,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
  });
  loop.start();
  return { clock, store, loop };
}

/** Tasks come in the order of their ids. */
const idOf = (at: number): string => String(at).padStart(5, '0');
const pending = (at: number, nodeId = ''): Task =>
  taskOf(`t${idOf(at)}`, {
    service: 'web',
    slot: nodeId === '' ? at + 1 : 0,
    nodeId,
    state: TaskState.PENDING,
    cpus: 3,
  });

const count = ({ store }: World, isOne: (task: Task) => boolean): number =>
  store.view((tx) => [...tx.list('task')].filter(isOne).length);

test('tasks beyond those that are tried are told why they wait too', async (t) => {
  const tasks = Array.from({ length: taskCount }, (_, at) => pending(at));
  const world = await worldOf([nodeOf('n1', { cpus: 2 })], tasks);
  const error = '0/1 nodes are available: 1 Insufficient cpu.';
  await world.clock.until(
    () => count(world, ({ status }) => status?.error === error) === taskCount,
    60_000,
    'all have their reason',
  );
  await world.clock.resolve(world.loop.stop(), 10_000);
  t.is(
    count(world, ({ status }) => status?.state === TaskState.PENDING),
    taskCount,
  );
});

test('of tasks that are bound to nodes all are tried, though many of the first are refused', async (t) => {
  const nodes = Array.from({ length: taskCount }, (_, at) =>
    nodeOf(`n${idOf(at)}`, { cpus: at < 5_100 ? 1 : 4 }),
  );
  const world = await worldOf(
    nodes,
    nodes.map(({ id }, at) => pending(at, id)),
  );
  const isAssigned = ({ status }: Task): boolean => status?.state === TaskState.ASSIGNED;
  await world.clock.until(() => count(world, isAssigned) === 200, 5_000, '200 have their nodes');
  await world.clock.resolve(world.loop.stop(), 10_000);
  t.is(count(world, isAssigned), 200);
});
