/**
 * What would happen if: nodes drained, lost, added, services scaled, on a copy of the cluster or on one that is described. The
 * orchestrator's planners and the scheduler decide as they do for real; agents obey at once. Nothing is written.
 */
export { simulationLimits } from './apply-step.ts';
export { simulate } from './simulate.ts';
export { SimulatedCluster } from './simulated-cluster.ts';
export type { SimulatedState } from './simulated-cluster.ts';
