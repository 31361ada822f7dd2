/** Preemption on one node: which tasks would have to go for a more important one, and as few as possible. */
import { TaskState } from '#proto';
import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { refuse } from './filter.ts';
import { nodeUnits, pause } from './meter.ts';
import type { Meter, Pause } from './meter.ts';
import type { NodeRecord } from './node-record.ts';
import { byImportance, priorityOf, startedAtMs } from './priority.ts';
import type { Refusal } from './refusal.ts';
import type { Requirements } from './requirements.ts';
import { TopologyRules, hasTopology } from './topology-rules.ts';

/** How many tasks that share a budget may be missing more than are now. */
export interface DisruptionBudget {
  readonly id: string;
  readonly allowed: number;
}

/** A node on which more would have to go makes no offer: they go in one transaction. */
const victimsMax = 100;

/** What a node offers. */
export interface Offer {
  readonly nodeId: string;
  /** Those that would go, the most important first; empty where those that are being stopped anyway make room. */
  readonly victims: readonly Task[];
  /** Victims beyond what their budgets allow. */
  readonly violationCount: number;
}

export interface VictimsInput {
  readonly view: ClusterView;
  readonly task: Task;
  readonly requirements: Requirements;
  readonly record: NodeRecord;
  /** Tasks on the node as the store has them. */
  readonly standing: readonly Task[];
  readonly budgetOf: (task: Task) => DisruptionBudget | undefined;
  readonly meter: Meter;
}

/** A node that tasks are taken from and put back on, to see whether another then fits. */
interface Trial {
  remove(task: Task): void;
  restore(task: Task): void;
  fits(): boolean;
  refusal(): Refusal | undefined;
}

/** In the view itself, for whoever asks for more than resources; what is removed has to be put back. */
function trialInView(input: VictimsInput): Trial {
  const { view, task, requirements, record } = input;
  const refusal = (): Refusal | undefined => {
    const own = refuse(record, requirements, view.service(task.serviceId));
    if (own !== undefined || !hasTopology(view, task)) return own;
    const rules = new TopologyRules(view, task, requirements);
    return rules.refuse(rules.locate(record));
  };
  return {
    remove: ({ id }) => view.removeTask(id),
    restore: (one) => view.setTask(one, one),
    fits: () => refusal() === undefined,
    refusal,
  };
}

/** With the sums of the node alone, which is many times as fast: most tasks that find no node lack nothing but resources. */
function trialOfSums({ view, task, requirements, record }: VictimsInput): Trial {
  const { demand } = requirements;
  const reserved = record.reserved.copy();
  const add = (id: string, sign: 1 | -1): void => {
    const held = view.demandOn(record.id, id);
    if (held !== undefined) reserved.add(held, sign);
  };
  return {
    remove: ({ id }) => add(id, -1),
    restore: ({ id }) => add(id, 1),
    fits: () => reserved.leavesRoomFor(demand, record.node.description?.resources),
    refusal: () => refuse({ ...record, reserved }, requirements, view.service(task.serviceId)),
  };
}

/** Whether nothing but the resources of the node can change whether the task fits there. */
export function isAboutSums({
  view,
  task,
  requirements,
}: Pick<VictimsInput, 'view' | 'task' | 'requirements'>): boolean {
  const { ports, perNodeMax } = requirements;
  return ports.length === 0 && perNodeMax === 0 && !hasTopology(view, task);
}

/** Divides by whether their going is within their budgets, asked for in the order of importance. */
function divideByBudget(
  tasks: readonly Task[],
  budgetOf: VictimsInput['budgetOf'],
): { readonly violating: readonly Task[]; readonly others: readonly Task[] } {
  const left = new Map<string, number>();
  const violating: Task[] = [];
  const others: Task[] = [];
  for (const task of tasks) {
    const budget = budgetOf(task);
    if (budget === undefined) {
      others.push(task);
      continue;
    }
    const allowed = (left.get(budget.id) ?? budget.allowed) - 1;
    left.set(budget.id, allowed);
    if (allowed < 0) violating.push(task);
    else others.push(task);
  }
  return { violating, others };
}

/** Whether the task is being stopped already. */
function isLeaving(task: Task): boolean {
  return task.desiredState > TaskState.COMPLETE;
}

/**
 * All tasks of lower priority go; then, the most important first and those whose budget does not allow it before
 * the others, every one that still fits stays after all; one that is being stopped anyway goes. Undefined: nobody of lower
 * priority is there, or too many would have to go. A refusal: it would not fit even so. The view is as before when
 * this ends; in a pause it is not.
 */
export function* selectVictims(input: VictimsInput): Generator<Pause, Offer | Refusal | undefined> {
  const { view, record, standing, meter } = input;
  // Rules about other tasks look at every node anew.
  const units = nodeUnits * (hasTopology(view, input.task) ? view.nodeCount : 1);
  const isOfSums = isAboutSums(input);
  const priority = priorityOf(input.task);
  const lower = standing.filter((task) => priorityOf(task) < priority).toSorted(byImportance);
  if (lower.length === 0) return undefined;
  const trial = isOfSums ? trialOfSums(input) : trialInView(input);
  const gone = new Set<Task>();
  const remove = (task: Task): void => {
    trial.remove(task);
    gone.add(task);
  };
  const restore = (task: Task): void => {
    trial.restore(task);
    gone.delete(task);
  };
  try {
    for (const task of lower) remove(task);
    if (meter.isDue(units)) yield pause;
    if (!trial.fits()) return trial.refusal();
    let violationCount = 0;
    const { violating, others } = divideByBudget(
      lower.filter((task) => !isLeaving(task)),
      input.budgetOf,
    );
    for (const task of [...violating, ...others]) {
      restore(task);
      const mayStay = trial.fits();
      if (!mayStay) remove(task);
      if (!mayStay && violating.includes(task)) violationCount++;
      if (meter.isDue(units)) yield pause;
    }
    const victims = [...gone].filter((task) => !isLeaving(task)).toSorted(byImportance);
    if (victims.length > victimsMax) return undefined;
    return { nodeId: record.id, victims, violationCount };
  } finally {
    for (const task of gone) trial.restore(task);
  }
}

/** Added to every priority, so that two small ones are worth more than one. */
const priorityOffset = 2 ** 31;

/** What offers are compared by, one after the other; the smaller is the better. */
function costs({ victims, violationCount }: Offer): readonly number[] {
  const [highest] = victims;
  if (highest === undefined) return [violationCount, -Infinity, 0, 0, 0];
  const top = priorityOf(highest);
  const sum = victims.reduce((total, task) => total + priorityOf(task) + priorityOffset, 0);
  // Of the most important victims the one that has been there longest: the later, the better.
  const earliest = victims.find((task) => priorityOf(task) === top) ?? highest;
  return [violationCount, top, sum, victims.length, -startedAtMs(earliest)];
}

/**
 * What costs least first: fewest budgets broken, then the lowest highest priority, the smallest sum of
 * priorities, the fewest victims, those that came latest; those alike stay in their order.
 */
export function byCost(offers: readonly Offer[]): readonly Offer[] {
  const priced = offers.map((offer) => ({ offer, costs: costs(offer) }));
  priced.sort((a, b) => {
    const at = a.costs.findIndex((cost, index) => cost !== b.costs[index]);
    return at < 0 ? 0 : (a.costs[at] ?? 0) - (b.costs[at] ?? 0);
  });
  return priced.map(({ offer }) => offer);
}
