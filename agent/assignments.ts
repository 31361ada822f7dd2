import type { Assignments, Task } from '#proto';
import { MessageOrder } from './message-order.ts';

/** What one message changed. */
export interface AssignmentChange {
  readonly isFull: boolean;
  readonly upserted: readonly Task[];
  readonly removedIds: readonly string[];
}

/** The order of one session's assignment messages, as `MessageOrder` has it. */
export class AssignmentOrder {
  readonly #order = new MessageOrder<Assignments>();

  /** For a new session. */
  reset(): void {
    this.#order.reset();
  }

  /**
   * The change to apply; `nothing` for a message taken before and for a full set that goes on;
   * `gap` when one is missing.
   */
  take(message: Assignments): AssignmentChange | 'nothing' | 'gap' {
    const taken = this.#order.take(message);
    if (typeof taken === 'string') return taken;
    return {
      isFull: message.isFull,
      upserted: taken.flatMap(({ tasks }) => tasks),
      removedIds: message.removedTaskIds,
    };
  }
}
