import type { Clock, Logger, Metrics, Ms, Timer } from '#lib';
import { messageOf, withDeadline } from '#lib';

/** What is to be saved, and who is told when it is on disk. */
export interface Savable<S> {
  readonly state: S;
  saved(): void;
}

export interface StateSaverOptions<S> {
  /** For logs and metrics. */
  readonly what: 'assignments' | 'networks';
  /** Replaces what was saved before. */
  readonly write: (state: S) => Promise<void>;
  /** Changes that can wait are saved together, this long after the first. */
  readonly soonMs: Ms;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Called when a save begins: the state of that moment. */
  readonly collect: () => Savable<S>;
}

/** A disk that takes longer counts as refusing. */
const saveDeadlineMs: Ms = 10_000;

/**
 * Saves the agent's state, one save at a time: whoever asks while one is under way shares the
 * next. A disk that refuses is logged and counted, and the agent goes on: what is lost then is
 * only the memory of a restart, which the first full set of assignments brings back.
 */
export class StateSaver<S> {
  readonly #options: StateSaverOptions<S>;
  readonly #saves;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #timer: Timer | undefined;
  #isAbandoned = false;

  constructor(options: StateSaverOptions<S>) {
    this.#options = options;
    this.#saves = options.metrics.counter(
      'tessera_agent_saves_total',
      'Saves of the assignments and of the networks to disk, by outcome.',
      ['what', 'outcome'],
    );
  }

  /** Resolves once everything of this moment is on disk: true, or false when the disk refused. */
  saveNow(): Promise<boolean> {
    if (this.#isAbandoned) return Promise.resolve(false);
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#isAbandoned ? false : this.#begin();
    });
    return this.#next;
  }

  saveSoon(): void {
    if (this.#isAbandoned) return;
    this.#timer ??= this.#options.clock.after(this.#options.soonMs, () => void this.saveNow());
  }

  /** Saves what waits and ends the timer. */
  async close(): Promise<void> {
    const isWaiting = this.#timer !== undefined;
    this.#cancelTimer();
    if (isWaiting) await this.saveNow();
    await this.#running;
  }

  /** As in a crash: nothing more is written. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#cancelTimer();
  }

  #begin(): Promise<boolean> {
    this.#cancelTimer();
    const save = this.#save().finally(() => {
      this.#running = undefined;
    });
    this.#running = save;
    return save;
  }

  async #save(): Promise<boolean> {
    const { clock, write, what, log } = this.#options;
    const savable = this.#options.collect();
    try {
      await withDeadline(clock, saveDeadlineMs, `saving the ${what}`, write(savable.state));
      this.#saves.inc({ what, outcome: 'ok' });
      savable.saved();
      return true;
    } catch (error) {
      this.#saves.inc({ what, outcome: 'failed' });
      log.error(`${what} could not be saved`, { err: messageOf(error) });
      return false;
    }
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
