/**
 * One try for a group of alike tasks: those that were nominated go to their nodes if there is room by now, the others
 * wherever they may; who finds no node may have others stopped for it. The view holds what was decided.
 */
import type { Ms } from '#lib';
import { TaskState } from '#proto';
import type { Task } from '#proto';
import { pause, placementUnits, placing, preempting, priorityOf } from '#scheduler';
import type {
  ClusterView,
  FilterName,
  Meter,
  Offer,
  Pause,
  Placement,
  PlaceOptions,
  Preemption,
  ScoringConfig,
  Unplaced,
} from '#scheduler';
import type { DisruptionBudgets } from '../disruption/index.ts';
import { isOnNode } from '../orchestrator/task-state.ts';
import type { Nominations } from './nominations.ts';

/** Others are to be stopped on a node, so that the task may come there. */
export interface PlannedPreemption {
  readonly task: Task;
  readonly nodeId: string;
  readonly victims: readonly Task[];
  /** Victims beyond what their budgets allow. */
  readonly violationCount: number;
  /** Less important tasks that waited for room on this node: they have to look again. */
  readonly displaced: readonly string[];
  readonly explanation: string;
}

export interface Attempt {
  readonly placed: readonly Placement[];
  readonly preemptions: readonly PlannedPreemption[];
  /** Tasks that wait on, with the reason. */
  readonly refused: readonly { readonly task: Task; readonly explanation: string }[];
  /** Tasks of `refused` whose nomination does not help any more. */
  readonly unnominated: readonly string[];
  /** The filters that refused nodes; undefined where every task was placed. */
  readonly filters: ReadonlySet<FilterName> | undefined;
  /** Some tasks could still try to preempt. */
  readonly isUnfinished: boolean;
}

/** With fewer offers than this the nodes are asked anew: half of what a search asks for at least. */
const offersMin = 50;
/** Nominations that one preemption takes away; any others find out by themselves that they have no room. */
const displacedMax = 50;

/** What all attempts of one pass share. */
export interface AttemptContext {
  readonly view: ClusterView;
  readonly nominations: Nominations;
  readonly scoring: ScoringConfig;
  readonly nowMs: Ms;
  readonly meter: Meter;
  /** All tasks of a node, as they are during this pass. */
  readonly tasksOfNode: (nodeId: string) => Iterable<Task>;
  readonly budgets: () => DisruptionBudgets;
  /** Not while there are nodes of which nobody knows yet whether they have room. */
  readonly mayStopOthers: boolean;
  /** Tasks that this pass has chosen as victims. */
  readonly going: Set<string>;
  /** With which of so many nodes a preemption begins. */
  readonly offset: (nodeCount: number) => number;
  /** How many more times this pass may look for victims. */
  preemptionsLeft: number;
}

interface Draft {
  readonly placed: Placement[];
  readonly unplaced: Unplaced[];
}

export function* attempt(
  context: AttemptContext,
  tasks: readonly Task[],
): Generator<Pause, Attempt> {
  const { view, nominations } = context;
  const [first] = tasks;
  const priority = first === undefined ? 0 : priorityOf(first);
  nominations.holdFrom(priority);
  const draft: Draft = { placed: [], unplaced: [] };
  const others: Task[] = [];
  let nowhere: Unplaced | undefined;
  for (const task of tasks)
    if (nominations.nodeOf(task.id) === undefined) others.push(task);
    else nowhere = yield* tryNominated(context, task, draft, nowhere);
  const { placed, unplaced } = yield* placing(view, others, placeOptions(context));
  for (const one of placed) draft.placed.push(one);
  for (const one of unplaced) draft.unplaced.push(one);
  const filters = new Set<FilterName>();
  for (const one of draft.unplaced) for (const filter of one.filters) filters.add(filter);
  const found = yield* makeRoom(context, draft.unplaced, priority);
  return {
    placed: draft.placed,
    ...found,
    filters: draft.unplaced.length === 0 ? undefined : filters,
  };
}

function placeOptions({ nowMs, scoring, meter }: AttemptContext): PlaceOptions {
  return { nowMs, scoring, meter };
}

/**
 * First the node that room was made on, then any: but for that once one alike has found that no node takes it, `nowhere`.
 * Gives that for the next one; undefined when this one has changed the view.
 */
