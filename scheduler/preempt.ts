/**
 * Preemption: where a task that found no node could go if tasks of lower priority left. Pure: it names the node
 * and the victims, and leaves the view as it was.
 */
import { PreemptionPolicy } from '#proto';
import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { explainedUnits } from './explain.ts';
import { refuse } from './filter.ts';
import { Meter, finish, nodeUnits, pause } from './meter.ts';
import type { Pause } from './meter.ts';
import type { NodeRecord } from './node-record.ts';
import { priorityOf } from './priority.ts';
import { refusal, summarise } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { requirementsOf } from './requirements.ts';
import type { Requirements } from './requirements.ts';
import { TopologyRules, hasTopology } from './topology-rules.ts';
import { byCost, isAboutSums, selectVictims } from './victims.ts';
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
  | ({
      readonly kind: 'nominated';
      /** What other nodes offered and hold to for a task that is alike, the cheapest first; empty where that cannot be known. */
      readonly others: readonly Offer[];
    } & Offer)
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

/** What is asked of one node after the other. */
interface Search {
  readonly view: ClusterView;
  readonly task: Task;
  readonly requirements: Requirements;
  /** The task's rules about others, where there are any: made once, for a trial leaves the view as it was. */
  readonly rules: TopologyRules | undefined;
  readonly meter: Meter;
}

function refusalOn({ view, task, requirements, rules }: Search, record: NodeRecord) {
  return (
    refuse(record, requirements, view.service(task.serviceId)) ??
    rules?.refuse(rules.locate(record))
  );
}

/**
 * Whether tasks that were stopped for the task still stand on the node that was chosen for it. Not where evictions do
 * not help there any more, for the node is lost or drained: then another may be chosen.
 */
function isMakingRoom(search: Search, options: PreemptOptions): boolean {
  const { nominatedNodeId = '', isBeingPreempted, standing } = options;
  if (nominatedNodeId === '' || isBeingPreempted === undefined) return false;
  const own = search.view.node(nominatedNodeId);
  if (own === undefined || refusalOn(search, own)?.isResolvable !== true) return false;
  const priority = priorityOf(search.task);
  for (const other of standing(nominatedNodeId))
    if (isBeingPreempted(other) && priorityOf(other) < priority) return true;
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
  const requirements = requirementsOf(task);
  const rules = hasTopology(view, task) ? new TopologyRules(view, task, requirements) : undefined;
  if (rules !== undefined && meter.isDue(nodeUnits * view.nodeCount)) yield pause;
  const search = { view, task, requirements, rules, meter };
  if (isMakingRoom(search, options)) return none(victimsStand, true);
  const own = view.node(task.nodeId);
  const nodes = task.nodeId === '' ? [...view.nodes()] : own === undefined ? [] : [own];
  const refusals: Refusal[] = [];
  const offers = yield* offersOf(search, nodes, options, refusals);
  const [best, ...others] = byCost(offers);
  if (best === undefined) return none(summarise(nodes.length, refusals));
  return { kind: 'nominated', ...best, others: lastingOffers(search, others, options) };
}

/** Offers that stay what they are when one of them is taken: they are about their own node's sums, and cost no budget. */
function lastingOffers(
  search: Search,
  offers: readonly Offer[],
  { budgetOf }: PreemptOptions,
): readonly Offer[] {
  if (!isAboutSums(search)) return [];
  const isFree = ({ victims }: Offer): boolean =>
    budgetOf === undefined || victims.every((one) => budgetOf(one) === undefined);
  return offers.filter(isFree);
}

/**
 * Asks one node after the other until there is enough to choose from; those after that are not looked at. Notes why
 * the others are none.
 */
function* offersOf(
  search: Search,
  nodes: readonly NodeRecord[],
  options: PreemptOptions,
  refusals: Refusal[],
): Generator<Pause, readonly Offer[]> {
  const { offset = 0, budgetOf = () => undefined, trials = defaultTrials } = options;
  const { meter } = search;
  const wanted = Math.max(Math.trunc((nodes.length * trials.percent) / 100), trials.min);
  const offers: Offer[] = [];
  for (let at = 0; at < nodes.length; at++) {
    const record = nodes[(offset + at) % nodes.length];
    const refusal = record === undefined ? undefined : refusalOn(search, record);
    if (meter.isDue(explainedUnits)) yield pause;
    if (record === undefined || refusal === undefined) continue;
    if (!refusal.isResolvable) {
      refusals.push(hopeless);
      continue;
    }
    const standing = [...options.standing(record.id)];
    if (meter.isDue(nodeUnits * standing.length)) yield pause;
    const found = yield* selectVictims({ ...search, record, standing, budgetOf });
    if (found === undefined) refusals.push(hopeless);
    else if ('victims' in found) offers.push(found);
    else refusals.push(found);
    // Enough to choose from, and one among them that breaks no budget.
    if (offers.length >= wanted && offers.some((offer) => offer.violationCount === 0)) break;
  }
  return offers;
}
