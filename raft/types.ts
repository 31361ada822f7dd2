/** The vocabulary of the protocol. Indexes and terms are safe integers; index 0: before the log. */

/** A member's id: a safe integer >= 1, drawn at random, never used again after a removal. */
export type MemberId = number;

export type MemberRole = 'voter' | 'learner';

export interface Member {
  readonly id: MemberId;
  readonly role: MemberRole;
  /** What the embedder needs to reach the member (an address, a node id); opaque here, <= 4 KiB. */
  readonly context: string;
}

/** Members in ascending order of id. */
export interface Membership {
  readonly members: readonly Member[];
  /**
   * Only while a joint change is under way (thesis §4.3): the members as they were before. Until
   * the leader has left the joint phase, which it does by itself, everything needs a majority of
   * the voters of both lists. A voter here that is a learner in `members` votes on until then.
   */
  readonly outgoing?: readonly Member[];
}

/**
 * One change at a time: a second one is refused until the first is committed (thesis §4.1).
 * `set-members` takes any new set: several may come, go, be promoted or demoted at once. With at
 * most one voter coming or going it is one step like the others, else a joint change (thesis §4.3).
 * Each new voter must be a learner that has caught up: else `learner-behind`.
 */
export type MembershipChange =
  | { readonly kind: 'set-members'; readonly members: readonly Member[] }
  | { readonly kind: 'add-learner'; readonly id: MemberId; readonly context: string }
  | { readonly kind: 'promote'; readonly id: MemberId }
  | { readonly kind: 'demote'; readonly id: MemberId }
  | { readonly kind: 'update-context'; readonly id: MemberId; readonly context: string }
  | { readonly kind: 'remove'; readonly id: MemberId };

export type EntryKind = 'empty' | 'data' | 'membership';

export interface Entry {
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  /** `data`: the proposer's bytes. `membership`: an encoded Membership. `empty`: no bytes. */
  readonly data: Uint8Array;
}

/** What must be durable before any message that depends on it leaves (thesis §3.8). */
export interface HardState {
  readonly term: number;
  /** The member voted for in `term`; 0 = none. */
  readonly vote: MemberId;
  /** Highest index known committed; may lag, never leads what is durable on a majority. */
  readonly commit: number;
}

export interface SnapshotMeta {
  readonly index: number;
  readonly term: number;
  readonly membership: Membership;
}

/**
 * - `committed`: durable on a majority and applied here at `index`.
 * - `rejected`: certainly not in the log and never will be; safe to propose again.
 * - `unknown`: leadership or the process was lost in between; it may or may not commit later.
 */
export type ProposeOutcome =
  | { readonly kind: 'committed'; readonly index: number }
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly leaderId: MemberId }
  | { readonly kind: 'unknown'; readonly reason: string };

export type RejectReason =
  | 'not-leader'
  | 'queue-full'
  | 'too-large'
  | 'membership-change-in-progress'
  | 'invalid-membership-change'
  /** A learner lags too far to be promoted now (thesis §4.2.1); try again later. */
  | 'learner-behind'
  | 'stopped';

export type RaftRole = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** How far one peer is, as the leader sees it. Invariant: 0 <= match < next. */
export interface PeerProgress {
  readonly id: MemberId;
  readonly match: number;
  readonly next: number;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  /** Heard from within the last election time-out. */
  readonly recentlyActive: boolean;
}

export interface RaftStatus {
  readonly id: MemberId;
  readonly role: RaftRole;
  readonly term: number;
  /** 0 when no leader is known. */
  readonly leaderId: MemberId;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  readonly firstIndex: number;
  readonly membership: Membership;
  /** Filled on the leader only, ascending by id. */
  readonly progress: readonly PeerProgress[];
}
