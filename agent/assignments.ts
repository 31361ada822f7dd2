import type { Assignments, Task } from '#proto';

/** What one message changed. */
export interface AssignmentChange {
  readonly isFull: boolean;
  readonly upserted: readonly Task[];
  readonly removedIds: readonly string[];
}

/**
 * The order of one session's assignment messages: the full set in one or more parts, then
 * increments, numbered from 1. Messages that came twice are dropped; after a gap nothing is taken
 * until the session is opened anew.
 */
export class AssignmentOrder {
  #applied = 0;
  #isBroken = false;
  /** The parts of a full set that goes on; undefined once it is complete. */
  #parts: Task[] | undefined = [];

  /** For a new session. */
  reset(): void {
    this.#applied = 0;
    this.#isBroken = false;
    this.#parts = [];
  }

  /**
   * The change to apply; `nothing` for a message taken before and for a full set that goes on;
   * `gap` when one is missing.
   */
  take(message: Assignments): AssignmentChange | 'nothing' | 'gap' {
    if (this.#isBroken) return 'gap';
    if (message.sequence <= this.#applied) return 'nothing';
    const isExpected = message.isFull === (this.#parts !== undefined);
    if (message.sequence !== this.#applied + 1 || !isExpected) {
      this.#isBroken = true;
      return 'gap';
    }
    this.#applied = message.sequence;
    if (this.#parts === undefined)
      return { isFull: false, upserted: message.tasks, removedIds: message.removedTaskIds };
    this.#parts.push(...message.tasks);
    if (message.isContinued) return 'nothing';
    const upserted = this.#parts;
    this.#parts = undefined;
    return { isFull: true, upserted, removedIds: [] };
  }
}
