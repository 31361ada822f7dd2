/** What is counted, in units of some 50 ns: a look at a place or branch is one. */
export const nodeUnits = 20;
/** Finding a node's place among all rules about other tasks. */
export const locatingUnits = 60;
export const placementUnits = 100;
/** A node that takes another place in the order of nodes. */
export const movedUnits = 100;

/**
 * Counts the work of a decision, so that it can be done in slices. Counted, not timed: the same decision always has the
 * same slices.
 */
export class Meter {
  readonly #sliceUnits: number;
  #spent = 0;

  /** `sliceUnits`: about how many units to do between two pauses; Infinity: never pause. */
  constructor(sliceUnits: number) {
    this.#sliceUnits = sliceUnits;
  }

  /** Counts what was just done; true when it is time to pause, whereupon the next slice begins. */
  isDue(units = 1): boolean {
    this.#spent += units;
    if (this.#spent < this.#sliceUnits) return false;
    this.#spent = 0;
    return true;
  }
}

/** What a decision in slices yields when it may be put aside for a while; the view must not change meanwhile. */
export const pause = undefined;
export type Pause = undefined;

/** Runs a decision in slices to its end in one go. */
export function finish<R>(steps: Generator<Pause, R>): R {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
