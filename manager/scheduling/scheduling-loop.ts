/**
 * The glue between the store and the scheduler: keeps the cluster view and the set of pending tasks from the
 * store's events, places what is pending, writes the placements, says why the rest waits. It owns a task's
 * node, the states PENDING to ASSIGNED, and PENDING to SHUTDOWN of tasks that nobody wants any more.
 */
import type { Counter, Gauge, Ms } from '#lib';
import { TaskState } from '#proto';
import type { Task } from '#proto';
import {
  ClusterView,
  defaultScoring,
  looksAtOthers,
  mayTake,
  place,
  priorityOf,
  scoringOf,
} from '#scheduler';
import type { Placement, Unplaced } from '#scheduler';
import type { LeaderLoop, LoopBasics } from '../leader-loops.ts';
import { isNodeChangeOfInterest } from '../orchestrator/node-table.ts';
import { ReconcileLoop } from '../orchestrator/reconcile-loop.ts';
import { isStopped, isWanted, stateOf, statusWith } from '../orchestrator/task-state.ts';
import type { Commit, StoreEvent, Subscription, WriteTransaction } from '../store/types.ts';

/** Tasks that one pass places at most; the rest follows in the next. */
const placedPerPass = 5_000;
/** Explanations that one pass writes at most; the rest follows a moment later. */
const explainedPerPass = 200;
const explainAgainMs: Ms = 1_000;

/** Whether the task waits for a node. */
function isPending(task: Task): boolean {
  return stateOf(task) === TaskState.PENDING;
}

type Writing =
  | { readonly kind: 'assign'; readonly placement: Placement }
  | { readonly kind: 'explain'; readonly unplaced: Unplaced }
  | { readonly kind: 'end'; readonly task: Task };

export class SchedulingLoop implements LeaderLoop {
  readonly #options: LoopBasics;
  readonly #loop: ReconcileLoop;
  readonly #view = new ClusterView();
  /** To be placed in the next pass. */
  readonly #fresh = new Map<string, Task>();
  /** No node would take them; they are tried again when a node or what is on it changes. */
  readonly #waiting = new Map<string, Task>();
  /** Never assigned, and not wanted any more. */
  readonly #unwanted = new Map<string, Task>();
  readonly #assigned: Counter;
  readonly #pendingGauge: Gauge;
  /** As the cluster's spec has it. */
  #scoring = defaultScoring;
  #isRetryDue = false;
  /** Tasks were placed that others may have waited for, to be near them or to keep in step. */
  #isOthersRetryDue = false;
  #watch: Subscription | undefined;

