/**
 * The glue between the store and the scheduler: tries the tasks that wait for a node, the most urgent first, writes
 * what follows, says why the rest waits. It owns a task's node and nomination, the states PENDING to ASSIGNED, and
 * PENDING to SHUTDOWN of tasks that nobody wants any more; and it stops tasks that others are more important than.
 *
 * A pass works in slices, between which the event loop serves everybody else. What the store says meanwhile is kept
 * and taken in before the next one: a decision stands on one state of the cluster.
 */
import { Pacer } from '#lib';
import type { Ms, Timer } from '#lib';
import { Meter, prospectOf } from '#scheduler';
import type { FilterName, Pause, Placement, Prospect } from '#scheduler';
import type { Task } from '#proto';
import { DisruptionBudgets } from '../disruption/index.ts';
import type { LeaderLoop, LoopBasics } from '../leader-loops.ts';
import { ReconcileLoop } from '../orchestrator/reconcile-loop.ts';
import type { Commit, ReadTransaction, StoreEvent, Subscription } from '../store/types.ts';
import { attempt } from './attempt.ts';
import type { Attempt, AttemptContext, PlannedPreemption } from './attempt.ts';
import { Debounce } from './debounce.ts';
import { Intake, isPending } from './intake.ts';
import { SchedulingMetrics } from './scheduling-metrics.ts';
import type { TaskGroup } from './task-queue.ts';
import { write } from './writings.ts';
import type { Writing } from './writings.ts';

/** Tasks that one pass tries at most; the rest follows in the next. */
const triedPerPass = 5_000;
/** Explanations that one pass writes at most; the rest follows a moment later. */
const explainedPerPass = 200;
const explainAgainMs: Ms = 1_000;
/** Tasks of one pass that may look for victims: each looks at every node. */
const preemptionsPerPass = 100;
/** What comes in quick succession is decided together. */
const gather = { quietMs: 50, latestMs: 1_000 };
/** So many tasks to be tried are worth a pass without waiting for more. */
const enoughTasks = 1_000;
/** Work between two turns of the event loop, as the scheduler counts it; a few milliseconds. */
export const unitsPerSlice = 50_000;
/** With more writings than this a turn of their own is worth the wait. */
const writtenWithoutPause = 100;
/** Objects taken in between two turns of the event loop. */
export const intakePerSlice = 500;

export class SchedulingLoop implements LeaderLoop {
  readonly #options: LoopBasics;
  readonly #loop: ReconcileLoop;
  readonly #intake: Intake;
  readonly #metrics: SchedulingMetrics;
  readonly #debounce: Debounce;
  readonly #pacer: Pacer;
  /** Commits that came while a pass was under way; as long as one pass lasts. */
  readonly #inbox: Commit[] = [];
  /** Explanations that are yet to be written. */
  readonly #unexplained = new Map<string, string>();
  /** The state at the start of the term, until it is taken in. */
  #first: ReadTransaction | undefined;
  /** Whether commits go to the inbox. */
  #isBusy = true;
  #costMs: Ms = 0;
  #explainTimer: Timer | undefined;
  #watch: Subscription | undefined;

