/**
 * The shapes of Kubernetes' scheduler_perf, by its names: 5,000 nodes, tasks that stand, tasks that are measured.
 * The floors are those that its own continuous integration asks of it, with the API server and etcd in the path.
 */
import { SpreadAction } from '#proto';
import { affinityTerm, nodeTerm, preferringTasks, requiringNodes } from '#test/_support/affinity';
import { requiringTasks, spreadOver } from '#test/_support/affinity';
import type { TaskShape } from '#test/_support/placement';
import type { Shape } from './shape.ts';
import { nodesOf, tasksOf } from './shape.ts';

const nodeCount = 5_000;
const small: TaskShape = { cpus: 0.1, memoryBytes: 500 * 2 ** 20 };
const blue: TaskShape = { ...small, labels: { app: 'web' } };
const floorOf = '20 x Kubernetes';

interface Load {
  readonly zones?: number;
  readonly before: number;
  readonly measured: number;
  readonly shape: TaskShape;
  readonly floor?: number;
  readonly hasChurn?: boolean;
}

function shape(name: string, load: Load): Shape {
  return {
    name: `${name}/${nodeCount}Nodes_${load.measured}Pods`,
    nodes: () => nodesOf(nodeCount, { cpus: 32, zones: load.zones ?? 1 }),
    before: () => tasksOf(load.before, { ...load.shape, service: 'before' }),
    measured: () => tasksOf(load.measured, load.shape),
    hasChurn: load.hasChurn === true,
    ...(load.floor === undefined
      ? {}
      : { floor: 20 * load.floor, floorOf, committedFloor: 10 * load.floor }),
  };
}

const apart = affinityTerm('host', ['app=web']);
const inZone = affinityTerm('zone', ['app=web']);

export const kubernetesShapes: readonly Shape[] = [
  shape('SchedulingBasic', { before: 1_000, measured: 10_000, shape: small, floor: 810 }),
  shape('SchedulingNodeAffinity', {
    zones: 2,
    before: 5_000,
    measured: 10_000,
    shape: {
      ...small,
      placement: { nodeAffinity: requiringNodes(nodeTerm('zone in z1,z9')) },
    },
    floor: 220,
  }),
  shape('SchedulingPodAffinity', {
    before: 5_000,
    measured: 5_000,
    shape: { ...blue, placement: { affinity: requiringTasks(inZone) } },
    floor: 35,
  }),
  shape('SchedulingPodAntiAffinity', {
    before: 1_000,
    measured: 2_000,
    shape: { ...blue, placement: { antiAffinity: requiringTasks(apart) } },
    floor: 60,
  }),
  shape('SchedulingPreferredPodAffinity', {
    before: 5_000,
    measured: 5_000,
    shape: { ...blue, placement: { affinity: preferringTasks([1, apart]) } },
  }),
  shape('SchedulingPreferredPodAntiAffinity', {
    before: 5_000,
    measured: 5_000,
    shape: { ...blue, placement: { antiAffinity: preferringTasks([1, apart]) } },
  }),
  shape('TopologySpreading', {
    zones: 3,
    before: 5_000,
    measured: 5_000,
    shape: { ...blue, placement: { topologySpread: [spreadOver('zone', 5)] } },
    floor: 460,
  }),
  shape('PreferredTopologySpreading', {
    zones: 3,
    before: 5_000,
    measured: 5_000,
    shape: {
      ...blue,
      placement: {
        topologySpread: [spreadOver('zone', 5, { action: SpreadAction.SCHEDULE_ANYWAY })],
      },
    },
  }),
  shape('SchedulingWithMixedChurn', {
    before: 0,
    measured: 10_000,
    shape: small,
    hasChurn: true,
  }),
  {
    name: 'SchedulingDaemonset/15000Nodes',
    nodes: () => nodesOf(15_000, { cpus: 32 }),
    measured: () =>
      tasksOf(15_000, small).map((task, at) => ({
        ...task,
        slot: 0,
        nodeId: `node-${String(at).padStart(5, '0')}`,
      })),
  },
];

/** Every node is full of tasks of low priority. */
export const preemptionShape = {
  name: `PreemptionBasic/${nodeCount}Nodes`,
  nodes: () => nodesOf(nodeCount, { cpus: 4 }),
  before: () => tasksOf(4 * nodeCount, { cpus: 0.9, service: 'low' }),
  measured: () => tasksOf(200, { cpus: 3, priority: 10, service: 'high' }),
};
