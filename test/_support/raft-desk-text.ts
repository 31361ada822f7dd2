/** The words of transcripts: how commands name members and changes, and how things are printed. */
import type { Entry, Member, MemberId, Membership, MembershipChange } from 'raft-ts';
import type { RaftCore, RaftMessage, Write } from 'raft-ts';

const shortKinds: Readonly<Record<RaftMessage['kind'], string>> = {
  append: 'append',
  'append-response': 'append-ok',
  heartbeat: 'heartbeat',
  'heartbeat-response': 'heartbeat-ok',
  vote: 'vote?',
  'pre-vote': 'pre-vote?',
  'vote-response': 'vote',
  'pre-vote-response': 'pre-vote',
  snapshot: 'snapshot',
  'timeout-now': 'timeout-now',
};

export function pair(word: string): [string, number] {
  const [name = '', value = ''] = word.split('=');
  return [name, Number(value)];
}

export function ids(words: readonly string[]): readonly MemberId[] {
  return words.map(Number);
}

export function roleOf(core: RaftCore): string {
  const leader = core.role === 'follower' && core.leaderId > 0 ? ` of ${core.leaderId}` : '';
  return `${core.role}${leader} in term ${core.term}`;
}

/** `set-members 1,2l,4` or `promote 4`. */
export function changeOf([kind = '', what = '']: readonly string[]): MembershipChange {
  if (kind !== 'set-members') {
    return { kind, id: Number(what), context: '' } as MembershipChange;
  }
  return { kind, members: what.split(',').map(memberOf) };
}

export function memberOf(word: string): Member {
  const role = word.endsWith('l') ? 'learner' : 'voter';
  return { id: Number.parseInt(word, 10), role, context: '' };
}

/** `1,2l`; in the joint phase `1,2l|1,2,3`. */
export function membersText({ members, outgoing }: Membership): string {
  const text = (list: readonly Member[]): string =>
    list.map(({ id, role }) => `${id}${role === 'learner' ? 'l' : ''}`).join(',') || '-';
  return outgoing === undefined ? text(members) : `${text(members)}|${text(outgoing)}`;
}

export function entryText(entry: Entry): string {
  const head = `${entry.index}/${entry.term}`;
  if (entry.kind === 'empty') return `${head}:-`;
  if (entry.kind === 'data') return `${head}:${new TextDecoder().decode(entry.data)}`;
  const parsed = JSON.parse(new TextDecoder().decode(entry.data)) as Membership;
  return `${head}:{${membersText(parsed)}}`;
}

export function writeText(write: Write): string {
  const { term, vote } = write.hardState;
  return [`term=${term} vote=${vote}`, ...write.entries.map(entryText)].join(' ');
}

export function messageText(message: RaftMessage): string {
  const head = `${message.from}>${message.to} ${shortKinds[message.kind]} term=${message.term}`;
  switch (message.kind) {
    case 'append': {
      const { previousIndex, previousTerm, entries, commit } = message;
      const tail = entries.map((entry) => ` ${entryText(entry)}`).join('');
      return `${head} after ${previousIndex}/${previousTerm}${tail} commit=${commit}`;
    }
    case 'append-response': {
      const { isRejected, index, hintIndex, hintTerm } = message;
      if (!isRejected) return `${head} ${index}`;
      return `${head} no: ${index}, maybe ${hintIndex}/${hintTerm}`;
    }
    case 'heartbeat':
      return `${head} commit=${message.commit} read=${message.readContext}`;
    case 'heartbeat-response':
      return `${head} read=${message.readContext}`;
    case 'vote':
    case 'pre-vote': {
      const transfer = message.isTransfer ? ' (transfer)' : '';
      return `${head} log ${message.lastIndex}/${message.lastTerm}${transfer}`;
    }
    case 'vote-response':
    case 'pre-vote-response':
      return `${head} ${message.isRejected ? 'no' : 'yes'}`;
    case 'snapshot':
      return `${head} ${message.snapshotIndex}/${message.snapshotTerm}`;
    case 'timeout-now':
      return head;
  }
}
