import type { Clock, Logger, Metrics, Ms, Timer } from '#lib';
import { messageOf, withDeadline } from '#lib';
import type { AgentState } from '#proto';
import type { AgentStorage } from './storage-port.ts';

/** What is to be saved, and who is told when it is on disk. */
export interface Savable {
  readonly state: AgentState;
  saved(): void;
}

export interface StateSaverOptions {
  readonly storage: AgentStorage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Called when a save begins: the state of that moment. */
  readonly collect: () => Savable;
}

/** Changes that can wait are saved together, this long after the first. */
const soonMs: Ms = 500;
/** A disk that takes longer counts as refusing. */
const saveDeadlineMs: Ms = 10_000;

/**
 * Saves the agent's state, one save at a time: whoever asks while one is under way shares the
 * next. A disk that refuses is logged and counted, and the agent goes on: what is lost then is
 * only the memory of a restart, which the first full set of assignments brings back.
 */
export class StateSaver {
  readonly #options: StateSaverOptions;
  readonly #saves;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #timer: Timer | undefined;
  #isAbandoned = false;

  constructor(options: StateSaverOptions) {
    this.#options = options;
    this.#saves = options.metrics.counter(
      'tessera_agent_saves_total',
      'Saves of the assignments to disk, by outcome.',
      ['outcome'],
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
    this.#timer ??= this.#options.clock.after(soonMs, () => void this.saveNow());
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
    const { clock, storage, log } = this.#options;
    const savable = this.#options.collect();
    try {
      await withDeadline(
        clock,
        saveDeadlineMs,
        'saving the assignments',
        storage.save(savable.state),
      );
      this.#saves.inc({ outcome: 'ok' });
      savable.saved();
      return true;
    } catch (error) {
      this.#saves.inc({ outcome: 'failed' });
      log.error('assignments could not be saved', { err: messageOf(error) });
      return false;
    }
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
