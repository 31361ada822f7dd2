import type { Task } from '#proto';
import type { NetworkView, ViewChanges } from './view.ts';

/**
 * `memory`: what an earlier life saved, which may be older than what that life left on the host.
 * `managers`: their word.
 */
export type ViewSource = 'memory' | 'managers';

/** A part of the host that is kept as the managers' networks say: links, rules, names. */
export interface NetworkConsumer {
  /** For logs. */
  readonly name: string;
  /**
   * The view has changed. Called in order, first with what an earlier life knew, if there was one, and does not wait
   * for the call before: a consumer gathers what comes while it is busy. Resolves once the host is
   * as the view was at this call, or later; trying again is the consumer's own matter. When it
   * rejects, the change counts as not applied until a later call resolves.
   * `before`, of the set that a session begins with: settles once the consumers before this one have applied it. It may
   * name tasks that nothing on this host leads to yet.
   */
  apply(
    view: NetworkView,
    changes: ViewChanges,
    source?: ViewSource,
    before?: Promise<unknown>,
  ): Promise<void>;
  /** Called once, before anything else: how this node's own tasks are looked up. */
  useTasks?(taskOf: (id: string) => Task | undefined): void;
}
