/** Placing tasks on nodes: the scheduler over the store. Owns a task's node, and PENDING to ASSIGNED. */
export { SchedulingLoop } from './scheduling-loop.ts';
