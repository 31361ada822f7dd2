/** The shapes of SwarmKit's own benchmark of its scheduler, by its names. */
import type { Shape } from './shape.ts';
import { nodesOf, tasksOf } from './shape.ts';

/** Its placements a second on the machine of the bars. */
const swarmkit10k = 8_400;
const swarmkit100k = 5_400;

const plain = (name: string, count: number, floor: number | undefined): Shape => ({
  name,
  nodes: () => nodesOf(1_000, { cpus: 4_000 }),
  measured: () => tasksOf(count, { cpus: 0.1, memoryBytes: 2 ** 20 }),
  floor,
  floorOf: '10 x SwarmKit',
});

export const swarmkitShapes: readonly Shape[] = [
  plain('1kNodes1kTasks', 1_000, undefined),
  plain('1kNodes10kTasks', 10_000, 10 * swarmkit10k),
  plain('1kNodes100kTasks', 100_000, 10 * swarmkit100k),
  {
    name: 'Constraints1kNodes10kTasks',
    nodes: () => nodesOf(1_000, { cpus: 4_000, zones: 10 }),
    measured: () =>
      tasksOf(10_000, {
        cpus: 0.1,
        constraints: ['node.labels.zone==z1', 'node.hostname!=none'],
      }),
  },
  {
    name: 'Spread1kNodes10kTasks',
    nodes: () => nodesOf(1_000, { cpus: 4_000, zones: 10 }),
    measured: () => tasksOf(10_000, { cpus: 0.1, preferences: ['spread=node.labels.zone'] }),
  },
  {
    name: '1kNodes10kServicesOf1Task',
    nodes: () => nodesOf(1_000, { cpus: 4_000 }),
    measured: () => tasksOf(10_000, { cpus: 0.1 }, (at) => `service-${at}`),
  },
];
