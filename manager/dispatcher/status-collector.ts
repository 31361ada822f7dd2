import { TaskState } from '#proto';
import type { StatusBatch, TaskStatus } from '#proto';
import type { Clock, Logger, Metrics, Timer } from '#lib';
import { TurnQueue, hasCode } from '#lib';
import type { Store, WriteTransaction } from '../store/types.ts';
import { mergeReport, reportFault } from './task-report.ts';
import { toldPerTurn } from './turns.ts';

/** Reports of all agents within this time go into the store together, ms. */
const coalesceMs = 2;
/** Wait before statuses that could not be written are tried again, ms. */
const retryMs = 100;

/** Where a batch came from and whom to tell that it is durable. */
export interface StatusSource {
  readonly nodeId: string;
  accepted(sequence: number): void;
}

interface Report {
  readonly nodeId: string;
  readonly taskId: string;
  readonly status: TaskStatus;
}

export interface StatusCollectorOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * Takes the status batches of all agents and writes them in shared transactions. Keeps the latest
 * report per task, so what waits is never more than the tasks there are.
 */
export class StatusCollector {
  readonly #options: StatusCollectorOptions;
  readonly #statuses;
  readonly #refused;
  #reports = new Map<string, Report>();
  #sources = new Map<StatusSource, number>();
  /** The last batch of each source that is durable. */
  readonly #acceptances: TurnQueue<StatusSource, number>;
  #timer: Timer | undefined;
  #isWriting = false;
  #isStopped = false;

  constructor(options: StatusCollectorOptions) {
    this.#options = options;
    const { metrics, clock } = options;
    this.#acceptances = new TurnQueue(clock, toldPerTurn, (source, sequence) =>
      source.accepted(sequence),
    );
    this.#statuses = metrics.counter(
      'tessera_dispatcher_statuses_total',
      'Task statuses that agents reported.',
    );
    this.#refused = metrics.counter(
      'tessera_dispatcher_refused_total',
      'Reports, registrations and calls of agents that were refused.',
      ['reason'],
    );
  }

  /** `source.accepted` is called once the batch, or what replaced it, is durable. */
  add(source: StatusSource, batch: StatusBatch): void {
    const { store } = this.#options;
    this.#statuses.inc({}, batch.updates.length);
    store.view((tx) => {
      for (const { taskId, status } of batch.updates) {
        const task = tx.get('task', taskId);
        const fault = reportFault(task, status, source.nodeId);
        if (fault !== undefined) this.#refuse(source.nodeId, taskId, fault);
        else if (task !== undefined && status !== undefined)
          this.#keep({ nodeId: source.nodeId, taskId, status });
      }
    });
    this.#sources.set(source, Math.max(this.#sources.get(source) ?? 0, batch.sequence));
    this.#arm(coalesceMs);
  }

  /** The source hears nothing more; what it reported is still written. */
  forget(source: StatusSource): void {
    this.#sources.delete(source);
    this.#acceptances.delete(source);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#reports.clear();
    this.#sources.clear();
    this.#acceptances.clear();
  }

  #refuse(nodeId: string, taskId: string, reason: string): void {
    this.#refused.inc({ reason });
    this.#options.log.warn('task report refused', { nodeId, taskId: taskId.slice(0, 64), reason });
  }

  #keep(report: Report): void {
    const waiting = this.#reports.get(report.taskId);
    const isBack = waiting !== undefined && waiting.status.state > report.status.state;
    const isEnded = waiting !== undefined && waiting.status.state >= TaskState.COMPLETE;
    if (!isBack && !isEnded) this.#reports.set(report.taskId, report);
  }

  #arm(delayMs: number): void {
    if (this.#timer !== undefined || this.#isWriting || this.#isStopped) return;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    const { store, log } = this.#options;
    const reports = this.#reports;
    const sources = this.#sources;
    this.#reports = new Map();
    this.#sources = new Map();
    this.#isWriting = true;
    let delayMs = 0;
    try {
      if (reports.size > 0)
        await store.batch([...reports.values()], (tx, report) => this.#apply(tx, report));
      if (!this.#isStopped)
        for (const [source, sequence] of sources) this.#acceptances.add(source, sequence);
    } catch (error) {
      this.#putBack(reports, sources);
      delayMs = retryMs;
      if (!hasCode(error, 'NOT_LEADER')) log.warn('statuses not written yet', { err: error });
    } finally {
      this.#isWriting = false;
    }
    if (this.#sources.size > 0 || this.#reports.size > 0) this.#arm(delayMs);
  }

  #apply(tx: WriteTransaction, { taskId, nodeId, status }: Report): void {
    const task = tx.get('task', taskId);
    if (task === undefined || task.nodeId !== nodeId) return;
    const merged = mergeReport(task.status, status, this.#options.clock.now());
    if (merged.kind === 'new') tx.update('task', { ...task, status: merged.status });
    else if (merged.kind === 'forbidden') this.#refuse(nodeId, taskId, 'bad_transition');
  }

  #putBack(reports: Map<string, Report>, sources: Map<StatusSource, number>): void {
    if (this.#isStopped) return;
    const newer = [...this.#reports.values()];
    this.#reports = reports;
    for (const report of newer) this.#keep(report);
    for (const [source, sequence] of sources)
      this.#sources.set(source, Math.max(this.#sources.get(source) ?? 0, sequence));
  }
}
