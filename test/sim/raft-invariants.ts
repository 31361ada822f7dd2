import type { Member, MemberId, Membership, RaftInspection, SnapshotMeta } from 'raft-ts';
import type { Committed, Look } from './raft-history.ts';
import { check } from './sim-failure.ts';
import { decodeMembership } from 'raft-ts';
import { digestOf, entryAt, firstLook, hasChanged } from './raft-history.ts';
import { isDurableIn, isIn, lookAgain } from './raft-history.ts';

/** Does `isChosen` hold for a majority of the voters, of both lists in a joint phase? */
function isQuorum(membership: Membership, isChosen: (id: MemberId) => boolean): boolean {
  const { members, outgoing = members } = membership;
  return [members, outgoing].every((list: readonly Member[]) => {
    const voters = list.filter(({ role }) => role === 'voter');
    return voters.filter(({ id }) => isChosen(id)).length * 2 > voters.length;
  });
}

/** The membership that the newest entry about it says; else that of the snapshot (thesis §4.1). */
function newestMembership(log: RaftInspection['log']): Membership {
  const after = Math.max(log.first, log.snapshot.index + 1);
  const entries = after > log.last ? [] : log.slice(after, log.last, Infinity);
  const newest = entries.findLast((entry) => entry.kind === 'membership');
  return newest === undefined ? log.snapshot.membership : decodeMembership(newest.data);
}

/**
 * The invariants of the published specification of etcd's Raft (etcdraft.tla), by its names, checked
 * over all members after each event. Each is checked when something changed that can break it; a
 * member that is down counts with what its disk has.
 *
 * One that looks true and is not: "whoever leads has all that is committed". A member can sleep
 * through the elections of later terms with the deciding vote for its own in its mailbox, and become
 * leader of that old term when it wakes (seed 10319). LeaderCompletenessInv speaks of later terms only.
 */
export class RaftInvariants {
  readonly #looks = new Map<MemberId, Look>();
  readonly #leaders = new Map<number, MemberId>();
  /** Everything that was ever in any log, by index and term, with the term of its predecessor. */
  readonly #everSeen = new Map<
    string,
    { readonly previousTerm: number; readonly digest: string }
  >();
  readonly #committed: Committed[] = [{ term: 0, digest: '', inTerm: 0 }];
  /** The memberships that were ever committed, in log order; the first is that of the bootstrap. */
  readonly #memberships: { readonly index: number; readonly membership: Membership }[] = [];

  /** Highest index that any member knows to be committed. */
  get committedMax(): number {
    return this.#committed.length - 1;
  }

  /** Joint changes that were committed. */
  get jointCount(): number {
    return this.#memberships.filter(({ membership }) => membership.outgoing !== undefined).length;
  }

  /** A member that is up, after an event. */
  observe(id: MemberId, view: RaftInspection): void {
    let look = this.#looks.get(id);
    if (look?.view !== view) {
      look = firstLook(view);
      this.#looks.set(id, look);
    }
    if (!hasChanged(look)) return;
    const { log } = view;
    this.#neverBack(id, look);
    const isLogNew = log.last !== look.last || log.lastTerm !== look.lastTerm;
    const isCommitNew = log.commit !== look.commit || look.first === 0;
    if (isLogNew) this.#logMatching(id, look);
    if (isLogNew || view.membership !== look.membership) this.#newestMembershipCounts(id, view);
    if (view.role === 'leader') this.#moreThanOneLeader(id, look);
    const before = this.committedMax;
    if (isCommitNew) this.#logInv(id, look);
    if (this.committedMax > before) this.#committedIsDurable(view, before);
    if (isLogNew || isCommitNew) this.#moreUpToDateCorrect(id, look);
    if (isLogNew || this.committedMax > before) this.#quorumLog();
    lookAgain(look);
  }

  /** The process has ended: the member counts with its disk from now on. */
  gone(id: MemberId): void {
    const look = this.#looks.get(id);
    if (look !== undefined) look.isUp = false;
  }

