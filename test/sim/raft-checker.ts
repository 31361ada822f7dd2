import type { Entry, Member, MemberId, Membership, RaftInspection } from 'raft-ts';
import type { RaftMessage, SnapshotMeta } from 'raft-ts';
import { check } from './sim-failure.ts';
import { decodeMembership } from 'raft-ts';
import { hash32 } from '#lib';

/** What a member must find again after a crash. */
export interface Promised {
  readonly term: number;
  readonly vote: MemberId;
  readonly commit: number;
  readonly stable: number;
  readonly stableTerm: number;
}

interface Known {
  readonly term: number;
  readonly digest: string;
  /** The term in which it was committed: leaders of later terms have it. */
  readonly inTerm: number;
}

interface Shadow {
  /** Terms of the entries seen so far, by index. */
  terms: number[];
  last: number;
  lastTerm: number;
  commit: number;
}

function digestOf(entry: Entry): string {
  return `${entry.kind}:${hash32(new TextDecoder('latin1').decode(entry.data))}`;
}

/** The membership that the newest entry about it says; else that of the snapshot (thesis §4.1). */
function newestMembership(log: RaftInspection['log']): Membership {
  const after = Math.max(log.first, log.snapshot.index + 1);
  const entries = after > log.last ? [] : log.slice(after, log.last, Infinity);
  const newest = entries.findLast((entry) => entry.kind === 'membership');
  return newest === undefined ? log.snapshot.membership : decodeMembership(newest.data);
}

/**
 * The invariants of Raft, checked after each event over all members at once (thesis figure 3.2, and
 * what a durable log and linearizable reads add). It remembers, so a member that is down counts.
 */
export class RaftChecker {
  readonly #leaders = new Map<number, MemberId>();
  /** Everything that was ever in any log, by index and term, with the term of its predecessor. */
  readonly #everSeen = new Map<
    string,
    { readonly previousTerm: number; readonly digest: string }
  >();
  readonly #committed: Known[] = [{ term: 0, digest: '', inTerm: 0 }];
  readonly #applied = new Map<number, string>();
  readonly #shadows = new Map<MemberId, Shadow>();
  readonly #acknowledged = new Map<number, string>();
  readonly #rejected = new Set<string>();
  /** `voter/term` -> candidate: votes that left their voter. */
  readonly #votes = new Map<string, MemberId>();
  /** The memberships that were ever committed, in log order; the first is that of the bootstrap. */
  readonly #memberships: { readonly index: number; readonly text: string }[] = [];
  #acknowledgedMax = 0;

  /** Highest index that any member knows to be committed. */
  get committedMax(): number {
    return this.#committed.length - 1;
  }

  /** Any write acknowledged or read answered so far is at or below this index. */
  get acknowledgedMax(): number {
    return this.#acknowledgedMax;
  }

  /** A member that is up, after an event. `stableAt(index, term)` asks all disks. */
  observe(
    id: MemberId,
    view: RaftInspection,
    isStable: (id: MemberId, index: number, term: number) => boolean,
  ): void {
    const shadow = this.#shadowOf(id);
    this.#observeLog(id, view, shadow);
    const { snapshot } = view.log;
    if (this.#memberships.length === 0 && snapshot.membership.members.length > 0) {
      this.#memberships.push({ index: snapshot.index, text: JSON.stringify(snapshot.membership) });
    }
    if (view.role === 'leader') this.#observeLeader(id, view);
    if (view.log.commit > shadow.commit) this.#observeCommit(id, view, shadow, isStable);
    check(view.log.commit >= shadow.commit, () => `commit of ${id} goes back`);
    shadow.commit = view.log.commit;
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
    this.#shadows.set(id, { terms: [], last: 0, lastTerm: 0, commit: log.commit });
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

  /** A snapshot that a member starts from or takes is one of the committed history. */
  snapshotTaken(id: MemberId, meta: SnapshotMeta): void {
    const known = this.#committed[meta.index];
    const isRight = meta.index <= this.committedMax && known?.term === meta.term;
    check(isRight, () => `snapshot ${meta.index} of ${id} is not of the committed log`);
    const members = this.#memberships.findLast(({ index }) => index <= meta.index);
    const isOfThen = members === undefined || members.text === JSON.stringify(meta.membership);
    check(isOfThen, () => `snapshot ${meta.index} of ${id} has not the members of then`);
  }

  #shadowOf(id: MemberId): Shadow {
    let shadow = this.#shadows.get(id);
    if (shadow === undefined) {
      shadow = { terms: [], last: 0, lastTerm: 0, commit: 0 };
      this.#shadows.set(id, shadow);
    }
    return shadow;
  }

