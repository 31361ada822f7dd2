import type { Clock } from '../ports.ts';

/** A commit that no append carries is told to the followers within so long, milliseconds. */
const COMMIT_TELLING_MS = 5;

/** When the driver looks at the core again: as late as it can, so that much shares one look. */
export class Turns {
  readonly #clock: Clock;
  readonly #turn: (isTelling: boolean) => void;
  #isDue = false;
  #isProposingDue = false;
  #isTelling = false;
  #teller: { cancel(): void } | null = null;

  /** `turn` is told whether followers shall hear of a commit that nothing else carries. */
  constructor(clock: Clock, turn: (isTelling: boolean) => void) {
    this.#clock = clock;
    this.#turn = turn;
  }

  /** All that happens in one callback of the event loop shares one turn. */
  schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      const isTelling = this.#isTelling;
      this.#isDue = false;
      this.#isTelling = false;
      this.#turn(isTelling);
    });
  }

  /** What the events at hand propose shares a write. */
  proposeSoon(): void {
    if (this.#isDue || this.#isProposingDue) return;
    if (this.#clock.soon === undefined) return this.schedule();
    this.#isProposingDue = true;
    this.#clock.soon(() => {
      this.#isProposingDue = false;
      this.schedule();
    });
  }

  /**
   * Followers hear of a commit with the next append. Where none follows, a message of its own tells
   * it a little later: at one write after another that is half of all messages.
   */
  tellSoon(): void {
    this.#teller ??= this.#clock.after(COMMIT_TELLING_MS, () => {
      this.#teller = null;
      this.#isTelling = true;
      this.schedule();
    });
  }

  cancel(): void {
    this.#teller?.cancel();
  }
}
