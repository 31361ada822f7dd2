import type { ChangeProposal } from './membership-change.ts';
import type { CoreOptions } from './options.ts';
import type { Entry, HardState, MemberId, MembershipChange } from '../types.ts';
import type { Membership, RaftRole, RaftStatus, SnapshotMeta } from '../types.ts';
import type { RaftMessage } from '../message.ts';
import type { Ready, Write } from './ready.ts';
import { advanceCommit, appendOwn, maybeHandOver, respond } from './replication.ts';
import { sendAppend, sendAppends, sendCommits } from './replication.ts';
import { advanceReads, sendHeartbeats } from './reads.ts';
import { assert } from '../assert.ts';
import { campaign, checkQuorum, countOwnVote, isPromotable } from './election.ts';
import { stepDown, successor } from './election.ts';
import { checkCoreOptions } from './options.ts';
import { CoreState } from './state.ts';
import { decodeMembership } from './membership.ts';
import { followLeader, step } from './step.ts';
import { holdsLease } from './lease.ts';
import { MembershipHistory } from './membership-history.ts';
import { MemoryLog } from './memory-log.ts';
import { proposeChange } from './membership-change.ts';

/** What a member finds on its disk when it starts. */
export interface Recovered {
  readonly hardState: HardState;
  /** The newest snapshot; index 0 when there is only the bootstrap membership. */
  readonly snapshot: SnapshotMeta;
  /** What `entries` follow; base.index <= snapshot.index. */
  readonly base: { readonly index: number; readonly term: number };
  readonly entries: readonly Entry[];
}

/** Bytes of entries in one batch to apply. */
const APPLY_BYTES_MAX = 8 << 20;

/**
 * Raft without I/O, time or threads: calls in, one `Ready` out (Ongaro, "Consensus: bridging theory
 * and practice", 2014; cited as "thesis"). Every call is synchronous; the same calls with the
 * same `random` give the same results. A `RaftAssertionError` means the member must stop.
 */
export class RaftCore {
  readonly #state: CoreState;
  #write: Write | null = null;
  #restore: SnapshotMeta | null = null;
  /** A restore is part of the next write and not handed out yet. */
  #isRestorePending = false;
  #handedOut: number;
  #applied: number;

  constructor(options: CoreOptions, recovered: Recovered) {
    checkCoreOptions(options);
    const { hardState, snapshot } = recovered;
    const log = new MemoryLog({
      ...recovered,
      commit: Math.min(hardState.commit, lastOf(recovered)),
    });
    const memberships = new MembershipHistory(snapshot.index, snapshot.membership);
    for (const entry of recovered.entries) {
      if (entry.kind === 'membership' && entry.index > snapshot.index) {
        memberships.append(entry.index, decodeMembership(entry.data));
      }
    }
    this.#state = new CoreState(options, log, memberships, hardState);
    this.#handedOut = snapshot.index;
    this.#applied = snapshot.index;
  }

  get id(): MemberId {
    return this.#state.id;
  }

  get role(): RaftRole {
    return this.#state.role;
  }

  get term(): number {
    return this.#state.term;
  }

  get leaderId(): MemberId {
    return this.#state.leaderId;
  }

  get hardState(): HardState {
    const { term, vote, log } = this.#state;
    return { term, vote, commit: Math.min(log.commit, log.stable) };
  }

  /** What the last acknowledged write made durable. */
  get persisted(): HardState {
    return this.#state.persisted;
  }

  /** Read-only view of the log, for drivers, checkers and tests. */
  get log(): Pick<
    MemoryLog,
    | 'first'
    | 'last'
    | 'lastTerm'
    | 'commit'
    | 'stable'
    | 'snapshot'
    | 'bytes'
    | 'termOf'
    | 'slice'
    | 'suffixStart'
  > {
    return this.#state.log;
  }

  get membership(): Membership {
    return this.#state.memberships.current;
  }

  /** The membership that was in effect at a committed `index`. */
  membershipAt(index: number): Membership {
    return this.#state.memberships.at(index);
  }

  /** Leader with room for proposals; while leadership is handed over there is none. */
  get canPropose(): boolean {
    const { role, transferTo, uncommittedBytes, options } = this.#state;
    return role === 'leader' && transferTo === 0 && uncommittedBytes < options.uncommittedBytesMax;
  }

