/** The shell that all loops share: rung by events and timers, one pass at a time, paced, never gives up. */
import { AssertionError, Bell, backoffMs, hasCode, messageOf, sleep } from '#lib';
import type { Clock, Counter, Histogram, Logger, Metrics, Ms, Random, Timer } from '#lib';
import { durationBuckets } from '#lib';

/** After a pass that cost `c` of processor time, the next one begins at least this many times `c` later. */
const restFactor = 2;
/** A pass that cost less than this is followed by another at once. */
const cheapPassMs: Ms = 2;
/** No pass is put off for longer than this. */
const restMaxMs: Ms = 1_000;
/** So many cheap passes in a row, and sockets and timers get their turn. */
const passesPerTurn = 16;
const retry = { baseMs: 50, maxMs: 5_000, jitter: 0.5 };

export interface LoopOptions {
  /** As in "orchestrator"; names the log and the metrics. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /**
   * Looks at everything that is due and writes what follows. Gives the processor time that its decisions
   * took. It must leave what it could not finish marked, and ring.
   */
  readonly pass: (signal: AbortSignal) => Promise<Ms>;
  /** A pass failed, so that what it wrote is not known: everything is to be looked at again. */
  readonly onFailure: () => void;
  /** Resolves when the state that decisions are made on holds whatever a failed pass may have written. */
  readonly catchUp: (signal: AbortSignal) => Promise<void>;
}

export class ReconcileLoop {
  readonly #options: LoopOptions;
  readonly #bell = new Bell();
  readonly #abort = new AbortController();
  readonly #passes: Counter;
  readonly #failures: Counter;
  readonly #seconds: Histogram;
  #timer: { readonly atMs: Ms; readonly timer: Timer } | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: LoopOptions) {
    this.#options = options;
    const { metrics } = options;
    const labels = ['loop'];
    this.#passes = metrics.counter('tessera_loop_passes_total', 'Passes of a leader loop.', labels);
    this.#failures = metrics.counter(
      'tessera_loop_failures_total',
      'Passes of a leader loop that failed and were repeated.',
      labels,
    );
    this.#seconds = metrics.histogram(
      'tessera_loop_decision_seconds',
      'Processor time that the decisions of one pass took.',
      durationBuckets,
      labels,
    );
  }

  start(): void {
    this.#ended = this.#run();
    this.ring();
  }

  /** Resolves when the pass under way has ended. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#timer?.timer.cancel();
    await this.#ended;
  }

  ring(): void {
    this.#bell.ring();
  }

  /** Rings at a wall-clock time, unless it is to ring earlier anyway; Infinity asks for nothing. */
  ringAt(atMs: Ms): void {
    if (atMs === Infinity || this.#abort.signal.aborted) return;
    if (this.#timer !== undefined && this.#timer.atMs <= atMs) return;
    this.#timer?.timer.cancel();
    const delayMs = Math.max(0, atMs - this.#options.clock.now());
    // A timer longer than what a timer can hold ends early: one more pass that finds nothing due.
    const timer = this.#options.clock.after(Math.min(delayMs, 2_000_000_000), () => {
      this.#timer = undefined;
      this.ring();
    });
    this.#timer = { atMs, timer };
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const { clock, name } = this.#options;
    let failureCount = 0;
    try {
      for (let passCount = 1; ; passCount++) {
        await this.#bell.wait(signal);
        const costMs = await this.#tryPass(signal, failureCount > 0);
        if (costMs === undefined) {
          await sleep(clock, backoffMs(retry, failureCount, this.#options.random), signal);
          failureCount++;
          this.ring();
          continue;
        }
        failureCount = 0;
        this.#seconds.observe(costMs / 1000, { loop: name });
        if (costMs >= cheapPassMs)
          await sleep(clock, Math.min(restMaxMs, costMs * restFactor), signal);
        else if (passCount % passesPerTurn === 0) await sleep(clock, 0, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** The cost of the pass; undefined when it failed and has to be done again. */
  async #tryPass(signal: AbortSignal, isRepeated: boolean): Promise<Ms | undefined> {
    const { name, log, pass, onFailure, catchUp } = this.#options;
    this.#passes.inc({ loop: name });
    try {
      if (isRepeated) {
        await catchUp(signal);
        onFailure();
      }
      return await pass(signal);
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof AssertionError) throw error;
      this.#failures.inc({ loop: name });
      // Who lost the lead is about to be stopped.
      const isQuiet = hasCode(error, 'NOT_LEADER') || hasCode(error, 'NO_LEADER');
      const fields = { loop: name, error: messageOf(error) };
      if (isQuiet) log.debug('pass not written', fields);
      else log.warn('pass failed, repeating', fields);
      return undefined;
    }
  }
}
