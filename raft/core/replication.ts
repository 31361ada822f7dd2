import type { CoreState } from './state.ts';
import type { Entry, EntryKind, MemberId, Membership } from '../types.ts';
import type { Progress } from './progress.ts';
import type { RaftMessage } from '../message.ts';
import { assert } from '../assert.ts';
import { becomeFollower } from './roles.ts';
import { decodeMembership, encodeMembership, left } from './membership.ts';
import { entryBytes } from './memory-log.ts';
import { quorumIndex } from './quorum.ts';

type Append = Extract<RaftMessage, { kind: 'append' }>;
type AppendResponse = Extract<RaftMessage, { kind: 'append-response' }>;

/** Leader: puts new entries at the end of the log; they leave with the next `sendAppends`. */
export function appendOwn(
  state: CoreState,
  proposals: readonly { readonly kind: EntryKind; readonly data: Uint8Array }[],
): readonly Entry[] {
  assert(state.role === 'leader', 'only the leader appends');
  const first = state.log.last + 1;
  const entries = proposals.map(({ kind, data }, i) => ({
    index: first + i,
    term: state.term,
    kind,
    data,
  }));
  appendToLog(state, entries);
  state.uncommittedBytes += entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  return entries;
}

/** Appends, keeping the memberships in step: the newest in the log is in effect (thesis §4.1). */
function appendToLog(state: CoreState, entries: readonly Entry[]): void {
  const from = entries[0]?.index;
  if (from === undefined) return;
  state.memberships.truncate(from);
  state.log.append(entries);
  for (const entry of entries) {
    if (entry.kind !== 'membership') continue;
    state.memberships.append(entry.index, decodeMembership(entry.data));
  }
}

/** Leader: appends a membership, in effect at once, and sends it to those whom it names. */
export function appendMembership(state: CoreState, membership: Membership): void {
  appendOwn(state, [{ kind: 'membership', data: encodeMembership(membership) }]);
  followMembership(state);
  sendAppends(state);
}

/** Leader: tracks exactly the members in effect; a new one is sent their entry at once. */
function followMembership(state: CoreState): void {
  const ids = new Set(state.memberships.everybody.map((member) => member.id));
  for (const id of state.progress.keys()) if (!ids.has(id)) state.progress.delete(id);
  for (const id of ids) {
    if (id === state.id || state.progress.has(id)) continue;
    state.progress.set(id, state.newProgress(id, state.log.last));
  }
  if (!ids.has(state.transferTo)) state.transferTo = 0;
}

/** Leader: sends each peer what it lacks, as far as its limits allow. */
export function sendAppends(state: CoreState): void {
  for (const progress of state.progress.values()) fillPipeline(state, progress);
}

function fillPipeline(state: CoreState, progress: Progress): void {
  while (sendAppend(state, progress, false));
}

/** Leader: tells peers that have not heard of commit `upTo` how far the log is committed. */
export function sendCommits(state: CoreState, upTo = Infinity): void {
  const untold = Math.min(upTo, state.log.commit);
  for (const progress of state.progress.values()) {
    if (progress.sentCommit < untold && progress.state === 'replicate') {
      sendAppend(state, progress, true);
    }
  }
}

/** Sends one append; an empty one only when asked to. False when nothing was sent. */
export function sendAppend(state: CoreState, progress: Progress, isEmptyToo: boolean): boolean {
  if (progress.isPaused) return false;
  const { log } = state;
  const previousIndex = progress.next - 1;
  const previousTerm = log.termOf(previousIndex);
  if (previousTerm === undefined) {
    sendSnapshot(state, progress);
    return false;
  }
  const entries = log.slice(progress.next, log.last, state.options.appendBytesMax);
  if (entries.length === 0 && !isEmptyToo) return false;
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  const { commit } = log;
  state.send({ kind: 'append', to: progress.id, previousIndex, previousTerm, entries, commit });
  progress.sent(previousIndex + entries.length, entries.length, bytes, commit);
  return true;
}

function sendSnapshot(state: CoreState, progress: Progress): void {
  if (!state.isActive(progress.id)) return;
  const { index, term } = state.log.snapshot;
  assert(index >= progress.next, 'a snapshot covers what was compacted away');
  progress.becomeSnapshot(index);
  state.send({ kind: 'snapshot', to: progress.id, snapshotIndex: index, snapshotTerm: term });
}

