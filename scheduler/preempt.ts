/**
 * Preemption: where a task that found no node could go if tasks of lower priority left. Pure: it names the node
 * and the victims, and leaves the view as it was.
 */
import { PreemptionPolicy } from '#proto';
import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { explaining } from './explain.ts';
import type { Explanation, RefusedNode } from './explain.ts';
import { Meter, finish, nodeUnits, pause } from './meter.ts';
import type { Pause } from './meter.ts';
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
  /** When to pause, for `preempting`. Default: never. */
  readonly meter?: Meter;
}

export type Preemption =
  | ({ readonly kind: 'nominated' } & Offer)
  /** `summary` as in "preemption: 0/4 nodes are available: 4 Preemption is not helpful ...". */
  | {
      readonly kind: 'none';
      readonly summary: string;
      /** Victims of an earlier preemption still stand: what was nominated holds. */
      readonly isWaiting: boolean;
    };

function none(why: string, isWaiting = false): Preemption {
  return { kind: 'none', summary: `preemption: ${why}`, isWaiting };
}

const hopeless = refusal('availability', 'Preemption is not helpful for scheduling');
const notByPolicy = 'not eligible due to preemptionPolicy=Never.';
const victimsStand = 'not eligible due to a terminating pod on the nominated node.';

function mayPreempt(task: Task): boolean {
  return task.spec?.placement?.preemptionPolicy !== PreemptionPolicy.NEVER;
}

/**
 * Whether tasks that were stopped for the task still stand on the node that was chosen for it. Not where evictions do
 * not help there any more, for the node is lost or drained: then another may be chosen.
 */
function isMakingRoom(task: Task, options: PreemptOptions, { refused }: Explanation): boolean {
  const { nominatedNodeId = '', isBeingPreempted, standing } = options;
  if (nominatedNodeId === '' || isBeingPreempted === undefined) return false;
  const own = refused.find(({ nodeId }) => nodeId === nominatedNodeId);
  if (own?.refusal.isResolvable !== true) return false;
  for (const other of standing(nominatedNodeId))
    if (isBeingPreempted(other) && priorityOf(other) < priorityOf(task)) return true;
  return false;
}

/** Looks for a node on which tasks of lower priority could make room for `task`, which fits nowhere. */
export function preempt(view: ClusterView, task: Task, options: PreemptOptions): Preemption {
  return finish(preempting(view, task, options));
}

/** `preempt` in slices. Where it pauses, others may run, but must neither change the view nor read it. */
export function* preempting(
  view: ClusterView,
  task: Task,
  options: PreemptOptions,
): Generator<Pause, Preemption> {
  if (!mayPreempt(task)) return none(notByPolicy);
  const { meter = new Meter(Infinity) } = options;
  const explanation = yield* explaining(view, task, { meter });
  if (isMakingRoom(task, options, explanation)) return none(victimsStand, true);
  const { refused, nodeCount } = explanation;
  const candidates = refused.filter((one) => one.refusal.isResolvable);
  const refusals: Refusal[] = Array.from(
    { length: refused.length - candidates.length },
    () => hopeless,
  );
  const offers = yield* offersOf(view, task, candidates, { ...options, meter }, refusals);
  const best = cheapestOffer(offers);
  if (best === undefined) return none(summarise(nodeCount, refusals));
  return { kind: 'nominated', ...best };
}

/** Asks one candidate after the other until there is enough to choose from; notes why the others are none. */
function* offersOf(
  view: ClusterView,
  task: Task,
  candidates: readonly RefusedNode[],
  options: PreemptOptions & { readonly meter: Meter },
  refusals: Refusal[],
): Generator<Pause, readonly Offer[]> {
  const { offset = 0, budgetOf = () => undefined, trials = defaultTrials, meter } = options;
  const wanted = Math.max(Math.trunc((view.nodeCount * trials.percent) / 100), trials.min);
  const requirements = requirementsOf(task);
  const offers: Offer[] = [];
  for (let at = 0; at < candidates.length; at++) {
    const nodeId = candidates[(offset + at) % candidates.length]?.nodeId ?? '';
    const record = view.node(nodeId);
    if (record === undefined) continue;
    const standing = [...options.standing(nodeId)];
    if (meter.isDue(nodeUnits * (1 + standing.length))) yield pause;
    const input = { view, task, requirements, record, standing, budgetOf, meter };
    const found = yield* selectVictims(input);
    if (found === undefined) refusals.push(hopeless);
    else if ('victims' in found) offers.push(found);
    else refusals.push(found);
    // Enough to choose from, and one among them that breaks no budget.
    if (offers.length >= wanted && offers.some((offer) => offer.violationCount === 0)) break;
  }
  return offers;
}
