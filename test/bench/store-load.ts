/** What the benchmarks of the store work on: 100,000 tasks of 1,000 services on 1,000 nodes. */
import { silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { ClusterStore, LocalReplicator } from '#manager';
import { ContainerSpec, Node, NodeDescription, ReplicatedMode, Service, ServiceSpec } from '#proto';
import { Task, TaskSpec, TaskState, TaskStatus } from '#proto';
import type { Row } from './row.ts';

export const taskCount = 100_000;
export const serviceCount = 1_000;
const nodeCount = 1_000;

export const taskId = (i: number): string =>
  `${String((i * 7919) % taskCount).padStart(6, '0')}-task`;
export const serviceId = (i: number): string => `service-${i % serviceCount}`;

/** As decoded from an entry: nothing is shared between tasks. */
export function newTask(i: number): Task {
  const container = ContainerSpec.create({
    name: 'main',
    image: 'registry.example/team/application:1.2.3',
    args: ['serve', '--port', '8080'],
    env: ['LOG_LEVEL=info', 'REGION=north', 'FEATURES=a,b,c'],
    labels: { team: 'a', tier: 'web' },
  });
  return Task.create({
    id: taskId(i),
    serviceId: serviceId(i),
    serviceName: `application-${i % serviceCount}`,
    slot: Math.floor(i / serviceCount) + 1,
    nodeId: `node-${i % nodeCount}`,
    spec: TaskSpec.create({ containers: [container] }),
    desiredState: TaskState.RUNNING,
    status: TaskStatus.create({ state: TaskState.ASSIGNED, message: 'scheduler assigned task' }),
  });
}

export function newService(i: number): Service {
  const replicated = ReplicatedMode.create({ replicas: taskCount / serviceCount });
  const spec = ServiceSpec.create({
    name: `application-${i}`,
    task: newTask(i).spec,
    mode: { kind: 'replicated', replicated },
  });
  return Service.create({ id: serviceId(i), spec });
}

function newNode(i: number): Node {
  const description = NodeDescription.create({ hostname: `host-${i}` });
  return Node.create({ id: `node-${i}`, description });
}

/** An empty one over a replicator that commits at once. */
export function newStore(): ClusterStore {
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

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

export async function fillTasks(store: ClusterStore): Promise<void> {
  await store.batch(numbers(taskCount), (tx, i) => tx.create('task', newTask(i)));
}

/** With its services and nodes. */
export async function fullStore(): Promise<ClusterStore> {
  const store = newStore();
  await store.batch(numbers(serviceCount), (tx, i) => tx.create('service', newService(i)));
  await store.batch(numbers(nodeCount), (tx, i) => tx.create('node', newNode(i)));
  await fillTasks(store);
  return store;
}

export function moved(task: Task, state: TaskState): Task {
  const status = task.status ?? TaskStatus.create();
  return { ...task, status: { ...status, state } };
}

export function setState(store: ClusterStore, id: string, state: TaskState): Promise<unknown> {
  return store.update((tx) => {
    const task = tx.get('task', id);
    if (task !== undefined) tx.update('task', moved(task, state));
  });
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Milliseconds. */
export async function measure(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** `limit`: what is still good. */
export function row(name: string, unit: string, ours: number, limit?: number): Row {
  const rounded = Math.round(ours * 1000) / 1000;
  const bar = limit === undefined ? null : `<= ${limit} ${unit}`;
  const ok = limit === undefined ? null : ours <= limit;
  return { name, unit, ours: rounded, peer: null, ratio: null, bar, ok };
}
