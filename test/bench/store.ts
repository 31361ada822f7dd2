/**
 * The store alone, over a replicator that commits at once: what transactions, watches, reads
 * and snapshots cost beside Raft. 100,000 tasks of 1,000 services on 1,000 nodes.
 */
import { silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { ClusterStore, LocalReplicator } from '#manager';
import { ContainerSpec, Task, TaskSpec, TaskState, TaskStatus } from '#proto';
import type { Row } from './row.ts';

const taskCount = 100_000;
const serviceCount = 1_000;
const nodeCount = 1_000;
const samples = 30;

const taskId = (i: number): string => `${String((i * 7919) % taskCount).padStart(6, '0')}-task`;

/** As decoded from an entry: nothing is shared between tasks. */
function newTask(i: number): Task {
  const container = ContainerSpec.create({
    name: 'main',
    image: 'registry.example/team/application:1.2.3',
    args: ['serve', '--port', '8080'],
    env: ['LOG_LEVEL=info', 'REGION=north', 'FEATURES=a,b,c'],
    labels: { team: 'a', tier: 'web' },
  });
  return Task.create({
    id: taskId(i),
    serviceId: `service-${i % serviceCount}`,
    serviceName: `application-${i % serviceCount}`,
    slot: Math.floor(i / serviceCount) + 1,
    nodeId: `node-${i % nodeCount}`,
    spec: TaskSpec.create({ containers: [container] }),
    desiredState: TaskState.RUNNING,
    status: TaskStatus.create({ state: TaskState.ASSIGNED, message: 'scheduler assigned task' }),
  });
}

function newStore(): ClusterStore {
  const replicator = new LocalReplicator({ keepEntries: 0 });
  const store = new ClusterStore({
    replicator,
    clock: systemClock(),
    log: silentLogger,
    metrics: silentMetrics,
  });
  replicator.attach(store);
  return store;
}

function moved(task: Task, state: TaskState): Task {
  const status = task.status ?? TaskStatus.create();
  return { ...task, status: { ...status, state } };
}

function setState(store: ClusterStore, id: string, state: TaskState): Promise<unknown> {
  return store.update((tx) => {
    const task = tx.get('task', id);
    if (task !== undefined) tx.update('task', moved(task, state));
  });
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function measure(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function repeated(work: (round: number) => unknown): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < samples; i++) took.push(await measure(() => work(i)));
  return median(took);
}

function row(name: string, unit: string, ours: number, limit?: number): Row {
  const rounded = Math.round(ours * 1000) / 1000;
  const bar = limit === undefined ? null : `<= ${limit} ${unit}`;
  const ok = limit === undefined ? null : ours <= limit;
  return { name, unit, ours: rounded, peer: null, ratio: null, bar, ok };
}

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

export async function bench(): Promise<Row[]> {
  const store = newStore();
  const indexes = Array.from({ length: taskCount }, (_, i) => i);
  const fillMs = await measure(() =>
    store.batch(indexes, (tx, i) => tx.create('task', newTask(i))),
  );
  const perRound = 1_000;
  const oneByOneMs = await repeated(async (round) => {
    for (let i = 0; i < perRound; i++) {
      await setState(store, taskId(round * perRound + i), TaskState.RUNNING);
    }
  });
  const groupedMs = await repeated((round) =>
    Promise.all(
      indexes
        .slice(0, perRound)
        .map((i) => setState(store, taskId(round * 977 + i * 31), TaskState.ACCEPTED)),
    ),
  );
  const readMs = await repeated((round) =>
    store.view((tx) => {
      for (let i = 0; i < 100; i++) {
        for (const task of tx.tasksOfService(`service-${(round * 100 + i) % serviceCount}`)) {
          if (task.slot === 0) throw new Error('unexpected');
        }
      }
    }),
  );
  let seen = 0;
  const watches = Array.from({ length: 100 }, () =>
    store.watch(({ events }) => {
      seen += events.length;
    }),
  );
  const watchedMs = await repeated((round) =>
    store.batch(indexes.slice(0, perRound), (tx, i) => {
      const task = tx.get('task', taskId(round * 31 + i));
      if (task !== undefined) tx.update('task', moved(task, TaskState.RUNNING));
    }),
  );
  for (const watch of watches) watch.cancel();
  if (seen === 0) throw new Error('the watchers saw nothing');
  const takeMs = await repeated(() => void store.snapshot());
  const bytes = await drain(store.snapshot());
  const encodeMs = await measure(() => drain(store.snapshot()));
  const copy = newStore();
  const restoreMs = await measure(() => copy.restore(Number.MAX_SAFE_INTEGER, store.snapshot()));
  return [
    row('store: create 100,000 tasks by batch, per task', 'µs', (fillMs / taskCount) * 1000),
    row('store: one update at a time', 'µs', (oneByOneMs / perRound) * 1000, 100),
    row('store: 1,000 updates at once, each', 'µs', (groupedMs / perRound) * 1000, 50),
    row('store: tasks of a service, per task', 'µs', (readMs / 10_000) * 1000, 5),
    row('store: update seen by 100 watchers', 'µs', (watchedMs / perRound) * 1000, 100),
    row('store: begin a snapshot of 100,000 tasks', 'ms', takeMs, 1),
    row('store: encode that snapshot', 'ms', encodeMs),
    row('store: size of that snapshot', 'MB', bytes / 1e6),
    row('store: restore it, difference included', 'ms', restoreMs),
  ];
}

if (import.meta.main) console.table(await bench());
