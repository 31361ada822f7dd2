import type { MemberId, RaftInspection, RaftMessage, SnapshotMeta } from 'raft-ts';
import { check } from './sim-failure.ts';
import { RaftInvariants } from './raft-invariants.ts';

/** What a member must find again after a crash. */
export interface Promised {
  readonly term: number;
  readonly vote: MemberId;
  readonly commit: number;
  readonly stable: number;
  readonly stableTerm: number;
}

/**
 * All that a world of Raft must keep: the invariants of the protocol after each event, and what a
 * durable log, a state machine and linearizable reads promise to those who use them. It remembers,
 * so a member that is down counts.
 */
export class RaftChecker {
  readonly #invariants = new RaftInvariants();
  readonly #applied = new Map<number, string>();
  readonly #acknowledged = new Map<number, string>();
  readonly #rejected = new Set<string>();
  /** `voter/term` -> candidate: votes that left their voter. */
  readonly #votes = new Map<string, MemberId>();
  #acknowledgedMax = 0;

  /** Any write acknowledged or read answered so far is at or below this index. */
  get acknowledgedMax(): number {
    return this.#acknowledgedMax;
  }

  get jointCount(): number {
    return this.#invariants.jointCount;
  }

  /** A member that is up, after an event. */
  observe(id: MemberId, view: RaftInspection): void {
    this.#invariants.observe(id, view);
  }

  /** The process of a member has ended. */
  gone(id: MemberId): void {
    this.#invariants.gone(id);
  }

  snapshotTaken(id: MemberId, meta: SnapshotMeta): void {
    this.#invariants.snapshotTaken(id, meta);
  }

  /** One vote a term, over crashes too: what left a member counts, whatever it remembers. */
  sent(message: RaftMessage): void {
    if (message.kind !== 'vote-response' || message.isRejected) return;
    const { from, to, term } = message;
    const key = `${from}/${term}`;
    const known = this.#votes.get(key) ?? to;
    check(known === to, () => `member ${from} votes for ${known} and ${to} in term ${term}`);
    this.#votes.set(key, to);
  }

  /** A member starts again: nothing it promised before may be missing. */
  restarted(id: MemberId, view: RaftInspection, before: Promised): void {
    const { log, persisted } = view;
    check(persisted.term >= before.term, () => `term of ${id} goes back over a restart`);
    if (persisted.term === before.term && before.vote !== 0) {
      check(persisted.vote === before.vote, () => `vote of ${id} is forgotten over a restart`);
    }
    check(log.commit >= before.commit, () => `commit of ${id} goes back over a restart`);
    check(log.last >= before.stable, () => `entries of ${id} are lost over a restart`);
    const term = log.termOf(before.stable);
    const isKept = term === before.stableTerm || before.stable < log.first;
    check(isKept, () => `entry ${before.stable} of ${id} has changed over a restart`);
  }

  /** Each member applies the same entries: `chain` is a hash over all of them up to `index`. */
  applied(id: MemberId, index: number, chain: string): void {
    const known = this.#applied.get(index);
    if (known === undefined) this.#applied.set(index, chain);
    else check(known === chain, () => `member ${id} applied something else at ${index}`);
  }

  acknowledged(index: number, data: string): void {
    this.#acknowledged.set(index, data);
    this.#acknowledgedMax = Math.max(this.#acknowledgedMax, index);
  }

  rejected(data: string): void {
    this.#rejected.add(data);
  }

  /**
   * A read that began when `acknowledgedMax` was `since` has ended with `index`, on a member that
   * has applied `applied` and whose writes are `values`.
   */
  readAnswered(
    since: number,
    index: number,
    applied: number,
    values: ReadonlyMap<number, string>,
  ): void {
    check(index >= since, () => `a read at ${index} misses what was known at ${since}`);
    check(applied >= index, () => `a read at ${index} was answered from state ${applied}`);
    const write = this.#acknowledged.get(since);
    const isThere = write === undefined || values.get(since) === write;
    check(isThere, () => `a read at ${index} does not see the write at ${since}`);
    this.#acknowledgedMax = Math.max(this.#acknowledgedMax, index);
  }

  /** At the end: `values` are the applied writes of a member that has everything, by index. */
  finished(values: ReadonlyMap<number, string>): void {
    for (const [index, data] of this.#acknowledged) {
      check(values.get(index) === data, () => `acknowledged write ${data} at ${index} is lost`);
    }
    for (const data of values.values()) {
      check(!this.#rejected.has(data), () => `rejected write ${data} was committed after all`);
    }
  }
}
