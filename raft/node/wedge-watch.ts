/** Why a leader should not lead on. */
export type WedgeReason = 'slow-disk' | 'late-loop';

export interface WedgeLimits {
  readonly tickMs: number;
  readonly writeStallMs: number;
  readonly loopLagMs: number;
  readonly handOverPauseMs: number;
}

/** So many late ticks ... */
const LATE_TICKS = 3;
/** ... within so many milliseconds are no accident. */
const LATE_WINDOW_MS = 10_000;

/**
 * Notices that this member is wedged: a write to its disk is out for too long, or its event loop
 * comes late again and again. Pure: it is told the time.
 */
export class WedgeWatch {
  readonly #limits: WedgeLimits;
  #tickDueMs: number;
  #lateAtMs: readonly number[] = [];
  #writeSinceMs: number | null = null;
  #quietUntilMs = -Infinity;

  constructor(limits: WedgeLimits, nowMs: number) {
    this.#limits = limits;
    this.#tickDueMs = nowMs + limits.tickMs;
  }

  writeBegan(nowMs: number): void {
    this.#writeSinceMs = nowMs;
  }

  writeEnded(): void {
    this.#writeSinceMs = null;
  }

  /** A tick happens, and the next one is due `tickMs` from now. */
  ticked(nowMs: number): void {
    const lateMs = nowMs - this.#tickDueMs;
    this.#tickDueMs = nowMs + this.#limits.tickMs;
    const recent = this.#lateAtMs.filter((atMs) => nowMs - atMs < LATE_WINDOW_MS);
    this.#lateAtMs = lateMs > this.#limits.loopLagMs ? [...recent, nowMs] : recent;
  }

  /** A write is out for longer than the limit. */
  isDiskStalled(nowMs: number): boolean {
    const sinceMs = this.#writeSinceMs;
    return sinceMs !== null && nowMs - sinceMs > this.#limits.writeStallMs;
  }

  /**
   * What is wrong now; null when nothing is, and for `handOverPauseMs` after a reason was given, so
   * that leadership does not go round in a cluster that is slow everywhere.
   */
  reason(nowMs: number): WedgeReason | null {
    if (nowMs < this.#quietUntilMs) return null;
    let reason: WedgeReason | null = null;
    if (this.isDiskStalled(nowMs)) reason = 'slow-disk';
    else if (this.#lateAtMs.length >= LATE_TICKS) reason = 'late-loop';
    if (reason !== null) this.#quietUntilMs = nowMs + this.#limits.handOverPauseMs;
    return reason;
  }
}
