/** What messages have in common that come as a full set, perhaps in parts, and then as increments. */
export interface Numbered {
  /** From 1, +1 each. */
  readonly sequence: number;
  readonly isFull: boolean;
  /** With isFull: the set goes on in the next message. */
  readonly isContinued: boolean;
}

/**
 * The order of one session's numbered messages: the full set in one or more parts, then
 * increments. Messages that came twice are dropped; after a gap nothing is taken until the session
 * is opened anew.
 */
export class MessageOrder<M extends Numbered> {
  #applied = 0;
  #isBroken = false;
  /** The parts of a full set that goes on; undefined once it is complete. */
  #parts: M[] | undefined = [];

  /** For a new session. */
  reset(): void {
    this.#applied = 0;
    this.#isBroken = false;
    this.#parts = [];
  }

  /**
   * One or more messages that are one change together: the parts of the full set, or one increment.
   * `nothing` for a message taken before and for a full set that goes on; `gap` when one is missing.
   */
  take(message: M): readonly M[] | 'nothing' | 'gap' {
    if (this.#isBroken) return 'gap';
    if (message.sequence <= this.#applied) return 'nothing';
    const isExpected = message.isFull === (this.#parts !== undefined);
    if (message.sequence !== this.#applied + 1 || !isExpected) {
      this.#isBroken = true;
      return 'gap';
    }
    this.#applied = message.sequence;
    if (this.#parts === undefined) return [message];
    this.#parts.push(message);
    if (message.isContinued) return 'nothing';
    const parts = this.#parts;
    this.#parts = undefined;
    return parts;
  }
}
