import { laterTurn } from './clock.ts';
import type { Clock, Ms } from './clock.ts';
import { sliceMaxMs } from './pacer.ts';

/**
 * Does something for each of many: so many of them between two turns of the event loop, and no longer than a slice may
 * take, in the order in which they came, the first at once. Of several values for one key only the last counts. What others
 * wait for, and what thousands answer, then comes in portions, too.
 */
export class TurnQueue<Key, Value> {
  readonly #clock: Clock;
  readonly #act: (key: Key, value: Value) => void;
  readonly #perTurn: number;
  readonly #waiting = new Map<Key, Value>();
  #doneThisTurn = 0;
  #turnEndsAt: Ms = 0;
  #isNextTurnDue = false;
  #isActing = false;

  /** `perTurn` >= 1. */
  constructor(clock: Clock, perTurn: number, act: (key: Key, value: Value) => void) {
    this.#clock = clock;
    this.#perTurn = perTurn;
    this.#act = act;
  }

  /** How many wait for a later turn. */
  get size(): number {
    return this.#waiting.size;
  }

  add(key: Key, value: Value): void {
    this.#waiting.set(key, value);
    this.#run();
  }

  /** Nothing is done for it any more. */
  delete(key: Key): void {
    this.#waiting.delete(key);
  }

  clear(): void {
    this.#waiting.clear();
  }

  #run(): void {
    // What is added meanwhile comes in its turn.
    if (this.#isActing) return;
    this.#isActing = true;
    try {
      for (const [key, value] of this.#waiting) {
        if (this.#hasHadItsShare()) break;
        this.#doneThisTurn++;
        this.#waiting.delete(key);
        if (!this.#isNextTurnDue) laterTurn(this.#clock, () => this.#turn());
        this.#isNextTurnDue = true;
        this.#act(key, value);
      }
    } finally {
      this.#isActing = false;
    }
  }

  #hasHadItsShare(): boolean {
    const now = this.#clock.monotonic();
    if (this.#doneThisTurn === 0) this.#turnEndsAt = now + sliceMaxMs;
    return this.#doneThisTurn >= this.#perTurn || now >= this.#turnEndsAt;
  }

  #turn(): void {
    this.#isNextTurnDue = false;
    this.#doneThisTurn = 0;
    this.#run();
  }
}