  constructor(options: LoopBasics) {
    this.#options = options;
    const { clock, store } = options;
    this.#intake = new Intake(options.images);
    this.#metrics = new SchedulingMetrics(options.metrics);
    this.#pacer = new Pacer(clock, { itemsMax: intakePerSlice, bytesMax: Infinity });
    this.#loop = new ReconcileLoop({
      ...options,
      name: 'scheduler',
      pass: (signal) => this.#pass(signal),
      onFailure: () => this.#intake.queue.wakeAll(),
      catchUp: (signal) => store.readBarrier(signal),
    });
    this.#debounce = new Debounce(clock, gather, () => this.#loop.ring());
  }

  start(): void {
    const { store } = this.#options;
    this.#first = store.image();
    this.#watch = store.watch((commit) => this.#onCommit(commit), { name: 'scheduler' });
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#watch?.cancel();
    this.#debounce.stop();
    this.#explainTimer?.cancel();
    await this.#loop.stop();
  }

  #onCommit(commit: Commit): void {
    if (this.#isBusy || commit.events.length > intakePerSlice) {
      this.#inbox.push(commit);
      if (!this.#isBusy) this.#loop.ring();
      return;
    }
    const { arrivalCount } = this.#intake;
    for (const event of commit.events) this.#intake.apply(event);
    // Only more tasks are worth waiting on for: of everything else there may be no end.
    if (this.#intake.arrivalCount > arrivalCount)
      this.#debounce.touch(this.#intake.queue.sizes.active >= enoughTasks);
    else if (this.#intake.isDue) this.#debounce.nudge();
  }

  async #pass(signal: AbortSignal): Promise<Ms> {
    const { clock, store } = this.#options;
    this.#debounce.handled();
    this.#isBusy = true;
    this.#costMs = 0;
    await this.#takeIn(signal);
    const nowMs = clock.now();
    const { queue } = this.#intake;
    queue.wakeDue(nowMs);
    queue.wake(this.#intake.takeWakes(), nowMs, (group, nodeId) => this.#prospect(group, nodeId));
    const writings = await this.#decide(signal, nowMs);
    this.#metrics.queued(queue.sizes);
    if (writings.length > 0) {
      const decidedOn = (nodeId: string) => this.#intake.view.node(nodeId)?.node;
      const context = { nowMs, decidedOn };
      // They are asked for in one go, and the first of them run with that.
      if (writings.length >= writtenWithoutPause) await this.#pacer.pause(signal);
      try {
        await store.batch(writings, (tx, writing) => write(tx, writing, context));
      } finally {
        await this.#settle(writings, signal);
      }
    }
    this.#isBusy = this.#inbox.length > 0;
    if (this.#isBusy || this.#intake.isDue) this.#loop.ring();
    this.#loop.ringAt(queue.nextAtMs);
    return this.#costMs;
  }

  /** The state at the start of the term, then what came since. */
  async #takeIn(signal: AbortSignal): Promise<void> {
    const first = this.#first;
    const intake = this.#intake;
    if (first !== undefined) {
      for (const { spec } of first.list('cluster')) intake.setScoring(spec?.scheduling);
      for (const node of first.list('node')) {
        intake.setNode(node);
        if (this.#pacer.isFull()) await this.#pacer.pause(signal);
      }
      for (const task of first.list('task')) {
        intake.note(task);
        if (this.#pacer.isFull()) await this.#pacer.pause(signal);
      }
      this.#first = undefined;
    }
    // What comes while this goes on is for the next pass.
    for (const { events } of this.#inbox.splice(0)) await this.#applyAll(events, signal);
  }

  async #applyAll(events: readonly StoreEvent[], signal: AbortSignal): Promise<void> {
    for (const event of events) {
      this.#intake.apply(event);
      if (this.#pacer.isFull()) await this.#pacer.pause(signal);
    }
  }

  /** A task that room was made for goes as soon as somebody has left its node. */
  #prospect(group: TaskGroup, nodeId: string): Prospect {
    const { view, nominations } = this.#intake;
    for (const taskId of nominations.on(nodeId)) if (group.tasks.has(taskId)) return 'open';
    for (const task of group.tasks.values()) {
      if (task.nodeId === '' || task.nodeId === nodeId) return prospectOf(view, task, nodeId);
    }
    return 'none';
  }

  async #decide(signal: AbortSignal, nowMs: Ms): Promise<readonly Writing[]> {
    const { queue, nominations, unwanted } = this.#intake;
    const writings: Writing[] = [...unwanted.keys()].map((taskId) => ({ kind: 'end', taskId }));
    unwanted.clear();
    const context = this.#context(nowMs);
    let triedCount = 0;
    while (triedCount < triedPerPass) {
      const group = queue.next();
      if (group === undefined) break;
      triedCount += await this.#tryGroup(
        context,
        group,
        triedPerPass - triedCount,
        writings,
        signal,
      );
    }
    nominations.holdFrom(-Infinity);
    this.#explainSome(writings);
    return writings;
  }

  /**
   * Tries `countMax` tasks of the group and, where some are refused that are bound to nodes of their own, the others too: each
   * of those asks another node. Of tasks that go anywhere the others are refused as well, for the same reasons. Gives the
   * number that was tried.
   */
  async #tryGroup(
    context: AttemptContext,
    group: TaskGroup,
    countMax: number,
    writings: Writing[],
    signal: AbortSignal,
  ): Promise<number> {
    const { queue } = this.#intake;
    const all = [...group.tasks.values()];
    const isBound = all[0]?.nodeId !== '';
    const placed: string[] = [];
    let refusedBy: ReadonlySet<FilterName> | undefined;
    let isUnfinished = false;
    let triedCount = 0;
    do {
      const tasks = all.slice(triedCount, triedCount + countMax);
      triedCount += tasks.length;
      const costBefore = this.#costMs;
      const result = await this.#inSlices(attempt(context, tasks), signal);
      this.#note(result, writings);
      this.#metrics.attempted(result, this.#costMs - costBefore);
      for (const { task } of result.placed) placed.push(task.id);
      if (result.filters !== undefined) refusedBy = (refusedBy ?? new Set()).union(result.filters);
      isUnfinished ||= result.isUnfinished;
      if (!isBound) this.#noteAlike(all.slice(triedCount), result);
    } while (isBound && refusedBy !== undefined && triedCount < all.length);
    queue.endTry(group.key, { placed, refusedBy, isUnfinished }, context.nowMs);
    return triedCount;
  }

  /** Those that were not tried are told what those were told that were. */
  #noteAlike(others: readonly Task[], { refused }: Attempt): void {
    const { nominations } = this.#intake;
    const explanation = refused.findLast(
      ({ task }) => nominations.nodeOf(task.id) === undefined,
    )?.explanation;
    if (explanation === undefined) return;
    for (const { id, status } of others)
      if (status?.error !== explanation && nominations.nodeOf(id) === undefined)
        this.#unexplained.set(id, explanation);
  }

  #context(nowMs: Ms): AttemptContext {
    const { store, random } = this.#options;
    const { view, nominations, scoring } = this.#intake;
    let image: ReadTransaction | undefined;
    let budgets: DisruptionBudgets | undefined;
    const imageOf = (): ReadTransaction => (image ??= store.image());
    return {
      view,
      nominations,
      scoring,
      nowMs,
      meter: new Meter(unitsPerSlice, () => this.#pacer.isLate()),
      tasksOfNode: (nodeId) => imageOf().tasksOfNode(nodeId),
      budgets: () => (budgets ??= DisruptionBudgets.of(imageOf())),
      mayStopOthers: this.#intake.hasHeardOfAll,
      going: new Set(),
      offset: (nodeCount) => random.below(Math.max(1, nodeCount)),
      preemptionsLeft: preemptionsPerPass,
    };
  }

  /** Runs a decision to its end; others have their turn wherever it pauses. */
  async #inSlices<R>(steps: Generator<Pause, R>, signal: AbortSignal): Promise<R> {
    const { clock } = this.#options;
    for (;;) {
      const startedAt = clock.monotonic();
      const { done, value } = steps.next();
      this.#costMs += clock.monotonic() - startedAt;
      if (done === true) return value;
      await this.#pacer.pause(signal);
    }
  }

  #note(result: Attempt, writings: Writing[]): void {
    for (const placement of result.placed) writings.push({ kind: 'assign', placement });
    for (const preemption of result.preemptions) writings.push({ kind: 'preempt', preemption });
    const unnominated = new Set(result.unnominated);
    for (const { task, explanation } of result.refused) {
      this.#unexplained.delete(task.id);
      if (unnominated.has(task.id)) {
        const taskId = task.id;
        writings.push({ kind: 'explain', taskId, explanation, isUnnominated: true });
      } else if (task.status?.error !== explanation) this.#unexplained.set(task.id, explanation);
    }
  }

  /** People read these: they may come a little later, so that many of them do not hold up what is placed. */
  #explainSome(writings: Writing[]): void {
    let count = 0;
    for (const [taskId, explanation] of this.#unexplained) {
      if (++count > explainedPerPass) break;
      this.#unexplained.delete(taskId);
      if (this.#intake.queue.has(taskId))
        writings.push({ kind: 'explain', taskId, explanation, isUnnominated: false });
    }
    if (this.#unexplained.size === 0) return;
    this.#explainTimer ??= this.#options.clock.after(explainAgainMs, () => {
      this.#explainTimer = undefined;
      this.#loop.ring();
    });
  }

  /** What the store did not take has not happened, and is tried again. */
  async #settle(writings: readonly Writing[], signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    let assignedCount = 0;
    for (const writing of writings) {
      store.view((tx) => {
        if (writing.kind === 'assign' && this.#isAssigned(tx, writing.placement)) assignedCount++;
        else if (writing.kind === 'preempt') this.#settlePreemption(tx, writing.preemption);
      });
      if (this.#pacer.isFull()) await this.#pacer.pause(signal);
    }
    if (assignedCount > 0) this.#metrics.assigned(assignedCount);
  }

  #isAssigned(tx: ReadTransaction, { task: { id } }: Placement): boolean {
    const { view } = this.#intake;
    const present = tx.get('task', id);
    if (present !== undefined && !isPending(present)) return true;
    view.forget(id, present);
    if (present !== undefined) this.#intake.note(present);
    return false;
  }

  #settlePreemption(tx: ReadTransaction, { task, victims, nodeId }: PlannedPreemption): void {
    const intake = this.#intake;
    // The search took them off their nodes for a while, as they were meant to be.
    for (const { id } of victims) {
      const victim = tx.get('task', id);
      if (victim !== undefined) intake.note(victim);
    }
    const present = tx.get('task', task.id);
    if (present !== undefined) intake.note(present);
    if (present?.nominatedNodeId === nodeId) this.#metrics.preempted(victims.length);
    else intake.queue.retry(task.id);
  }
}
