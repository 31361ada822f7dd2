/**
 * The leader's side of the agents: registration and heartbeats, assignments, statuses. Owns
 * node.description and node.status, and writes task.status as agents report it.
 */
export type { SessionLink, SessionPeer } from './agent-session.ts';
export { Dispatcher } from './dispatcher.ts';
export type { DispatcherOptions, SessionInput } from './dispatcher.ts';
export { dispatcherHandlers } from './handlers.ts';
export type { DispatcherHandlerOptions } from './handlers.ts';