  /** A snapshot that a member takes is one of the committed history, with the members of then. */
  snapshotTaken(id: MemberId, meta: SnapshotMeta): void {
    const known = this.#committed[meta.index];
    const isRight = meta.index <= this.committedMax && known?.term === meta.term;
    check(isRight, () => `snapshot ${meta.index} of ${id} is not of the committed log`);
    const then = this.#membershipAt(meta.index);
    const isOfThen = then === undefined || sameMembership(then, meta.membership);
    check(isOfThen, () => `snapshot ${meta.index} of ${id} has not the members of then`);
  }

  #membershipAt(index: number): Membership | undefined {
    return this.#memberships.findLast((one) => one.index <= index)?.membership;
  }

  /** Within one life: the term, the vote in a term, and what is committed never go back. */
  #neverBack(id: MemberId, look: Look): void {
    const { term, persisted, log } = look.view;
    check(term >= look.term, () => `the term of ${id} goes back`);
    check(log.commit >= look.commit, () => `commit of ${id} goes back`);
    check(persisted.term >= look.persisted.term, () => `the durable term of ${id} goes back`);
    const isSameTerm = persisted.term === look.persisted.term && look.persisted.vote !== 0;
    check(
      !isSameTerm || persisted.vote === look.persisted.vote,
      () => `member ${id} changes its vote in term ${persisted.term}`,
    );
    check(persisted.commit <= log.stable, () => `CommittedIsDurableInv: ${id} by its hard state`);
  }

  /**
   * LogMatchingInv: the same index and term is the same entry, after the same log. With it
   * ElectionSafetyInv: whoever leads a term has every entry of that term that anybody has.
   */
  #logMatching(id: MemberId, look: Look): void {
    const { log } = look.view;
    for (let index = log.last; index >= log.first; index--) {
      const term = log.termOf(index) ?? 0;
      if (look.terms[index] === term) break;
      look.terms[index] = term;
      const entry = entryAt(log, index);
      if (entry === undefined) break;
      const seen = { previousTerm: log.termOf(index - 1) ?? 0, digest: digestOf(entry) };
      const key = `${index}/${term}`;
      const known = this.#everSeen.get(key) ?? seen;
      const isSame = known.previousTerm === seen.previousTerm && known.digest === seen.digest;
      check(isSame, () => `LogMatchingInv: log of ${id} does not match others at ${key}`);
      this.#everSeen.set(key, known);
      const leader = this.#looks.get(this.#leaders.get(term) ?? 0);
      const isLed = leader?.isUp && leader.view.role === 'leader' && leader.view.term === term;
      const isLeaders = !isLed || isIn(leader, index, term);
      check(isLeaders, () => `ElectionSafetyInv: ${id} has ${key}, the leader has not`);
    }
  }

  /** The newest membership in the log counts, committed or not (thesis §4.1). */
  #newestMembershipCounts(id: MemberId, { log, membership }: RaftInspection): void {
    check(
      sameMembership(membership, newestMembership(log)),
      () => `the membership of ${id} is not the newest in its log`,
    );
  }

  /**
   * MoreThanOneLeaderInv: one leader a term. LeaderCompletenessInv: it has all that was committed in
   * terms before its own.
   */
  #moreThanOneLeader(id: MemberId, { view: { term, log } }: Look): void {
    const known = this.#leaders.get(term);
    const isOnly = known === undefined || known === id;
    check(isOnly, () => `MoreThanOneLeaderInv: ${known} and ${id} both lead term ${term}`);
    if (known !== undefined) return;
    this.#leaders.set(term, id);
    for (let index = log.first; index <= this.committedMax; index++) {
      const committed = this.#committed[index];
      if (committed !== undefined && committed.inTerm < term) this.#leaderHas(id, index, committed);
    }
  }

  #leaderHas(id: MemberId, index: number, { term }: Committed): void {
    const look = this.#looks.get(id);
    check(
      look === undefined || isIn(look, index, term),
      () => `LeaderCompletenessInv: leader ${id} lacks committed entry ${index}`,
    );
  }

  /** LogInv: what one member commits, no other commits differently. */
  #logInv(id: MemberId, look: Look): void {
    const { log, term: inTerm } = look.view;
    const from = look.first === 0 ? log.first : look.commit + 1;
    for (let index = Math.max(log.first, from); index <= log.commit; index++) {
      const entry = entryAt(log, index);
      const digest = entry === undefined ? '' : digestOf(entry);
      const known = this.#committed[index];
      if (known !== undefined) {
        const isSame = known.term === log.termOf(index) && known.digest === digest;
        check(isSame, () => `LogInv: member ${id} commits something else at ${index}`);
        continue;
      }
      check(index === this.#committed.length, () => `member ${id} skips commits before ${index}`);
      this.#commit({ term: log.termOf(index) ?? 0, inTerm, digest });
      if (entry?.kind !== 'membership') continue;
      this.#memberships.push({ index, membership: decodeMembership(entry.data) });
    }
    const { index, membership } = log.snapshot;
    if (this.#memberships.length === 0 && membership.members.length > 0) {
      this.#memberships.push({ index, membership });
    }
  }

  #commit(entry: Committed): void {
    this.#committed.push(entry);
    for (const [id, { view, isUp }] of this.#looks) {
      const isLater = isUp && view.role === 'leader' && view.term > entry.inTerm;
      if (isLater) this.#leaderHas(id, this.committedMax, entry);
    }
  }

  /** CommittedIsDurableInv: what is committed is durable on a majority when it first is. */
  #committedIsDurable({ log, membership }: RaftInspection, before: number): void {
    const index = log.commit;
    const term = log.termOf(index) ?? 0;
    const isHeld = (id: MemberId): boolean => isDurableIn(this.#looks.get(id), index, term);
    // The step that commits a joint membership also ends it: it was committed by both lists.
    const last = this.#memberships.at(-1);
    const isJointNew = last?.membership.outgoing !== undefined && last.index > before;
    check(
      isQuorum(isJointNew ? last.membership : membership, isHeld),
      () => `CommittedIsDurableInv: entry ${index} is committed but not durable on a majority`,
    );
  }

  /** QuorumLogInv: every quorum of the committed membership has a member with all committed entries. */
  #quorumLog(): void {
    const index = this.committedMax;
    const membership = this.#membershipAt(index);
    const { term = 0 } = this.#committed[index] ?? {};
    if (membership === undefined || index === 0) return;
    const isWithout = (id: MemberId): boolean => !isDurableIn(this.#looks.get(id), index, term);
    check(
      !isQuorum(membership, isWithout),
      () => `QuorumLogInv: a quorum of members is without committed entry ${index}`,
    );
  }

  /** MoreUpToDateCorrectInv: a log that is as up to date as another has what that has committed. */
  #moreUpToDateCorrect(id: MemberId, look: Look): void {
    for (const [otherId, other] of this.#looks) {
      if (other === look) continue;
      this.#hasCommittedOf(id, look, otherId, other);
      this.#hasCommittedOf(otherId, other, id, look);
    }
  }

  #hasCommittedOf(id: MemberId, { view }: Look, otherId: MemberId, other: Look): void {
    const mine = view.log;
    const theirs = other.view.log;
    const isUpToDate =
      mine.lastTerm > theirs.lastTerm ||
      (mine.lastTerm === theirs.lastTerm && mine.last >= theirs.last);
    if (!isUpToDate || theirs.commit < mine.first) return;
    check(
      mine.termOf(theirs.commit) === this.#committed[theirs.commit]?.term,
      () => `MoreUpToDateCorrectInv: ${id} lacks what ${otherId} has committed`,
    );
  }
}

function sameMembership(a: Membership, b: Membership): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
