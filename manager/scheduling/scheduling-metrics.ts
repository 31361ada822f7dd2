import { durationBuckets } from '#lib';
import type { Counter, Gauge, Histogram, Metrics, Ms } from '#lib';
import type { Attempt } from './attempt.ts';

export class SchedulingMetrics {
  readonly #assigned: Counter;
  readonly #pending: Gauge;
  readonly #queue: Gauge;
  readonly #attempts: Histogram;
  readonly #preemptions: Counter;
  readonly #victims: Counter;

  constructor(metrics: Metrics) {
    this.#assigned = metrics.counter('tessera_scheduler_tasks_assigned_total', 'Tasks placed.');
    this.#pending = metrics.gauge(
      'tessera_scheduler_tasks_pending',
      'Tasks that no node would take when they were last tried.',
    );
    this.#queue = metrics.gauge(
      'tessera_scheduler_queue_tasks',
      'Tasks without a node: active ones are to be tried, backoff ones after a while, waiting ones when something ' +
        'happens that could help.',
      ['queue'],
    );
    this.#attempts = metrics.histogram(
      'tessera_scheduler_attempt_seconds',
      'Processor time that one try for a group of alike tasks took, by what came of it.',
      durationBuckets,
      ['result'],
    );
    this.#preemptions = metrics.counter(
      'tessera_scheduler_preemptions_total',
      'Tasks for which room was made by stopping less important ones.',
    );
    this.#victims = metrics.counter(
      'tessera_scheduler_victims_total',
      'Tasks stopped to make room for more important ones.',
    );
  }

  assigned(count: number): void {
    this.#assigned.inc({}, count);
  }

  queued(sizes: Readonly<Record<string, number>>): void {
    for (const [queue, count] of Object.entries(sizes)) this.#queue.set(count, { queue });
    this.#pending.set((sizes['waiting'] ?? 0) + (sizes['backoff'] ?? 0));
  }

  attempted({ filters }: Attempt, costMs: Ms): void {
    const result = filters === undefined ? 'placed' : 'refused';
    this.#attempts.observe(costMs / 1000, { result });
  }

  preempted(victimCount: number): void {
    this.#preemptions.inc();
    this.#victims.inc({}, victimCount);
  }
}
