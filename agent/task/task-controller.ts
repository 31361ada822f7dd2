import type { Ms, Timer } from '#lib';
import { backoffMs, ClusterError, messageOf, withDeadline } from '#lib';
import type { Task, TaskStatus } from '#proto';
import { TaskState } from '#proto';
import type { ContainerState } from '../runtime/port.ts';
import type { NetworkAttachment } from '../runtime/network-port.ts';
import { execute, stepDeadlineMs } from './executor.ts';
import type { HostStep } from './executor.ts';
import { judge } from './failure.ts';
import { nextStep } from './planner.ts';
import { withState } from './status.ts';
import type { TaskHost } from './task-host.ts';
import { TaskRecord } from './task-record.ts';
import { isFinal, wishOf } from './task-spec.ts';
import type { TaskView } from './task-view.ts';

/** Pauses between tries of a step that failed. */
const retry = { baseMs: 200, maxMs: 10_000, jitter: 0.3 } as const;

interface Failures {
  readonly kind: HostStep['kind'];
  readonly count: number;
  /** Not before this, monotonic. */
  readonly retryAtMs: Ms;
}

/**
 * Moves one task to what is wanted: asks the planner, does the step, asks again. One step at a
 * time; whatever happens meanwhile is seen when the step is over.
 */
export class TaskController {
  readonly #host: TaskHost;
  readonly #record: TaskRecord;
  #running: { readonly step: HostStep; readonly controller: AbortController } | undefined;
  #failures: Failures | undefined;
  #timer: Timer | undefined;
  #isClosed = false;
  #idle: PromiseWithResolvers<void> | undefined;
  /** Counts steps begun and ended: a list of containers taken across a change says nothing. */
  #changes = 0;

  constructor(task: Task, host: TaskHost) {
    this.#host = host;
    this.#record = new TaskRecord(task, host);
  }

  get view(): TaskView {
    return this.#record;
  }

