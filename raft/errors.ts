import type { MemberId } from './types.ts';

/**
 * - `NOT_LEADER`: only the leader can answer; `leaderId` says who that is (0 = unknown).
 * - `QUEUE_FULL`: too many callers wait already; try again later.
 * - `STOPPED`: this member was stopped or stopped itself.
 * - `BUSY`: another snapshot is being received.
 * - `STALE`: the sender's term or snapshot is behind ours.
 * - `DATA_LOSS`: what was once durable cannot be read any more; the member must not go on.
 * - `WRONG_KEY`: the log is encrypted with a key that was not given, or not encrypted at all.
 * - `UNKNOWN_FORMAT`: the log was written by another version of this library.
 * - `DISK_FAILED`: the disk refused a read, write or sync.
 * - `BAD_INPUT`: an argument or option breaks its documented range.
 */
export type RaftErrorCode =
  | 'NOT_LEADER'
  | 'QUEUE_FULL'
  | 'STOPPED'
  | 'BUSY'
  | 'STALE'
  | 'DATA_LOSS'
  | 'WRONG_KEY'
  | 'UNKNOWN_FORMAT'
  | 'DISK_FAILED'
  | 'BAD_INPUT';

/** Every expected failure of this library. Match on `code`, never on the text. */
export class RaftError extends Error {
  override readonly name = 'RaftError';
  readonly code: RaftErrorCode;
  /** Filled with `NOT_LEADER`; 0 = no leader known. */
  readonly leaderId: MemberId;

  constructor(
    code: RaftErrorCode,
    message: string,
    options: { readonly leaderId?: MemberId; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.leaderId = options.leaderId ?? 0;
  }
}

/** Narrows what was caught. */
export function isRaftError(error: unknown, code?: RaftErrorCode): error is RaftError {
  return error instanceof RaftError && (code === undefined || error.code === code);
}

/** For calls after the end. */
export function stoppedError(): RaftError {
  return new RaftError('STOPPED', 'this member is stopped');
}

/** For calls that only the leader answers; 0: it is not known. */
export function notLeaderError(leaderId: MemberId): RaftError {
  const hint = leaderId === 0 ? 'no leader is known; try again' : `ask member ${leaderId}`;
  return new RaftError('NOT_LEADER', `this member does not lead: ${hint}`, { leaderId });
}
