import type { CoreState } from './state.ts';
import { hasMajority } from './quorum.ts';

/** Rounds of heartbeats that are remembered; an answer to an older one is too late for a lease. */
const ROUNDS_MAX = 64;

/**
 * When the newest rounds of heartbeats were sent, by their context, on the leader's own clock. A
 * lease counts from there, not from the answer: a voter's promise not to vote begins in between.
 */
export class HeartbeatRounds {
  #firstContext = 0;
  #sentMs: number[] = [];

  add(context: number, nowMs: number): void {
    const isNext = context === this.#firstContext + this.#sentMs.length;
    if (!isNext) this.#sentMs = [];
    if (this.#sentMs.length === 0) this.#firstContext = context;
    this.#sentMs.push(nowMs);
    if (this.#sentMs.length <= ROUNDS_MAX) return;
    this.#sentMs.shift();
    this.#firstContext++;
  }

  /** -Infinity when the round is not known any more. */
  sentMs(context: number): number {
    return this.#sentMs[context - this.#firstContext] ?? -Infinity;
  }

  clear(): void {
    this.#sentMs = [];
  }
}

/**
 * Leader: may it answer reads by itself now (thesis §6.4.1)? A majority (of both lists, while members
 * change jointly) has answered a round of heartbeats that was sent less than `leaseMs` ago, and each
 * voter refuses to vote for `electionTicks` after such an answer. That says nothing once another
 * member was told to stand: its request for votes is granted all the same, whenever it arrives.
 */
export function holdsLease(state: CoreState): boolean {
  const { leaseMs } = state.options;
  if (leaseMs === 0 || state.transferTo !== 0 || state.hasSentTimeoutNow) return false;
  if (!state.hasCommittedInTerm) return false;
  const since = state.clockMs - leaseMs;
  return hasMajority(
    state.memberships.voterSets,
    (id) => id === state.id || (state.progress.get(id)?.leaseFromMs ?? -Infinity) > since,
  );
}

/**
 * Voter: with leases, the word given to a leader holds whatever else is heard of other terms, and
 * after a restart, which forgets it, as long as if it had just been given.
 */
export function isBoundByLease(state: CoreState): boolean {
  return state.now < state.boundUntil;
}