  /**
   * Index of the entry that ends the joint change at `index`, once that is in the log; 0 when there
   * is none or the entry at `index` began no joint change.
   */
  leavingIndex(index: number): number {
    const { memberships } = this.#state;
    const isJointThere = memberships.at(index).outgoing !== undefined;
    return isJointThere && !memberships.isJoint ? memberships.currentIndex : 0;
  }

  /**
   * What this member's clock says now, milliseconds that never go back. With `leaseMs` to be told
   * before each tick, message and read, just read from the clock; without, not at all.
   */
  setClock(nowMs: number): void {
    this.#state.clockMs = Math.max(this.#state.clockMs, nowMs);
  }

  /** One tick of time has passed. */
  tick(): void {
    const state = this.#state;
    state.now++;
    if (state.role !== 'leader') {
      const isDue = state.now - state.electionStart >= state.electionTimeout;
      if (isDue && isPromotable(state)) campaign(state);
      return;
    }
    checkQuorum(state);
    if (state.transferTo !== 0 && state.now >= state.transferUntil) state.transferTo = 0;
    if (state.role === 'leader' && state.now - state.heartbeatAt >= state.options.heartbeatTicks) {
      sendHeartbeats(state);
    }
  }

  step(message: RaftMessage): void {
    step(this.#state, message);
  }

  /** Starts an election now, with a pre-vote. Nothing happens on leaders and non-voters. */
  campaign(): void {
    campaign(this.#state);
  }

  /** Leader: appends data entries; returns the index of the first. Ask `canPropose` before. */
  propose(data: readonly Uint8Array[]): number {
    const first = this.#state.log.last + 1;
    const proposals = data.map((bytes) => ({ kind: 'data', data: bytes }) as const);
    appendOwn(this.#state, proposals);
    sendAppends(this.#state);
    return first;
  }

  /** Leader: leadership is being handed over; it may yet stay here. */
  get isTransferring(): boolean {
    return this.#state.transferTo !== 0;
  }

  /** Up to here the driver has said `applied`. */
  get appliedIndex(): number {
    return this.#applied;
  }

  get isWriting(): boolean {
    return this.#write !== null;
  }

  proposeChange(change: MembershipChange): ChangeProposal {
    if (this.#state.transferTo !== 0) return { kind: 'rejected', reason: 'not-leader' };
    return proposeChange(this.#state, change);
  }

  /**
   * Leader: asks for a linearizable read; `token` comes back in `Ready.reads`, at once while a lease
   * is held, or never when leadership is lost before. False when this member is not the leader.
   */
  read(token: number): boolean {
    const state = this.#state;
    if (state.role !== 'leader') return false;
    if (holdsLease(state)) state.reads.answer(token, state.log.commit);
    else state.reads.add(token);
    advanceReads(state);
    return true;
  }

  /** Leader: hands leadership to a voter, or gives up after an election time-out (thesis §3.10). */
  transfer(to: MemberId): boolean {
    const state = this.#state;
    const progress = state.progress.get(to);
    const isVoter = state.memberships.voterSets[0]?.includes(to) === true;
    if (state.role !== 'leader' || progress === undefined || !isVoter) return false;
    state.transferTo = to;
    state.transferUntil = state.now + state.options.electionTicks;
    sendAppend(state, progress, true);
    maybeHandOver(state, progress);
    return true;
  }

  /**
   * Leader: who could take over best: of the active voters the one that is furthest. 0: none, or the
   * others could not elect it without this member's vote.
   */
  successor(): MemberId {
    return successor(this.#state);
  }

  /**
   * Leader: leads no more, and has no successor in mind. False, and nothing happens, when the others
   * could not elect anybody without it.
   */
  stepDown(): boolean {
    return stepDown(this.#state);
  }

  /** Leader: a snapshot that `Ready.messages` named was stored by the peer, or was not. */
  reportSnapshot(peer: MemberId, isStored: boolean): void {
    const state = this.#state;
    const progress = state.progress.get(peer);
    if (state.role !== 'leader' || progress === undefined) return;
    progress.snapshotDone(isStored);
    if (isStored) sendAppend(state, progress, true);
  }

  /**
   * Takes in a snapshot that the leader sent and the driver has made durable. `restored`: it is
   * the log's new beginning with the next `Ready`. `known`: everything in it is committed here
   * already. `stale`: the sender is not the leader any more.
   */
  installSnapshot(header: RaftMessage, meta: SnapshotMeta): 'restored' | 'known' | 'stale' {
    const state = this.#state;
    step(state, header);
    if (header.term < state.term) return 'stale';
    followLeader(state, header);
    const isKnown = meta.index <= state.log.commit;
    if (isKnown || state.log.termOf(meta.index) === meta.term) {
      state.log.commitTo(meta.index);
      respond(state, header.from, state.log.commit);
      return 'known';
    }
    state.log.restore(meta);
    state.memberships.restore(meta.index, meta.membership);
    this.#restore = meta;
    this.#isRestorePending = true;
    respond(state, header.from, meta.index);
    return 'restored';
  }

  /** A durable snapshot of our own: entries before `keepFrom` may go. */
  compact(meta: SnapshotMeta, keepFrom: number): void {
    this.#state.log.compact(meta, keepFrom);
    this.#state.memberships.compact(this.#state.log.snapshot.index);
  }

  /**
   * What there is to do now; empty parts when nothing. A commit that no append and no heartbeat has
   * told yet gets a message of its own; the driver puts that off with a lower `tellCommit`.
   */
  ready(tellCommit = Infinity): Ready {
    const state = this.#state;
    if (state.role === 'leader') {
      advanceReads(state);
      sendCommits(state, tellCommit);
    }
    const write = this.#nextWrite();
    let messages = state.outbox;
    state.outbox = [];
    if (this.#write === null && state.deferred.length > 0) {
      messages = messages.concat(state.deferred);
      state.deferred = [];
    }
    const restore = this.#isRestorePending ? null : this.#restore;
    if (restore !== null) {
      this.#restore = null;
      this.#handedOut = restore.index;
    }
    return {
      write,
      messages,
      restore,
      committed: this.#nextCommitted(),
      reads: state.reads.take(),
    };
  }

  /** The write of the last `Ready` is durable. */
  advance(write: Write): void {
    assert(write === this.#write, 'writes are acknowledged one by one');
    const { log } = this.#state;
    this.#write = null;
    this.#state.persisted = write.hardState;
    const last = write.entries.at(-1);
    if (last !== undefined) log.stableTo(last.index, last.term);
    countOwnVote(this.#state);
    advanceCommit(this.#state);
  }

  /** The state machine has everything up to `index`. */
  applied(index: number): void {
    this.#applied = Math.max(this.#applied, index);
  }

  status(): RaftStatus {
    const state = this.#state;
    return {
      id: state.id,
      role: state.role,
      term: state.term,
      leaderId: state.leaderId,
      commitIndex: state.log.commit,
      appliedIndex: this.#applied,
      lastIndex: state.log.last,
      firstIndex: state.log.first,
      membership: state.memberships.current,
      progress: [...state.progress.values()]
        .map(({ id, match, next, state: kind }) => ({
          id,
          match,
          next,
          state: kind,
          recentlyActive: state.isActive(id),
        }))
        .sort((a, b) => a.id - b.id),
    };
  }

  #nextWrite(): Write | null {
    if (this.#write !== null) return null;
    const { log, persisted, term, vote } = this.#state;
    const isHardStateNew = term !== persisted.term || vote !== persisted.vote;
    if (!isHardStateNew && log.stable === log.last && !this.#isRestorePending) return null;
    this.#write = {
      hardState: this.hardState,
      snapshot: this.#isRestorePending ? this.#restore : null,
      entries: log.slice(log.stable + 1, log.last, Infinity),
      messages: this.#state.deferred,
    };
    this.#state.deferred = [];
    this.#isRestorePending = false;
    return this.#write;
  }

  #nextCommitted(): readonly Entry[] {
    const { log, options } = this.#state;
    const to = log.commit;
    const isBusy = this.#handedOut !== this.#applied || this.#restore !== null;
    if (isBusy || to <= this.#applied) return [];
    const from = this.#applied + 1;
    const committed = log.slice(from, to, APPLY_BYTES_MAX, options.applyBatchMax);
    this.#handedOut = committed.at(-1)?.index ?? this.#handedOut;
    return committed;
  }
}

function lastOf(recovered: Recovered): number {
  return recovered.entries.at(-1)?.index ?? recovered.base.index;
}
