/**
 * Which tasks to move so that they lie better by the scheduler's own rules. A move goes where the scheduler would place
 * the task if it were new, and only if the task stands better there for good: docs/decisions/0117. Pure.
 */
import { assert } from '#lib';
import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import type { Group } from './group.ts';
import { Meter, pause } from './meter.ts';
import { nodesFor } from './node-order.ts';
import type { NodeRecord } from './node-record.ts';
import type { PlaceOptions } from './place.ts';
import { priorityOf, startedAtMs } from './priority.ts';
import { requirementsOf } from './requirements.ts';
import { defaultScoring } from './scores.ts';
import type { ScoringConfig } from './scores.ts';
import { StandingCosts, gainOf, isWorsePlace } from './standing-cost.ts';
import type { CostLevel } from './standing-cost.ts';
import { TaskKind, kindIdOf } from './task-kind.ts';

export interface Move {
  readonly task: Task;
  readonly toNodeId: string;
  /** What gets better by it; `node` where a whole node becomes free. */
  readonly gain: CostLevel | 'node';
}

export interface RebalancePlan {
  /** In the order in which they are to be made. */
  readonly moves: readonly Move[];
  /** Whether everything was looked at: then planning again after the moves gives nothing. */
  readonly isWhole: boolean;
}

export interface RebalanceOptions extends PlaceOptions {
  /** Moves planned at most. */
  readonly movesMax?: number;
  /** Which of the nodes is looked at first, where not all can be; any whole number, 0 or more. */
  readonly offset?: number;
}

/** Nodes looked at altogether: keeps a plan for a large cluster short. */
const looksMax = 400_000;
const movesMaxDefault = 1_000;
/** No task is moved more often than this while a plan is made: rules that contradict each other must not go on for ever. */
const movesPerTask = 4;

/**
 * Plans moves of `movable`: tasks that stand on nodes of the view and may be moved. The view is changed as if all moves were
 * made: hand in one of its own.
 */
export function rebalance(
  view: ClusterView,
  movable: Iterable<Task>,
  options: RebalanceOptions,
): RebalancePlan {
  return new Rebalancing(view, movable, options).plan();
}

class Rebalancing {
  readonly #view: ClusterView;
  readonly #options: RebalanceOptions;
  readonly #scoring: ScoringConfig;
  readonly #onNode = new Map<string, Task[]>();
  /** The tasks as they stood, by id, of those that are to move. */
  readonly #origins = new Map<string, Task>();
  readonly #moves = new Map<string, Move>();
  readonly #moveCounts = new Map<string, number>();
  readonly #movesMax: number;
  #looksLeft: number;

