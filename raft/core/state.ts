import type { CoreOptions } from './options.ts';
import type { HardState, MemberId, RaftRole } from '../types.ts';
import type { MemoryLog } from './memory-log.ts';
import type { MembershipHistory } from './membership-history.ts';
import type { RaftMessage } from '../message.ts';
import { HeartbeatRounds } from './lease.ts';
import { Progress } from './progress.ts';
import { ReadQueue } from './read-queue.ts';

type Distributed<T> = T extends unknown ? Omit<T, 'from' | 'term'> : never;
/** A message without the fields that every message of one sender shares. */
export type Outgoing = Distributed<RaftMessage>;

/** Answers that wait for the disk; above it the oldest is dropped, as a network may. */
const DEFERRED_MAX = 4096;

/**
 * All that one member remembers. The rules that change it live beside it, one file a concern:
 * roles.ts (role, term, vote), election.ts, replication.ts, reads.ts, membership-change.ts.
 */
export class CoreState {
  readonly id: MemberId;
  readonly options: CoreOptions;
  readonly log: MemoryLog;
  readonly memberships: MembershipHistory;
  readonly reads = new ReadQueue();
  /** Leader with leases only. */
  readonly rounds = new HeartbeatRounds();

  term: number;
  vote: MemberId;
  role: RaftRole = 'follower';
  leaderId: MemberId = 0;

  /** Ticks since the start. */
  now = 0;
  /** What the driver's clock said last; leases only. */
  clockMs = 0;
  /** Voters with leases: no vote before this tick. */
  boundUntil = 0;
  /** Followers: when the leader was last heard. Candidates: when the election began. */
  electionStart = 0;
  /** Drawn anew for each election. */
  electionTimeout: number;
  heartbeatAt = 0;

  /** This election's answers; candidates only. */
  readonly votes = new Map<MemberId, boolean>();
  /** All members but this one; leader only. */
  readonly progress = new Map<MemberId, Progress>();
  /** Leader only: where leadership goes (0 = nowhere) and when to give that up. */
  transferTo: MemberId = 0;
  transferUntil = 0;
  /** Leader only: in this term some member was told to stand. */
  hasSentTimeoutNow = false;
  /** Leader only: bytes of its entries that are not committed yet. */
  uncommittedBytes = 0;

  /** What is durable, as far as the driver has said. */
  persisted: HardState;
  /** May leave at once. */
  outbox: RaftMessage[] = [];
  /** May leave once everything before it is durable (thesis §3.8). */
  deferred: RaftMessage[] = [];

  constructor(
    options: CoreOptions,
    log: MemoryLog,
    memberships: MembershipHistory,
    hardState: HardState,
  ) {
    this.options = options;
    this.id = options.id;
    this.log = log;
    this.memberships = memberships;
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.persisted = hardState;
    this.electionTimeout = this.drawElectionTimeout();
    this.bind();
  }

  /** With leases: from now on no vote for an election time-out. */
  bind(): void {
    if (this.options.leaseMs > 0) this.boundUntil = this.now + this.options.electionTicks;
  }

  drawElectionTimeout(): number {
    return this.options.electionTicks + 1 + this.options.random.below(this.options.electionTicks);
  }

  get isTermDurable(): boolean {
    return this.persisted.term === this.term;
  }

  /** Sends once all that this member has promised so far is durable. */
  sendDeferred(message: Outgoing, term = this.term): void {
    if (this.deferred.length >= DEFERRED_MAX) this.deferred.shift();
    this.deferred.push({ ...message, from: this.id, term } as RaftMessage);
  }

  /**
   * Sends at once when the term is durable: for what a leader sends, which promises nothing about
   * its own disk (thesis §10.2.1), and for answers that only say "I am in this term".
   */
  send(message: Outgoing): void {
    if (!this.isTermDurable) return this.sendDeferred(message);
    this.outbox.push({ ...message, from: this.id, term: this.term } as RaftMessage);
  }

  /** How far a member is, as the leader counts: itself only with what its disk has. */
  matchOf(id: MemberId): number {
    return id === this.id ? this.log.stable : (this.progress.get(id)?.match ?? 0);
  }

  /** Heard from within the last election time-out; leader only. */
  isActive(id: MemberId): boolean {
    if (id === this.id) return true;
    const progress = this.progress.get(id);
    return progress !== undefined && this.now - progress.activeTick <= this.options.electionTicks;
  }

  /** `next`: the entry that the first append to the peer begins with. */
  newProgress(id: MemberId, next: number): Progress {
    return new Progress(id, next, this.now, this.options);
  }

  /** The membership in effect is not committed yet. */
  get isMembershipChanging(): boolean {
    return this.memberships.currentIndex > this.log.commit;
  }

  /** A leader knows what is committed only after an entry of its own term is (thesis §6.4). */
  get hasCommittedInTerm(): boolean {
    return this.log.termOf(this.log.commit) === this.term;
  }
}
