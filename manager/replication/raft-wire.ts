import { assertNever, ClusterError } from '#lib';
import { RaftEntry, RaftEntryKind, RaftMessageKind, RaftWireMember } from '#proto';
import { RaftWireMessage, SnapshotHeader } from '#proto';
import type { Entry, EntryKind, Member, MemberId, RaftMessage, SnapshotMeta } from 'raft-ts';

const entryKinds = {
  empty: RaftEntryKind.EMPTY,
  data: RaftEntryKind.DATA,
  membership: RaftEntryKind.MEMBERSHIP,
} as const satisfies Record<EntryKind, RaftEntryKind>;

function malformed(what: string): ClusterError {
  return new ClusterError('INVALID_ARGUMENT', `not a message of this cluster's Raft: ${what}`);
}

function toWireEntry(entry: Entry): RaftEntry {
  const { index, term, data } = entry;
  return RaftEntry.create({ index, term, kind: entryKinds[entry.kind], data });
}

function fromWireEntry(entry: RaftEntry): Entry {
  const { index, term, data } = entry;
  return { index, term, kind: fromWireEntryKind(entry.kind), data };
}

function fromWireEntryKind(kind: RaftEntryKind): EntryKind {
  switch (kind) {
    case RaftEntryKind.EMPTY:
      return 'empty';
    case RaftEntryKind.DATA:
      return 'data';
    case RaftEntryKind.MEMBERSHIP:
      return 'membership';
    default:
      throw malformed(`entry of kind ${String(kind)}`);
  }
}

/** What each kind of message puts into the flat record of the wire; see raft.proto. */
function toWireFields(message: RaftMessage): Partial<RaftWireMessage> {
  switch (message.kind) {
    case 'append':
      return {
        kind: RaftMessageKind.APPEND,
        index: message.previousIndex,
        logTerm: message.previousTerm,
        entries: message.entries.map(toWireEntry),
        commit: message.commit,
      };
    case 'append-response': {
      const { isRejected, index, hintIndex, hintTerm } = message;
      return { kind: RaftMessageKind.APPEND_RESPONSE, isRejected, index, hintIndex, hintTerm };
    }
    case 'heartbeat': {
      const { commit, readContext } = message;
      return { kind: RaftMessageKind.HEARTBEAT, commit, readContext };
    }
    case 'heartbeat-response':
      return { kind: RaftMessageKind.HEARTBEAT_RESPONSE, readContext: message.readContext };
    case 'vote':
    case 'pre-vote': {
      const kind = message.kind === 'vote' ? RaftMessageKind.VOTE : RaftMessageKind.PRE_VOTE;
      const { lastIndex: index, lastTerm: logTerm, isTransfer } = message;
      return { kind, index, logTerm, isTransfer };
    }
    case 'vote-response':
      return { kind: RaftMessageKind.VOTE_RESPONSE, isRejected: message.isRejected };
    case 'pre-vote-response':
      return { kind: RaftMessageKind.PRE_VOTE_RESPONSE, isRejected: message.isRejected };
    case 'snapshot': {
      const { snapshotIndex: index, snapshotTerm: logTerm } = message;
      return { kind: RaftMessageKind.SNAPSHOT, index, logTerm };
    }
    case 'timeout-now':
      return { kind: RaftMessageKind.TIMEOUT_NOW };
    default:
      return assertNever(message);
  }
}

export function toWire(message: RaftMessage): RaftWireMessage {
  const { from, to, term } = message;
  return RaftWireMessage.create({ from, to, term, ...toWireFields(message) });
}

