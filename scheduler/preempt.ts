/**
 * Preemption: where a task that found no node could go if tasks of lower priority left. Pure: it names the node
 * and the victims, and leaves the view as it was.
 */
import { PreemptionPolicy } from '#proto';
import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { explain } from './explain.ts';
import { priorityOf } from './priority.ts';
import { refusal, summarise } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { requirementsOf } from './requirements.ts';
import { cheapestOffer, selectVictims } from './victims.ts';
import type { DisruptionBudget, Offer } from './victims.ts';

/** How many nodes are tried: this part of all, but no fewer than that many. */
export interface TrialLimits {
  readonly percent: number;
  readonly min: number;
}
const defaultTrials: TrialLimits = { percent: 10, min: 100 };

export interface PreemptOptions {
  /** Tasks on a node as the store has them: assigned, and not stopped yet. */
  readonly standing: (nodeId: string) => Iterable<Task>;
  /** The budget that a task counts in; undefined: it may always go. */
  readonly budgetOf?: (task: Task) => DisruptionBudget | undefined;
  /** The node that an earlier preemption made room on; empty: there was none. */
  readonly nominatedNodeId?: string;
  /** Whether the task is being stopped to make room for another. */
  readonly isBeingPreempted?: (task: Task) => boolean;
  /** Any whole number, 0 or more: with which of the nodes the trials begin. */
  readonly offset?: number;
  readonly trials?: TrialLimits;
}

export type Preemption =
  | ({ readonly kind: 'nominated' } & Offer)
  /** `summary` as in "preemption: 0/4 nodes are available: 4 Preemption is not helpful ...". */
  | { readonly kind: 'none'; readonly summary: string };

function none(why: string): Preemption {
  return { kind: 'none', summary: `preemption: ${why}` };
}

/** Why the task may not push out others now; undefined when it may. */
function ineligible(task: Task, options: PreemptOptions): string | undefined {
  if (task.spec?.placement?.preemptionPolicy === PreemptionPolicy.NEVER)
    return 'not eligible due to preemptionPolicy=Never.';
  const { nominatedNodeId = '', isBeingPreempted, standing } = options;
  if (nominatedNodeId === '' || isBeingPreempted === undefined) return undefined;
  for (const other of standing(nominatedNodeId))
    if (isBeingPreempted(other) && priorityOf(other) < priorityOf(task))
      return 'not eligible due to a terminating pod on the nominated node.';
  return undefined;
}

/** Looks for a node on which tasks of lower priority could make room for `task`, which fits nowhere. */
export function preempt(view: ClusterView, task: Task, options: PreemptOptions): Preemption {
  const why = ineligible(task, options);
  if (why !== undefined) return none(why);
  const { offset = 0, budgetOf = () => undefined, trials = defaultTrials } = options;
  const { refused, nodeCount } = explain(view, task);
  const candidates = refused.filter((one) => one.refusal.isResolvable);
  const hopeless = refusal('availability', 'Preemption is not helpful for scheduling');
  const refusals: Refusal[] = Array.from(
    { length: refused.length - candidates.length },
    () => hopeless,
  );
  const wanted = Math.max(Math.trunc((nodeCount * trials.percent) / 100), trials.min);
  const requirements = requirementsOf(task);
  const offers: Offer[] = [];
  for (let at = 0; at < candidates.length; at++) {
    const nodeId = candidates[(offset + at) % candidates.length]?.nodeId ?? '';
    const record = view.node(nodeId);
    if (record === undefined) continue;
    const standing = [...options.standing(nodeId)];
    const found = selectVictims({ view, task, requirements, record, standing, budgetOf });
    if (found === undefined) refusals.push(hopeless);
    else if ('victims' in found) offers.push(found);
    else refusals.push(found);
    // Enough to choose from, and one among them that breaks no budget.
    if (offers.length >= wanted && offers.some((offer) => offer.violationCount === 0)) break;
  }
  const best = cheapestOffer(offers);
  if (best === undefined) return none(summarise(nodeCount, refusals));
  return { kind: 'nominated', ...best };
}
