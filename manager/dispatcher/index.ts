/**
 * The leader's side of the agents: registration and heartbeats, assignments, statuses. Owns
 * node.description and node.status, and writes task.status as agents report it.
 */
export { Dispatcher } from './dispatcher.ts';
export { dispatcherHandlers } from './handlers.ts';
export type { DispatcherHandlers } from './handlers.ts';
export { takesPart } from './network-content.ts';
