import { Pacer } from '#lib';
import type { Clock } from '#lib';
import type { Commit, ReadTransaction, Store } from '../store/types.ts';

/** Objects taken in between two turns of the event loop; a few milliseconds. */
export const objectsPerSlice = 2_000;

/**
 * The state at the start of a term, taken in by slices, so that leadership does not begin with a loop
 * that stands still. What is committed meanwhile waits, and follows in order.
 */
export class FirstLook {
  readonly #pacer: Pacer;
  readonly #inbox: Commit[] = [];
  #image: ReadTransaction | undefined;

  /** To be made in the same turn in which the watch begins. */
  constructor(store: Store, clock: Clock) {
    this.#pacer = new Pacer(clock, { itemsMax: objectsPerSlice, bytesMax: Infinity });
    this.#image = store.image();
  }

  /** True: the commit waits for its turn. */
  keep(commit: Commit): boolean {
    if (this.#image === undefined) return false;
    this.#inbox.push(commit);
    return true;
  }

  /** Does its work once. `load` begins anew, with the same state, when it has failed. */
  async takeIn(
    load: (state: ReadTransaction, pacer: Pacer) => Promise<void>,
    apply: (commit: Commit) => void,
  ): Promise<void> {
    if (this.#image === undefined) return;
    await load(this.#image, this.#pacer);
    this.#image = undefined;
    for (const commit of this.#inbox.splice(0)) apply(commit);
  }
}
