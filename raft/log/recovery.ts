/** What an operator does to the directory of a member that does not run. */
import type { Disk } from '../ports.ts';
import type { LogCipher } from './cipher.ts';
import type { Member, SnapshotMeta } from '../types.ts';
import type { Recovered } from '../core/raft-core.ts';
import { decodeMembership, encodeMembership, membersOf } from '../core/membership.ts';
import { DurableLog } from './durable-log.ts';
import { RaftError } from '../errors.ts';

export interface RecoveryOptions {
  /** As the member has it when it runs. */
  readonly cipher?: LogCipher | undefined;
}

/** Nothing is appended here but single records. */
const SEGMENT_BYTES = 16 << 20;

/** What `forceSoleVoter` found. */
export interface ForcedVoter {
  /** The last entry that was in the log; everything up to it is kept and counts as committed. */
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** Up to here this member knew the entries to be committed by the group. */
  readonly commit: number;
  /** Of the members before, this one too. */
  readonly members: readonly Member[];
}

/**
 * Makes `self` the only voter of a group that has lost its majority for good. Call it on the log of
 * one survivor, before the member is opened, and with an id that was never used: the others still
 * count on the old one, and must not be able to make this member follow them.
 *
 * All entries of the log are kept and count as committed from now on: an entry that this member has
 * not heard to be committed may have been acknowledged to somebody all the same. What the others
 * alone had is lost. One durable write; doing it twice is doing it once.
 *
 * Throws `RaftError`: `BAD_INPUT` for an empty log, and what `DurableLog.open` throws.
 */
export async function forceSoleVoter(
  disk: Disk,
  self: { readonly id: number; readonly context: string },
  options: RecoveryOptions = {},
): Promise<ForcedVoter> {
  const { log, recovered } = await DurableLog.open(disk, {
    segmentBytesMax: SEGMENT_BYTES,
    cipher: options.cipher,
  });
  try {
    const { base, entries, hardState } = recovered;
    const last = entries.at(-1) ?? base;
    const members = newestMembers(recovered);
    if (members.length === 0) {
      throw new RaftError('BAD_INPUT', 'this member was never taken into a group');
    }
    const found = { lastIndex: last.index, lastTerm: last.term, commit: hardState.commit, members };
    const isDone = members.length === 1 && members[0]?.id === self.id;
    if (isDone) return found;
    const term = Math.max(hardState.term, last.term) + 1;
    const index = last.index + 1;
    const membership = { members: [{ ...self, role: 'voter' as const }] };
    await log.append({
      hardState: { term, vote: self.id, commit: index },
      snapshot: null,
      entries: [{ index, term, kind: 'membership', data: encodeMembership(membership) }],
      messages: [],
    });
    return found;
  } finally {
    await log.close();
  }
}

function newestMembers({ snapshot, entries }: Recovered): readonly Member[] {
  const entry = entries.findLast(({ kind }) => kind === 'membership');
  return membersOf(entry === undefined ? snapshot.membership : decodeMembership(entry.data));
}

/**
 * Lays a state into an empty directory as a snapshot: the member that is opened on it begins there,
 * with the members that `meta` names. Durable when it resolves; killed before, the directory counts
 * as empty. Throws `RaftError` `BAD_INPUT` when there is a log or a snapshot already.
 */
export async function seedLog(
  disk: Disk,
  meta: SnapshotMeta,
  chunks: AsyncIterable<Uint8Array>,
  options: RecoveryOptions = {},
): Promise<void> {
  const { log, recovered } = await DurableLog.open(disk, {
    segmentBytesMax: SEGMENT_BYTES,
    cipher: options.cipher,
  });
  try {
    const { hardState, snapshot, entries } = recovered;
    if (hardState.term > 0 || snapshot.index > 0 || entries.length > 0) {
      throw new RaftError('BAD_INPUT', 'this directory holds the log of a member already');
    }
    await log.saveSnapshot(meta, chunks);
  } finally {
    await log.close();
  }
}