  /** Log matching: the same index and term means the same entry and the same log before it. */
  #observeLog(id: MemberId, { log, membership }: RaftInspection, shadow: Shadow): void {
    if (log.last === shadow.last && log.lastTerm === shadow.lastTerm) return;
    for (let index = log.last; index >= log.first; index--) {
      const term = log.termOf(index) ?? 0;
      if (shadow.terms[index] === term) break;
      shadow.terms[index] = term;
      const entry = log.slice(index, index, Infinity)[0];
      if (entry === undefined) break;
      const seen = { previousTerm: log.termOf(index - 1) ?? 0, digest: digestOf(entry) };
      const key = `${index}/${term}`;
      const known = this.#everSeen.get(key);
      if (known === undefined) this.#everSeen.set(key, seen);
      const isSame =
        known === undefined ||
        (known.previousTerm === seen.previousTerm && known.digest === seen.digest);
      check(isSame, () => `log of ${id} does not match others at ${key}`);
    }
    shadow.last = log.last;
    shadow.lastTerm = log.lastTerm;
    check(
      JSON.stringify(membership) === JSON.stringify(newestMembership(log)),
      () => `the membership of ${id} is not the newest in its log`,
    );
  }

  /**
   * One leader a term; a new leader has all that was committed in earlier terms. (Not all that ever
   * was: a member that slept through later elections may still learn that it won its own.)
   */
  #observeLeader(id: MemberId, { term, log }: RaftInspection): void {
    const known = this.#leaders.get(term);
    check(known === undefined || known === id, () => `${known} and ${id} both lead term ${term}`);
    if (known !== undefined) return;
    this.#leaders.set(term, id);
    for (let index = log.first; index <= this.committedMax; index++) {
      const committed = this.#committed[index];
      if (committed !== undefined && committed.inTerm >= term) continue;
      check(
        log.termOf(index) === committed?.term,
        () => `leader ${id} of term ${term} lacks committed entry ${index}`,
      );
    }
  }

  /** What is committed is the same everywhere, and durable on a majority when it first is. */
  #observeCommit(
    id: MemberId,
    { log, membership, term: inTerm }: RaftInspection,
    shadow: Shadow,
    isStable: (id: MemberId, index: number, term: number) => boolean,
  ): void {
    const before = this.committedMax;
    for (let index = Math.max(log.first, shadow.commit + 1); index <= log.commit; index++) {
      const entry = log.slice(index, index, Infinity)[0];
      const term = log.termOf(index) ?? 0;
      const known = this.#committed[index];
      if (known !== undefined) {
        const isSame = known.term === term && known.digest === (entry && digestOf(entry));
        check(isSame, () => `member ${id} commits something else at ${index}`);
        continue;
      }
      check(index === this.#committed.length, () => `member ${id} skips commits before ${index}`);
      this.#committed.push({ term, inTerm, digest: entry === undefined ? '' : digestOf(entry) });
      if (entry?.kind !== 'membership') continue;
      const text = JSON.stringify(decodeMembership(entry.data));
      this.#memberships.push({ index, text });
    }
    if (this.committedMax === before) return;
    const term = log.termOf(log.commit) ?? 0;
    const isHeldIn = (members: readonly Member[]): boolean => {
      const voters = members.filter((member) => member.role === 'voter');
      const holders = voters.filter((one) => isStable(one.id, log.commit, term));
      return holders.length * 2 > voters.length;
    };
    const { members, outgoing = members } = membership;
    check(
      isHeldIn(members) && isHeldIn(outgoing),
      () => `entry ${log.commit} is committed but not durable on a majority`,
    );
  }
}