  constructor(options: LoopBasics) {
    this.#options = options;
    const { metrics } = options;
    this.#assigned = metrics.counter('tessera_scheduler_tasks_assigned_total', 'Tasks placed.');
    this.#pendingGauge = metrics.gauge(
      'tessera_scheduler_tasks_pending',
      'Tasks that no node would take when they were last tried.',
    );
    this.#loop = new ReconcileLoop({
      ...options,
      name: 'scheduler',
      pass: () => this.#pass(),
      onFailure: () => this.#retryAll(),
      catchUp: (signal) => options.store.readBarrier(signal),
    });
  }

  start(): void {
    this.#options.store.view((tx) => {
      for (const cluster of tx.list('cluster')) this.#scoring = scoringOf(cluster.spec?.scheduling);
      for (const node of tx.list('node')) this.#view.setNode(node);
      for (const task of tx.list('task')) this.#noteTask(task, undefined);
    });
    this.#watch = this.#options.store.watch((commit) => this.#onCommit(commit), {
      name: 'scheduler',
    });
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#watch?.cancel();
    await this.#loop.stop();
  }

  #retryAll(): void {
    this.#isRetryDue = true;
    this.#loop.ring();
  }

  #onCommit(commit: Commit): void {
    for (const event of commit.events) this.#apply(event);
    const isDue = (this.#isRetryDue || this.#isOthersRetryDue) && this.#waiting.size > 0;
    if (isDue || this.#fresh.size + this.#unwanted.size > 0) this.#loop.ring();
  }

  #apply(event: StoreEvent): void {
    switch (event.table) {
      case 'node':
        if (event.kind === 'remove') this.#view.removeNode(event.object.id);
        else {
          this.#view.setNode(event.object);
          if (event.kind === 'create' || isNodeChangeOfInterest(event.old, event.object))
            this.#isRetryDue = true;
        }
        break;
      case 'service':
        if (event.kind === 'remove') this.#view.removeService(event.object.id);
        break;
      case 'task':
        if (event.kind === 'remove') this.#dropTask(event.object);
        else this.#noteTask(event.object, event.old);
        break;
      case 'cluster':
        if (event.kind !== 'remove') this.#scoring = scoringOf(event.object.spec?.scheduling);
        break;
    }
  }

  #dropTask(task: Task): void {
    this.#view.removeTask(task.id);
    this.#fresh.delete(task.id);
    this.#waiting.delete(task.id);
    this.#unwanted.delete(task.id);
    this.#isRetryDue = true;
  }

  #noteTask(task: Task, old: Task | undefined): void {
    const isUnassigned = stateOf(task) < TaskState.ASSIGNED;
    if (!isPending(task) && (!isUnassigned || isWanted(task))) {
      this.#view.setTask(task, old);
      if (isStopped(task)) this.#isRetryDue = true;
      if (stateOf(task) === TaskState.ASSIGNED) this.#isOthersRetryDue = true;
      this.#fresh.delete(task.id);
      this.#waiting.delete(task.id);
      this.#unwanted.delete(task.id);
      return;
    }
    if (!isWanted(task)) {
      this.#fresh.delete(task.id);
      this.#waiting.delete(task.id);
      // One that is to be removed is the reaper's.
      if (task.desiredState === TaskState.SHUTDOWN) this.#unwanted.set(task.id, task);
      else this.#unwanted.delete(task.id);
      return;
    }
    if (this.#waiting.has(task.id)) this.#waiting.set(task.id, task);
    else this.#fresh.set(task.id, task);
  }

  async #pass(): Promise<Ms> {
    const { clock, store } = this.#options;
    const startedAt = clock.monotonic();
    const writings = this.#decide();
    const costMs = clock.monotonic() - startedAt;
    this.#pendingGauge.set(this.#waiting.size);
    if (writings.length === 0) return costMs;
    const nowMs = clock.now();
    try {
      await store.batch(writings, (tx, writing) => this.#write(tx, writing, nowMs));
    } finally {
      this.#settle(writings);
    }
    return costMs;
  }

  #decide(): readonly Writing[] {
    if (this.#isRetryDue) {
      for (const [id, task] of this.#waiting) this.#fresh.set(id, task);
      this.#waiting.clear();
    } else if (this.#isOthersRetryDue) {
      for (const [id, task] of this.#waiting) {
        if (!looksAtOthers(task)) continue;
        this.#fresh.set(id, task);
        this.#waiting.delete(id);
      }
    }
    this.#isRetryDue = false;
    this.#isOthersRetryDue = false;
    const pending: Task[] = [];
    for (const task of this.#queue()) {
      if (pending.length >= placedPerPass) break;
      this.#fresh.delete(task.id);
      pending.push(task);
    }
    if (this.#fresh.size > 0) this.#loop.ring();
    const { placed, unplaced } = place(this.#view, pending, {
      nowMs: this.#options.clock.now(),
      scoring: this.#scoring,
    });
    const writings: Writing[] = placed.map((placement) => ({ kind: 'assign', placement }));
    let explained = 0;
    for (const one of unplaced) {
      this.#waiting.set(one.task.id, one.task);
      if (one.task.status?.error === one.explanation) continue;
      if (++explained <= explainedPerPass) writings.push({ kind: 'explain', unplaced: one });
    }
    if (explained > explainedPerPass) this.#explainLater();
    for (const task of this.#unwanted.values()) writings.push({ kind: 'end', task });
    this.#unwanted.clear();
    return writings;
  }

  /** What is to be placed; where it is too much for one pass, the more important first. */
  #queue(): Iterable<Task> {
    if (this.#fresh.size <= placedPerPass) return [...this.#fresh.values()];
    return [...this.#fresh.values()].toSorted((a, b) => priorityOf(b) - priorityOf(a));
  }

  #explainLater(): void {
    this.#isRetryDue = true;
    this.#loop.ringAt(this.#options.clock.now() + explainAgainMs);
  }

  #write(tx: WriteTransaction, writing: Writing, nowMs: Ms): void {
    if (writing.kind === 'assign') {
      this.#assign(tx, writing.placement, nowMs);
      return;
    }
    const id = writing.kind === 'end' ? writing.task.id : writing.unplaced.task.id;
    const task = tx.get('task', id);
    if (task === undefined || stateOf(task) >= TaskState.ASSIGNED) return;
    if (writing.kind === 'explain') {
      const { explanation } = writing.unplaced;
      tx.update('task', { ...task, status: statusWith(task, { error: explanation }) });
      return;
    }
    if (isWanted(task)) return;
    const message = 'not needed any more before it had a node';
    const status = statusWith(task, { state: TaskState.SHUTDOWN, changedAtMs: nowMs, message });
    tx.update('task', { ...task, status });
  }

  /** Looks again at task and node as they are now; what does not hold any more is left for the next pass. */
  #assign(tx: WriteTransaction, placement: Placement, nowMs: Ms): void {
    const { nodeId } = placement;
    const task = tx.get('task', placement.task.id);
    if (task === undefined || !isPending(task) || !isWanted(task)) return;
    const node = tx.get('node', nodeId);
    const record = this.#view.node(nodeId);
    if (node === undefined || record === undefined) return;
    // The view lags what other writers did in entries that are not applied yet: judge the node as it is here.
    const isChanged = record.node.meta?.version !== node.meta?.version;
    if (isChanged && !mayTake(node, task)) return;
    const status = statusWith(task, {
      state: TaskState.ASSIGNED,
      changedAtMs: nowMs,
      message: 'assigned to a node',
      error: '',
    });
    tx.update('task', { ...task, nodeId, assignedAtMs: nowMs, status });
  }

  /** What the store did not take is not on its node after all, and is tried again. */
  #settle(writings: readonly Writing[]): void {
    let assignedCount = 0;
    this.#options.store.view((tx) => {
      for (const writing of writings) {
        if (writing.kind !== 'assign') continue;
        const { task } = writing.placement;
        const present = tx.get('task', task.id);
        if (present !== undefined && !isPending(present)) {
          assignedCount++;
          continue;
        }
        this.#view.forget(task.id, present);
        if (present !== undefined) this.#noteTask(present, undefined);
      }
    });
    if (assignedCount > 0) this.#assigned.inc({}, assignedCount);
    if (this.#fresh.size + this.#unwanted.size > 0) this.#loop.ring();
  }
}
