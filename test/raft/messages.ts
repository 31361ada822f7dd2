/** What a follower makes of single messages that no leader of today sends, but the rules allow. */
import type { Entry, RaftMessage } from 'raft-ts';
import test from 'ava';
import { coreDefaults, RaftCore } from 'raft-ts';

const members = [1, 2, 3].map((id) => ({ id, role: 'voter', context: '' }) as const);

function entriesOf(from: number, ...terms: readonly number[]): Entry[] {
  return terms.map((term, i) => ({
    index: from + i,
    term,
    kind: 'data' as const,
    data: new Uint8Array(0),
  }));
}

/** Member 3 with entries of these terms, in the term of the last one. */
function followerOf(...terms: readonly number[]): RaftCore {
  return new RaftCore(
    { ...coreDefaults, id: 3, random: { below: () => 0 } },
    {
      hardState: { term: terms.at(-1) ?? 0, vote: 0, commit: 0 },
      snapshot: { index: 0, term: 0, membership: { members } },
      base: { index: 0, term: 0 },
      entries: entriesOf(1, ...terms),
    },
  );
}

/** What the follower answers once its disk has everything. */
function answersTo(core: RaftCore, message: RaftMessage): readonly RaftMessage[] {
  core.step(message);
  const { write, messages } = core.ready();
  if (write === null) return messages;
  core.advance(write);
  return [...messages, ...write.messages];
}

function appendAfter(index: number, term: number, entries: readonly Entry[]): RaftMessage {
  const previous = { previousIndex: index, previousTerm: term };
  return { kind: 'append', from: 1, to: 3, term: 3, ...previous, entries, commit: 4 };
}

test('a follower commits no further than the append shows that its log matches', (t) => {
  // Figure 2 of the Raft paper: the lower one of the leader's commit and the last new entry.
  const core = followerOf(1, 1, 2, 2);
  answersTo(core, appendAfter(1, 1, entriesOf(2, 1)));
  t.is(core.log.commit, 2);
  t.is(core.log.last, 4);
});

test('a follower answers with what the leader sent, not with what follows in its own log', (t) => {
  const core = followerOf(1, 1, 2, 2);
  const [answer] = answersTo(core, appendAfter(1, 1, entriesOf(2, 1)));
  t.like(answer, { kind: 'append-response', isRejected: false, index: 2 });
});

test('an append that is older than what is here already truncates nothing', (t) => {
  const core = followerOf(1, 1, 3, 3);
  const [answer] = answersTo(core, appendAfter(1, 1, entriesOf(2, 1)));
  t.like(answer, { kind: 'append-response', isRejected: false, index: 2 });
  t.is(core.log.last, 4);
});
