import type { MemberId } from '../types.ts';
import type { RaftCore } from '../core/raft-core.ts';

/** The inside of a member, read-only. */
export type RaftInspection = Pick<
  RaftCore,
  'role' | 'term' | 'leaderId' | 'log' | 'persisted' | 'membership' | 'membershipAt'
>;

/** What observers were told last. */
export interface Seen {
  role: string;
  term: number;
  leaderId: MemberId;
  commit: number;
}