  constructor(view: ClusterView, movable: Iterable<Task>, options: RebalanceOptions) {
    this.#view = view;
    this.#options = options;
    this.#scoring = options.scoring ?? defaultScoring;
    this.#movesMax = options.movesMax ?? movesMaxDefault;
    this.#looksLeft = looksMax;
    for (const task of movable) if (this.#isLoose(task)) this.#put(task);
    // The less important, then the younger, go first.
    for (const tasks of this.#onNode.values())
      tasks.sort(
        (a, b) =>
          priorityOf(a) - priorityOf(b) ||
          startedAtMs(b) - startedAtMs(a) ||
          (a.id < b.id ? -1 : 1),
      );
  }

  plan(): RebalancePlan {
    let isMoving = true;
    while (isMoving && !this.#isSpent) {
      isMoving = this.#passOverNodes();
      if (this.#scoring.strategy === 'binpack' && !this.#isSpent) isMoving ||= this.#freeNode();
    }
    return { moves: [...this.#moves.values()], isWhole: !this.#isSpent };
  }

  get #isSpent(): boolean {
    return this.#looksLeft <= 0 || this.#moves.size >= this.#movesMax;
  }

  /** Tasks that others must be near to stay: those would stand wrong without them. */
  #isLoose(task: Task): boolean {
    if (task.slot === 0 || this.#view.node(task.nodeId) === undefined) return false;
    if (!this.#view.kinds.hasTerms) return true;
    const kind = new TaskKind(kindIdOf(task), task);
    for (const { term } of this.#view.kinds.termsSelecting(kind))
      if (term.role === 'required') return false;
    return true;
  }

  #put(task: Task): void {
    const tasks = this.#onNode.get(task.nodeId);
    if (tasks === undefined) this.#onNode.set(task.nodeId, [task]);
    else tasks.push(task);
  }

  /** One task after the other from the fullest node, until none has one to give. Gives whether anything moved. */
  #passOverNodes(): boolean {
    const { offset = 0 } = this.#options;
    const ids = [...this.#onNode.keys()].toSorted();
    const records = ids.flatMap((id) => this.#view.node(id) ?? []);
    const turned = records.map((_, at) => records[(at + offset) % records.length]);
    const open = turned.flatMap((record) =>
      record === undefined ? [] : [{ record, settled: new Set<string>() }],
    );
    let hasMoved = false;
    while (!this.#isSpent) {
      let fullest = open[0];
      for (const one of open)
        if (fullest === undefined || one.record.taskCount > fullest.record.taskCount) fullest = one;
      if (fullest === undefined) break;
      if (this.#moveOne(fullest.record, fullest.settled)) hasMoved = true;
      else open.splice(open.indexOf(fullest), 1);
    }
    return hasMoved;
  }

  /** Of tasks that are alike one is enough to see that none is to move: those are `settled`. */
  #moveOne(record: NodeRecord, settled: Set<string>): boolean {
    for (const task of [...(this.#onNode.get(record.id) ?? [])]) {
      if (this.#isSpent) return false;
      const kind = kindIdOf(task);
      if (settled.has(kind)) continue;
      if (this.#improve(task, record)) return true;
      settled.add(kind);
    }
    return false;
  }

  #improve(task: Task, from: NodeRecord): boolean {
    if ((this.#moveCounts.get(task.id) ?? 0) >= movesPerTask) return false;
    const requirements = requirementsOf(task);
    this.#view.removeTask(task.id);
    const to = this.#choice(task);
    if (to !== undefined && to !== from) {
      const costs = new StandingCosts(this.#view, task, requirements, this.#scoring);
      const gain = gainOf(costs.of(from), costs.of(to), this.#scoring);
      if (gain !== undefined) {
        this.#move(task, to, gain);
        return true;
      }
    }
    this.#view.assume(task, from.id, requirements.demand);
    return false;
  }

  /** Where the scheduler would place the task now. */
  #choice(task: Task): NodeRecord | undefined {
    this.#looksLeft -= this.#view.nodeCount;
    const { serviceId, specVersion } = task;
    const requirements = requirementsOf(task);
    const { nowMs } = this.#options;
    const scoring = this.#scoring;
    const group: Group = { serviceId, specVersion, tasks: [task], requirements, scoring, nowMs };
    for (const record of nodesFor(this.#view, group, new Meter(Infinity)))
      if (record !== pause) return record;
    return undefined;
  }

  #move(task: Task, to: NodeRecord, gain: Move['gain']): void {
    const origin = this.#origins.get(task.id) ?? task;
    const tasks = this.#onNode.get(task.nodeId);
    assert(tasks !== undefined, 'a task that moves is on a node');
    tasks.splice(tasks.indexOf(task), 1);
    if (tasks.length === 0) this.#onNode.delete(task.nodeId);
    const moved = { ...task, nodeId: to.id };
    this.#view.assume(moved, to.id, requirementsOf(task).demand);
    this.#put(moved);
    this.#origins.set(task.id, origin);
    this.#moveCounts.set(task.id, (this.#moveCounts.get(task.id) ?? 0) + 1);
    // In the order of the last word on each.
    this.#moves.delete(task.id);
    if (origin.nodeId !== to.id) this.#moves.set(task.id, { task: origin, toNodeId: to.id, gain });
  }

  /** With binpack: empties the node with the fewest tasks that can be emptied. Gives whether there was one. */
  #freeNode(): boolean {
    const nodes = [...this.#onNode.keys()]
      .flatMap((id) => this.#view.node(id) ?? [])
      .sort((a, b) => a.taskCount - b.taskCount || (a.id < b.id ? -1 : 1));
    for (const record of nodes) {
      if (this.#isSpent) return false;
      if (this.#tryToFree(record)) return true;
    }
    return false;
  }

  #tryToFree(record: NodeRecord): boolean {
    const tasks = [...(this.#onNode.get(record.id) ?? [])];
    // Others stand there too, which stay: it would not become free.
    if (tasks.length < record.taskCount) return false;
    const targets: { readonly task: Task; readonly to: NodeRecord }[] = [];
    for (const task of tasks) {
      const requirements = requirementsOf(task);
      this.#view.removeTask(task.id);
      const to = this.#choice(task);
      const costs = new StandingCosts(this.#view, task, requirements, this.#scoring);
      const isFit =
        to !== undefined &&
        to !== record &&
        to.taskCount > 0 &&
        !isWorsePlace(costs.of(record), costs.of(to));
      if (to === undefined || !isFit) {
        this.#view.assume(task, record.id, requirements.demand);
        for (const { task: other } of targets)
          this.#view.assume(other, record.id, requirementsOf(other).demand);
        return false;
      }
      this.#view.assume({ ...task, nodeId: to.id }, to.id, requirements.demand);
      targets.push({ task, to });
    }
    for (const { task, to } of targets) this.#move(task, to, 'node');
    return targets.length > 0;
  }
}
