/** From a service to assigned tasks, and back to nothing: the leader's loops over a store without a disk. */
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import type { Ms } from '#lib';
import { systemClock } from '#lib/clock-node';
import { TaskState, TaskStatus } from '#proto';
import { orchestrationLoops } from '#manager/orchestration-loops';
import type { ClusterStore } from '#manager/store/cluster-store';
import { aServiceOf } from '#test/_support/orchestration';
import { nodeOf } from '#test/_support/placement';
import { makeTestStore } from '#test/_support/test-store';
import type { Row } from './row.ts';

const clock = systemClock();
const nodeCount = 1_000;

/** Resolves when `isSo`, which is asked every turn; gives the longest turn of the event loop too. */
async function until(isSo: () => boolean): Promise<Ms> {
  let stallMs = 0;
  let last = clock.monotonic();
  while (!isSo()) {
    await new Promise<void>((resolve) => {
      clock.after(0, resolve);
    });
    const now = clock.monotonic();
    stallMs = Math.max(stallMs, now - last);
    last = now;
  }
  return stallMs;
}

interface Measured {
  readonly assignMs: Ms;
  readonly removeMs: Ms;
  readonly stallMs: Ms;
}

async function once(taskCount: number): Promise<Measured> {
  const { store } = makeTestStore({ isFrozen: false, commitDelayMs: 1 });
  const basics = { store, clock, random: seededRandom(1) };
  const nodes = Array.from({ length: nodeCount }, (_, at) => nodeOf(`node-${at}`));
  await store.batch(nodes, (tx, node) => tx.create('node', node));
  const makers = orchestrationLoops({ ...basics, log: silentLogger, metrics: silentMetrics });
  const loops = Object.values(makers).map((make) => make());
  for (const loop of loops) await loop.start();
  let assigned = 0;
  const stopped: string[] = [];
  const watch = store.watch(({ events }) => {
    for (const event of events) {
      if (event.table !== 'task' || event.kind !== 'update') continue;
      if (event.object.status?.state === TaskState.ASSIGNED) {
        if (event.old.status?.state === TaskState.PENDING) assigned++;
        if (event.object.desiredState === TaskState.REMOVE) stopped.push(event.object.id);
      }
    }
  });
  const startedAt = clock.monotonic();
  await store.update((tx) => tx.create('service', aServiceOf('big', { replicas: taskCount })));
  const firstStallMs = await until(() => assigned === taskCount);
  const assignMs = clock.monotonic() - startedAt;
  await store.update((tx) => {
    const service = tx.get('service', 'big');
    if (service !== undefined) tx.update('service', { ...service, isRemoving: true });
  });
  const removedAt = clock.monotonic();
  let isReporting = false;
  const isGone = (): boolean => {
    if (!isReporting && stopped.length > 0) {
      isReporting = true;
      void report(store, stopped.splice(0)).then(() => {
        isReporting = false;
      });
    }
    return store.view((tx) => tx.get('service', 'big')) === undefined;
  };
  const stallMs = Math.max(firstStallMs, await until(isGone));
  const removeMs = clock.monotonic() - removedAt;
  watch.cancel();
  for (const loop of loops) await loop.stop();
  return { assignMs, removeMs, stallMs };
}

/** The agents: what is to be removed has stopped. */
async function report(store: ClusterStore, taskIds: readonly string[]): Promise<void> {
  await store.batch(taskIds, (tx, id) => {
    const task = tx.get('task', id);
    if (task === undefined) return;
    const status = TaskStatus.create({ ...task.status, state: TaskState.SHUTDOWN });
    tx.update('task', { ...task, status });
  });
}

export async function bench(): Promise<Row[]> {
  const rows: Row[] = [];
  const blank = { peer: null, ratio: null, bar: null, ok: null };
  for (const taskCount of [30, 1_000, 10_000, 100_000]) {
    const { assignMs, removeMs, stallMs } = await once(taskCount);
    const what = `loops: ${taskCount} tasks on ${nodeCount} nodes`;
    const ms = (value: Ms): number => Math.round(value * 10) / 10;
    rows.push({ ...blank, name: `${what}, created and assigned`, unit: 'ms', ours: ms(assignMs) });
    rows.push({ ...blank, name: `${what}, removed`, unit: 'ms', ours: ms(removeMs) });
    rows.push({ ...blank, name: `${what}, longest turn`, unit: 'ms', ours: ms(stallMs) });
  }
  return rows;
}
