/**
 * The leader's loops that turn services into tasks and clear up after them. Each is level-triggered: on
 * start it looks at everything in the store, afterwards at what events name. They own the making of
 * tasks, a task's desired state and delay, a service's update status, and the deletion of tasks and services.
 */
export { ConstraintEnforcer } from './constraint-enforcer.ts';
export { ServiceOrchestrator } from './service-orchestrator.ts';
export { TaskReaper } from './task-reaper.ts';
export { assertTransition } from './task-transitions.ts';
