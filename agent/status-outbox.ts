import type { Ms } from '#lib';
import type { TaskStatus, TaskStatusUpdate } from '#proto';
import { StatusBatch } from '#proto';

/** Updates in one batch at most. */
export const batchUpdatesMax = 1000;

interface Pending {
  status: TaskStatus;
  /** The batch that carries `status`; 0 = not sent in this session. */
  sequence: number;
  /** Not sent before this, monotonic: a state that passes quickly is overtaken and never sent. */
  dueAtMs: Ms;
}

/**
 * Statuses that no manager has accepted yet: the latest of each task, so it holds at most one per
 * task. Sent ones stay until they are acknowledged and go out again in the next session.
 */
export class StatusOutbox {
  readonly #pending = new Map<string, Pending>();
  #sequence = 0;

  /** Tasks whose latest status is not accepted. */
  get size(): number {
    return this.#pending.size;
  }

  put(taskId: string, status: TaskStatus, dueAtMs: Ms): void {
    const pending = this.#pending.get(taskId);
    if (pending === undefined) {
      this.#pending.set(taskId, { status, sequence: 0, dueAtMs });
      return;
    }
    if (pending.status === status) return;
    const isUnsent = pending.sequence === 0;
    pending.dueAtMs = isUnsent ? Math.min(pending.dueAtMs, dueAtMs) : dueAtMs;
    pending.status = status;
    pending.sequence = 0;
  }

  /** The manager no longer knows the task: nobody waits for its status. */
  drop(taskId: string): void {
    this.#pending.delete(taskId);
  }

  /** A new session: nothing of the old one counts. */
  resetSession(): void {
    this.#sequence = 0;
    this.retry();
  }

  /** Marks everything as unsent: an acknowledgement did not come in time. */
  retry(): void {
    for (const pending of this.#pending.values()) pending.sequence = 0;
  }

  /** Something waits for its acknowledgement. */
  get isAwaiting(): boolean {
    for (const pending of this.#pending.values()) if (pending.sequence > 0) return true;
    return false;
  }

  /** When the next unsent status is due; undefined when there is none. */
  get nextDueAtMs(): Ms | undefined {
    let next: Ms | undefined;
    for (const { sequence, dueAtMs } of this.#pending.values())
      if (sequence === 0 && (next === undefined || dueAtMs < next)) next = dueAtMs;
    return next;
  }

  /** The next batch of unsent statuses that are due; undefined when there are none. */
  next(nowMs: Ms): StatusBatch | undefined {
    const updates: TaskStatusUpdate[] = [];
    for (const [taskId, pending] of this.#pending) {
      if (pending.sequence !== 0 || pending.dueAtMs > nowMs) continue;
      if (updates.length === 0) this.#sequence++;
      pending.sequence = this.#sequence;
      updates.push({ taskId, status: pending.status });
      if (updates.length === batchUpdatesMax) break;
    }
    if (updates.length === 0) return undefined;
    return StatusBatch.create({ sequence: this.#sequence, updates });
  }

  accepted(sequence: number): void {
    for (const [taskId, pending] of this.#pending)
      if (pending.sequence === sequence) this.#pending.delete(taskId);
  }
}