/** INVALID_ARGUMENT for a kind that this program does not know. */
export function fromWire(wire: RaftWireMessage): RaftMessage {
  const { from, to, term } = wire;
  const envelope = { from, to, term };
  switch (wire.kind) {
    case RaftMessageKind.APPEND:
      return {
        ...envelope,
        kind: 'append',
        previousIndex: wire.index,
        previousTerm: wire.logTerm,
        entries: wire.entries.map(fromWireEntry),
        commit: wire.commit,
      };
    case RaftMessageKind.APPEND_RESPONSE: {
      const { isRejected, index, hintIndex, hintTerm } = wire;
      return { ...envelope, kind: 'append-response', isRejected, index, hintIndex, hintTerm };
    }
    case RaftMessageKind.HEARTBEAT: {
      const { commit, readContext } = wire;
      return { ...envelope, kind: 'heartbeat', commit, readContext };
    }
    case RaftMessageKind.HEARTBEAT_RESPONSE:
      return { ...envelope, kind: 'heartbeat-response', readContext: wire.readContext };
    case RaftMessageKind.VOTE:
    case RaftMessageKind.PRE_VOTE: {
      const kind = wire.kind === RaftMessageKind.VOTE ? 'vote' : 'pre-vote';
      const { index: lastIndex, logTerm: lastTerm, isTransfer } = wire;
      return { ...envelope, kind, lastIndex, lastTerm, isTransfer };
    }
    case RaftMessageKind.VOTE_RESPONSE:
      return { ...envelope, kind: 'vote-response', isRejected: wire.isRejected };
    case RaftMessageKind.PRE_VOTE_RESPONSE:
      return { ...envelope, kind: 'pre-vote-response', isRejected: wire.isRejected };
    case RaftMessageKind.SNAPSHOT: {
      const { index: snapshotIndex, logTerm: snapshotTerm } = wire;
      return { ...envelope, kind: 'snapshot', snapshotIndex, snapshotTerm };
    }
    case RaftMessageKind.TIMEOUT_NOW:
      return { ...envelope, kind: 'timeout-now' };
    default:
      throw malformed(`message of kind ${String(wire.kind)}`);
  }
}

function toWireMember(member: Member): RaftWireMember {
  const { id, context } = member;
  return RaftWireMember.create({ id, context, isLearner: member.role === 'learner' });
}

export function fromWireMember(wire: RaftWireMember): Member {
  const { id, context } = wire;
  return { id, context, role: wire.isLearner ? 'learner' : 'voter' };
}

export function toSnapshotHeader(header: RaftMessage, meta: SnapshotMeta): SnapshotHeader {
  return SnapshotHeader.create({
    message: toWire(header),
    index: meta.index,
    term: meta.term,
    members: meta.membership.members.map(toWireMember),
    outgoing: (meta.membership.outgoing ?? []).map(toWireMember),
  });
}

export interface ReceivedSnapshotHeader {
  readonly message: RaftMessage;
  readonly meta: SnapshotMeta;
}

export function fromSnapshotHeader(wire: SnapshotHeader): ReceivedSnapshotHeader {
  if (wire.message === undefined) throw malformed('a snapshot without its message');
  const members = wire.members.map(fromWireMember);
  const outgoing = wire.outgoing.map(fromWireMember);
  const membership = outgoing.length > 0 ? { members, outgoing } : { members };
  const meta = { index: wire.index, term: wire.term, membership };
  return { message: fromWire(wire.message), meta };
}

/** What stands in a member's context. */
export interface MemberAddress {
  readonly nodeId: string;
  /** host:port of the manager's one port. */
  readonly address: string;
}

export function toMemberContext({ nodeId, address }: MemberAddress): string {
  return JSON.stringify({ nodeId, address });
}

/** The context of a member; empty strings where it is not one of ours. */
export function fromMemberContext(context: string): MemberAddress {
  try {
    const { nodeId, address } = JSON.parse(context) as Partial<MemberAddress>;
    return { nodeId: String(nodeId ?? ''), address: String(address ?? '') };
  } catch {
    return { nodeId: '', address: '' };
  }
}

export interface ClusterMember extends MemberAddress {
  readonly raftId: MemberId;
  readonly isVoter: boolean;
}

export function clusterMember(member: Member): ClusterMember {
  const isVoter = member.role === 'voter';
  return { raftId: member.id, isVoter, ...fromMemberContext(member.context) };
}
