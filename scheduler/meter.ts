/** What is counted, in units of some 50 ns: a look at a place or branch is one. */
export const nodeUnits = 20;
/** Finding a node's place among all rules about other tasks. */
export const locatingUnits = 60;
export const placementUnits = 100;
/** A node that takes another place in the order of nodes. */
export const movedUnits = 100;

/** Between two looks at the time, where somebody tells it. */
const unitsPerLook = 1_000;

/**
 * Counts the work of a decision, so that it can be done in slices: the same decision always has the same ones. While the
 * collector marks, the same units take many times as long; with somebody who says when it is late a slice may end before.
 */
export class Meter {
  readonly #sliceUnits: number;
  readonly #isLate: (() => boolean) | undefined;
  #spent = 0;
  #lookAt = unitsPerLook;

  /**
   * `sliceUnits`: about how many units to do between two pauses; Infinity: never pause. `isLate`: whether the slice has
   * taken too long, of which what is decided must not depend.
   */
  constructor(sliceUnits: number, isLate?: () => boolean) {
    this.#sliceUnits = sliceUnits;
    this.#isLate = isLate;
  }

  /** Counts what was just done; true when it is time to pause, whereupon the next slice begins. */
  isDue(units = 1): boolean {
    this.#spent += units;
    if (this.#spent < this.#sliceUnits && !this.#isLateNow()) return false;
    this.#spent = 0;
    this.#lookAt = unitsPerLook;
    return true;
  }

  #isLateNow(): boolean {
    if (this.#isLate === undefined || this.#spent < this.#lookAt) return false;
    this.#lookAt = this.#spent + unitsPerLook;
    return this.#isLate();
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