/** Follower: takes the leader's entries or says where the logs may agree (thesis §3.5). */
export function handleAppend(state: CoreState, message: Append): void {
  const { log } = state;
  const { from, previousIndex, previousTerm, entries } = message;
  if (previousIndex < log.commit) {
    respond(state, from, log.commit);
    return;
  }
  if (!log.matches(previousIndex, previousTerm)) {
    const hint = log.hint(previousIndex, previousTerm);
    state.sendDeferred({
      kind: 'append-response',
      to: from,
      isRejected: true,
      index: previousIndex,
      hintIndex: hint.index,
      hintTerm: hint.term,
    });
    return;
  }
  appendToLog(state, entries.slice(log.firstNew(entries)));
  const lastNew = previousIndex + entries.length;
  log.commitTo(Math.min(message.commit, lastNew));
  respond(state, from, lastNew);
}

/** Tells the leader that everything up to `index` is here, once it is durable. */
export function respond(state: CoreState, to: MemberId, index: number): void {
  const rest = { isRejected: false, hintIndex: 0, hintTerm: 0 } as const;
  state.sendDeferred({ kind: 'append-response', to, index, ...rest });
}

/** Leader: one peer's answer moves its progress, and maybe the commit index. */
export function handleAppendResponse(state: CoreState, message: AppendResponse): void {
  const progress = state.progress.get(message.from);
  if (progress === undefined) return;
  progress.activeTick = state.now;
  if (message.isRejected) {
    const retryAfter = state.log.hint(message.hintIndex, message.hintTerm).index;
    if (progress.refuse(message.index, retryAfter)) sendAppend(state, progress, true);
    return;
  }
  assert(message.index <= state.log.last, 'a peer acknowledges only what it was sent');
  const isNews = progress.acknowledge(message.index);
  const isSynced =
    progress.state === 'probe' ||
    (progress.state === 'snapshot' && message.index + 1 >= state.log.first);
  if (isSynced) progress.becomeReplicate();
  if (isNews) advanceCommit(state);
  // The commit may have ended leadership, or the peer's membership.
  if (state.role !== 'leader' || !state.progress.has(progress.id)) return;
  fillPipeline(state, progress);
  if (state.transferTo === progress.id) maybeHandOver(state, progress);
}

/** Leader: the peer that takes over must have the whole log first (thesis §3.10). */
export function maybeHandOver(state: CoreState, progress: Progress): void {
  if (progress.match !== state.log.last) return;
  state.hasSentTimeoutNow = true;
  state.send({ kind: 'timeout-now', to: progress.id });
}

/**
 * Leader: commits what a majority has, but counts only entries of its own term; older ones are
 * committed with them (thesis §3.6.2, figure 3.7).
 */
export function advanceCommit(state: CoreState): void {
  if (state.role !== 'leader') return;
  const { log, memberships } = state;
  const index = quorumIndex(memberships.voterSets, (id) => state.matchOf(id));
  if (index <= log.commit || log.termOf(index) !== state.term) return;
  const newly = log.slice(log.commit + 1, index, Infinity);
  const bytes = newly.reduce((sum, entry) => sum + entryBytes(entry), 0);
  state.uncommittedBytes = Math.max(0, state.uncommittedBytes - bytes);
  log.commitTo(index);
  if (state.isMembershipChanging) return;
  if (memberships.isJoint) leaveJoint(state);
  else if (!memberships.isVoter(state.id)) stepAside(state);
}

/**
 * The joint membership is committed: the new members alone take over, from this entry on (thesis
 * §4.3). A leader that finds a joint change begun by another gets here with its own first commit.
 */
function leaveJoint(state: CoreState): void {
  appendMembership(state, left(state.memberships.current));
}

/** A leader that was removed or demoted serves until that is committed (thesis §4.2.2). */
function stepAside(state: CoreState): void {
  sendCommits(state);
  const voters = [...state.progress.values()].filter(({ id }) => state.memberships.isVoter(id));
  const best = voters.sort((a, b) => b.match - a.match)[0];
  if (best !== undefined) state.send({ kind: 'timeout-now', to: best.id });
  becomeFollower(state, state.term, 0);
}
