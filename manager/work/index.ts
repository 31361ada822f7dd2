/**
 * Work the leader asks of agents over their sessions and that they answer on streams of their
 * own: logs, images, networks. Bounded everywhere; a slow reader holds the node back, never the manager.
 */
export { Channel, abortWith } from './channel.ts';
export { visible } from './visible.ts';
export { WorkRouter } from './router.ts';
export type { WorkAnswer, WorkExchange, WorkKind } from './router.ts';
