import type { Ms, Pacer, Random } from '#lib';
import { Meter } from '#scheduler';
import type { ClusterView, ScoringConfig } from '#scheduler';
import type { Task } from '#proto';
import { DisruptionBudgets } from '../disruption/index.ts';
import type { BudgetState } from '../disruption/index.ts';
import { attempt } from '../scheduling/attempt.ts';
import type { Attempt, AttemptContext } from '../scheduling/attempt.ts';
import { Nominations } from '../scheduling/nominations.ts';
import { TaskQueue } from '../scheduling/task-queue.ts';

/** Work between two turns of the event loop, as the scheduler counts it. */
const sliceUnits = 20_000;
/** Tasks of one pass that may look for victims, as for real. */
const preemptionsPerPass = 100;

export interface SimulatedSchedulerOptions {
  readonly view: ClusterView;
  readonly scoring: ScoringConfig;
  readonly random: Random;
  readonly state: BudgetState & { tasksOfNode(nodeId: string): Iterable<Task> };
}

/** Decides as the leader's scheduler does, in passes over all tasks that wait. */
export class SimulatedScheduler {
  readonly nominations: Nominations;
  /** Why tasks waited when they were last tried, by id. */
  readonly reasons = new Map<string, string>();
  readonly #options: SimulatedSchedulerOptions;

  constructor(options: SimulatedSchedulerOptions) {
    this.#options = options;
    this.nominations = new Nominations(options.view);
  }

  /** One try of each group, the most urgent first. What is decided is in the view; the rest is the caller's. */
  async pass(
    pending: readonly Task[],
    nowMs: Ms,
    pacer: Pacer,
    signal?: AbortSignal,
  ): Promise<readonly Attempt[]> {
    const queue = new TaskQueue();
    for (const task of pending) queue.put(task);
    const context = this.#context(nowMs);
    const results: Attempt[] = [];
    this.reasons.clear();
    for (let group = queue.next(); group !== undefined; group = queue.next()) {
      const steps = attempt(context, [...group.tasks.values()]);
      let step = steps.next();
      while (step.done !== true) {
        await pacer.pause(signal);
        step = steps.next();
      }
      const { placed, refused, filters } = step.value;
      for (const { task, explanation } of refused) this.reasons.set(task.id, explanation);
      results.push(step.value);
      const placedIds = placed.map(({ task }) => task.id);
      // What is unfinished goes on in the next pass.
      queue.endTry(
        group.key,
        { placed: placedIds, refusedBy: filters ?? new Set(), isUnfinished: false },
        nowMs,
      );
    }
    this.nominations.holdFrom(-Infinity);
    return results;
  }

  #context(nowMs: Ms): AttemptContext {
    const { view, scoring, random, state } = this.#options;
    const budgets = new DisruptionBudgets(state);
    return {
      view,
      nominations: this.nominations,
      scoring,
      nowMs,
      meter: new Meter(sliceUnits),
      tasksOfNode: (nodeId) => state.tasksOfNode(nodeId),
      budgets: () => budgets,
      mayStopOthers: true,
      going: new Set(),
      offset: (nodeCount) => random.below(Math.max(1, nodeCount)),
      preemptionsLeft: preemptionsPerPass,
    };
  }
}