function* tryNominated(
  context: AttemptContext,
  task: Task,
  { placed, unplaced }: Draft,
  nowhere: Unplaced | undefined,
): Generator<Pause, Unplaced | undefined> {
  const { view, nominations } = context;
  const nodeId = nominations.nodeOf(task.id) ?? '';
  nominations.release(task.id);
  const options = placeOptions(context);
  const there = yield* placing(view, [{ ...task, nodeId }], { ...options, isExplaining: false });
  const isLost = there.placed.length === 0 && nowhere !== undefined;
  const anywhere =
    there.placed.length > 0 || isLost ? there : yield* placing(view, [task], options);
  const [found] = anywhere.placed;
  if (found === undefined) {
    nominations.hold(task.id);
    const known = isLost ? { ...nowhere, task } : anywhere.unplaced[0];
    if (known !== undefined) unplaced.push(known);
    return known;
  }
  placed.push({ task, nodeId: found.nodeId });
  nominations.delete(task.id);
  return undefined;
}

type Found = Pick<Attempt, 'preemptions' | 'refused' | 'unnominated' | 'isUnfinished'>;

/** Looks for victims for one task after the other, as long as there are any to be had. */
function* makeRoom(
  context: AttemptContext,
  unplaced: readonly Unplaced[],
  priority: number,
): Generator<Pause, Found> {
  const { view, nominations } = context;
  const preemptions: PlannedPreemption[] = [];
  const refused: { task: Task; explanation: string }[] = [];
  const unnominated: string[] = [];
  let isUnfinished = false;
  /** What the last one without a node of its own was told: those after it are alike. */
  let nobody: string | undefined;
  /** What nodes offered to the last one, and was not taken. */
  let offers: readonly Offer[] = [];
  // Where nobody is less important there is nothing to look for, nor to tell.
  const mayHelp = context.mayStopOthers && view.hasLowerThan(priority);
  for (const { task, explanation } of unplaced) {
    const isAlike = task.nodeId === '' && nominations.nodeOf(task.id) === undefined;
    if (!mayHelp || (isAlike && nobody !== undefined) || context.preemptionsLeft <= 0) {
      isUnfinished ||= mayHelp && nobody === undefined && context.preemptionsLeft <= 0;
      refused.push({ task, explanation: joined(explanation, nobody) });
      continue;
    }
    const offered = isAlike ? takeOffer(context, offers) : undefined;
    const result = offered ?? (yield* lookForVictims(context, task));
    if (result.kind === 'nominated') {
      preemptions.push(plan(context, task, result, explanation));
      if (context.meter.isDue(placementUnits)) yield pause;
      offers = result.others;
      continue;
    }
    if (isAlike) nobody = result.summary;
    const isGivenUp = !result.isWaiting && nominations.delete(task.id) !== undefined;
    if (isGivenUp) unnominated.push(task.id);
    refused.push({ task, explanation: joined(explanation, result.summary) });
  }
  return { preemptions, refused, unnominated, isUnfinished };
}

/**
 * The best of what is left of the offers to one that is alike, as long as there is enough to choose from: no node is asked
 * again. None for somebody with victims that have been chosen since.
 */
function takeOffer(
  { going }: AttemptContext,
  offers: readonly Offer[],
): Extract<Preemption, { kind: 'nominated' }> | undefined {
  if (offers.length < offersMin) return undefined;
  const [best, ...others] = offers;
  if (best === undefined || best.victims.some(({ id }) => going.has(id))) return undefined;
  return { kind: 'nominated', ...best, others };
}

function joined(explanation: string, suffix: string | undefined): string {
  return suffix === undefined ? explanation : `${explanation} ${suffix}`;
}

function* lookForVictims(context: AttemptContext, task: Task): Generator<Pause, Preemption> {
  const { view, nominations, going, meter } = context;
  context.preemptionsLeft--;
  const budgets = context.budgets();
  const standing = (nodeId: string): readonly Task[] =>
    [...context.tasksOfNode(nodeId)]
      .filter(isOnNode)
      .map((one) => (going.has(one.id) ? { ...one, desiredState: TaskState.SHUTDOWN } : one));
  nominations.release(task.id);
  const result = yield* preempting(view, task, {
    standing,
    budgetOf: (one) => budgets.budgetOf(one),
    nominatedNodeId: nominations.nodeOf(task.id) ?? '',
    isBeingPreempted: (one) => one.preemptedBy !== undefined || going.has(one.id),
    offset: context.offset(view.nodeCount),
    meter,
  });
  nominations.hold(task.id);
  return result;
}

function plan(
  context: AttemptContext,
  task: Task,
  { nodeId, victims, violationCount }: Extract<Preemption, { kind: 'nominated' }>,
  explanation: string,
): PlannedPreemption {
  const { nominations, going } = context;
  const displaced = nominations.lowerOn(nodeId, priorityOf(task)).slice(0, displacedMax);
  for (const taskId of displaced) nominations.delete(taskId);
  nominations.set(task, nodeId);
  for (const victim of victims) {
    going.add(victim.id);
    context.budgets().take(victim);
  }
  return { task, nodeId, victims, violationCount, displaced, explanation };
}