  get changes(): number {
    return this.#changes;
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** What was saved by an earlier life of this agent. */
  restored(): void {
    this.#record.savedStatus = this.#record.status;
  }

  saved(status: TaskStatus): void {
    if (this.#record.status === status) this.#record.savedStatus = status;
  }

  /** A newer assignment of the same task. The desired state never goes down. */
  assign(task: Task): void {
    const desiredState = Math.max(task.desiredState, this.#record.task.desiredState) as TaskState;
    this.#record.task = { ...task, desiredState };
    this.#record.isDropped = false;
    const known = task.status;
    if (known !== undefined && known.state > this.#record.status.state) this.#outrun(known);
    this.#interrupt();
    this.drive();
  }

  /** The managers dropped the task: stop it if it runs, and leave nothing behind. */
  drop(): void {
    this.#record.isDropped = true;
    this.#interrupt();
    this.drive();
  }

  /** An exit, or any other word about a container of this task. */
  observe(state: ContainerState): void {
    if (this.#record.observed(state)) this.drive();
  }

  /**
   * All containers of the task as listed; only when no step began or ended since the list was
   * asked for.
   */
  relisted(states: readonly ContainerState[]): void {
    this.#record.replaceContainers(states);
    this.drive();
  }

  adopt(states: readonly ContainerState[], network: NetworkAttachment | undefined): void {
    this.#record.replaceContainers(states);
    this.#record.network = network;
  }

  drive(): void {
    if (this.#isClosed || this.#running !== undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (;;) {
      const nowMs = this.#host.clock.monotonic();
      const step = nextStep(this.#record, nowMs);
      switch (step.kind) {
        case 'idle':
          return;
        case 'wait':
          this.#wake(step.untilMs - nowMs);
          return;
        case 'status':
          this.#setStatus(step.status);
          continue;
        case 'forget':
          this.#isClosed = true;
          this.#host.forget(this.#record.task.id);
          return;
        default:
          if (this.#failures?.kind === step.kind && this.#failures.retryAtMs > nowMs) {
            this.#wake(this.#failures.retryAtMs - nowMs);
            return;
          }
          void this.#perform(step);
          return;
      }
    }
  }

  /**
   * No step begins any more; resolves when the one under way is over. Containers stay as they
   * are.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    if (this.#running === undefined) return;
    this.#idle = Promise.withResolvers<void>();
    this.#running.controller.abort(new ClusterError('CANCELLED', 'the agent is stopping'));
    await this.#idle.promise;
  }

  #wake(delayMs: Ms): void {
    this.#timer = this.#host.clock.after(Math.max(0, delayMs), () => this.drive());
  }

  async #perform(step: HostStep): Promise<void> {
    const { clock } = this.#host;
    const controller = new AbortController();
    this.#running = { step, controller };
    this.#changes++;
    const beganMs = clock.monotonic();
    let failure: { readonly error: unknown } | undefined;
    try {
      const work = execute(this.#host, this.#record, step, controller.signal);
      await withDeadline(clock, stepDeadlineMs[step.kind], `step ${step.kind}`, work);
    } catch (error) {
      failure = { error };
      controller.abort(error);
    }
    this.#running = undefined;
    this.#changes++;
    const outcome = failure === undefined ? 'ok' : 'failed';
    this.#host.stepDone(step.kind, outcome, clock.monotonic() - beganMs);
    this.#idle?.resolve();
    if (this.#isClosed) return;
    if (failure === undefined) this.#failures = undefined;
    else this.#failed(step, failure.error);
    this.drive();
  }

  #failed(step: HostStep, error: unknown): void {
    const host = this.#host;
    const record = this.#record;
    const isWanted = wishOf(record.task) !== 'stop' && !record.isDropped;
    const count = this.#failures?.kind === step.kind ? this.#failures.count + 1 : 1;
    const pauseMs = backoffMs(retry, count - 1, host.random);
    this.#failures = { kind: step.kind, count, retryAtMs: host.clock.monotonic() + pauseMs };
    const verdict = judge(step, error, count, host.isPortBeingFreed(record.task.id));
    const fields = { taskId: record.task.id, step: step.kind, tries: count, err: error };
    if (isFinal(record.status.state) || verdict.kind === 'retry') {
      if (isWanted || count > 1) host.log.warn('step failed, will be tried again', fields);
      if (isWanted) this.#tellTrouble(messageOf(error));
      return;
    }
    if (verdict.kind === 'relist') {
      host.log.warn('step failed, looking at the runtime again', fields);
      if (step.kind === 'create') record.images.clear();
      host.relistSoon(0);
      return;
    }
    const isExpected = error instanceof ClusterError;
    if (isExpected) host.log.info('task failed', { ...fields, err: messageOf(error) });
    else host.log.error('task failed by an unexpected error', fields);
    const state = verdict.kind === 'reject' && !this.#hasStarted() ? 'REJECTED' : 'FAILED';
    const message = state === 'REJECTED' ? 'preparing failed' : 'starting failed';
    this.#setStatus(withState(record, TaskState[state], message, verdict.error));
  }

  /** What holds the task up, for people; the next state clears it. */
  #tellTrouble(text: string): void {
    const record = this.#record;
    const told = withState(record, record.status.state, record.status.message, text);
    if (!isFinal(record.status.state) && told.error !== record.status.error) this.#setStatus(told);
  }

  #hasStarted(): boolean {
    return this.#record.status.state >= TaskState.STARTING;
  }

  /** Stops the wait for an image that nobody wants any more. */
  #interrupt(): void {
    const running = this.#running;
    if (running?.step.kind !== 'image') return;
    if (this.#record.isDropped || wishOf(this.#record.task) === 'stop')
      running.controller.abort(new ClusterError('CANCELLED', 'the task is no longer wanted'));
  }

  /** The managers know a later state than this agent: it lost its memory, or gave the task up. */
  #outrun(known: TaskStatus): void {
    const record = this.#record;
    if (isFinal(known.state)) this.#setStatus(known);
    else record.status = { ...record.status, state: known.state };
  }

  #setStatus(status: TaskStatus): void {
    const changedAtMs = this.#host.clock.now();
    const isNewlyRunning = status.state === TaskState.RUNNING && status.runningAtMs === 0;
    const runningAtMs = isNewlyRunning ? changedAtMs : status.runningAtMs;
    this.#record.status = { ...status, changedAtMs, runningAtMs };
    this.#host.statusChanged(this.#record.task.id, this.#record.status);
  }
}
