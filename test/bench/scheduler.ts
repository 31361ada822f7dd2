/** The scheduler alone: placing tasks with reservations on a thousand nodes. */
import { systemClock } from '#lib/clock-node';
import type { Node, Task } from '#proto';
import { ClusterView, place } from '#scheduler';
import { nodeOf, taskOf } from '#test/_support/placement';
import type { Row } from './row.ts';

const nodeCount = 1_000;
const clock = systemClock();

interface Shape {
  readonly name: string;
  readonly serviceCount: number;
  readonly tasksPerService: number;
  readonly preferences?: readonly string[];
  readonly constraints?: readonly string[];
}

const shapes: readonly Shape[] = [
  { name: '1k tasks of one service', serviceCount: 1, tasksPerService: 1_000 },
  { name: '10k tasks of one service', serviceCount: 1, tasksPerService: 10_000 },
  { name: '100k tasks of one service', serviceCount: 1, tasksPerService: 100_000 },
  { name: '10k services of one task', serviceCount: 10_000, tasksPerService: 1 },
  { name: '1k services of ten tasks', serviceCount: 1_000, tasksPerService: 10 },
  {
    name: '10k tasks spread over ten zones',
    serviceCount: 1,
    tasksPerService: 10_000,
    preferences: ['spread=node.labels.zone'],
  },
  {
    name: '1k services of ten tasks bound to one zone of ten',
    serviceCount: 1_000,
    tasksPerService: 10,
    constraints: ['node.labels.zone==z3'],
  },
];

function nodes(): readonly Node[] {
  return Array.from({ length: nodeCount }, (_, at) =>
    nodeOf(`node-${String(at).padStart(4, '0')}`, {
      cpus: 4_000,
      memoryBytes: 2 ** 40,
      labels: { zone: `z${at % 10}` },
    }),
  );
}

function tasksOf(shape: Shape): readonly Task[] {
  const { preferences = [], constraints = [] } = shape;
  return Array.from({ length: shape.serviceCount }, (_, service) =>
    Array.from({ length: shape.tasksPerService }, (__, slot) =>
      taskOf(`${service}/${slot}`, {
        service: `service-${service}`,
        slot: slot + 1,
        cpus: 0.1,
        memoryBytes: 2 ** 20,
        preferences,
        constraints,
      }),
    ),
  ).flat();
}

function once(all: readonly Node[], tasks: readonly Task[]): number {
  const view = new ClusterView();
  for (const node of all) view.setNode(node);
  const startedAt = clock.monotonic();
  const { placed } = place(view, tasks, { nowMs: 0 });
  const tookMs = clock.monotonic() - startedAt;
  if (placed.length !== tasks.length) throw new Error('the bench has to place every task');
  return tookMs;
}

/** Median of a few runs, placements per second; ten thousand are to be placed within a second. */
export function bench(): Promise<Row[]> {
  const all = nodes();
  const rows = shapes.map((shape): Row => {
    const tasks = tasksOf(shape);
    const runs = tasks.length > 50_000 ? 3 : 7;
    const times = Array.from({ length: runs }, () => once(all, tasks)).sort((a, b) => a - b);
    const medianMs = times[runs >> 1] ?? Infinity;
    const isBound = tasks.length <= 10_000;
    return {
      name: `scheduler: ${shape.name} on ${nodeCount} nodes`,
      unit: 'placements/s',
      ours: Math.round((tasks.length / medianMs) * 1_000),
      peer: null,
      ratio: null,
      bar: isBound ? '< 1 s' : null,
      ok: isBound ? medianMs < 1_000 : null,
    };
  });
  return Promise.resolve(rows);
}
