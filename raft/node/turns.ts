import type { Clock } from '../ports.ts';

/** A commit that no append has carried for so long is told to the followers alone, milliseconds. */
const COMMIT_TELLING_MS = 5;

/** Resolves in a later turn of the event loop. */
export function laterTurn(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (clock.soon === undefined) clock.after(0, resolve);
    else clock.soon(resolve);
  });
}

/** When the driver looks at the core again: as late as it can, so that much shares one look. */
export class Turns {
  readonly #clock: Clock;
  readonly #turn: (tellCommit: number) => void;
  #isDue = false;
  #isProposingDue = false;
  #tellCommit = 0;
  #newestCommit = 0;
  #teller: { cancel(): void } | null = null;

  /** `turn` is given the commit that followers shall hear of if nothing has carried it; 0: none. */
  constructor(clock: Clock, turn: (tellCommit: number) => void) {
    this.#clock = clock;
    this.#turn = turn;
  }

  /** All that happens in one callback of the event loop shares one turn. */
  schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      const tellCommit = this.#tellCommit;
      this.#isDue = false;
      this.#tellCommit = 0;
      this.#turn(tellCommit);
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
   * it a little later: at one write after another that is half of all messages. When the time is up
   * the newest commit may be of this moment, and be carried in the next: only what has waited is told.
   */
  tellSoon(commit: number): void {
    this.#newestCommit = commit;
    this.#teller ??= this.#clock.after(COMMIT_TELLING_MS, () => {
      this.#teller = null;
      this.#tellCommit = commit;
      if (this.#newestCommit > commit) this.tellSoon(this.#newestCommit);
      this.schedule();
    });
  }

  cancel(): void {
    this.#teller?.cancel();
  }
}
