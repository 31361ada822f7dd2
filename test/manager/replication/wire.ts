import test from 'ava';
import fc from 'fast-check';
import { RaftBatch, RaftWireMessage, SnapshotHeader } from '#proto';
import {
  fromMemberContext,
  fromSnapshotHeader,
  fromWire,
  toMemberContext,
  toSnapshotHeader,
  toWire,
} from '#manager/replication/raft-wire';
import type { Entry, RaftMessage, Member } from 'raft-ts';

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const envelope = { from: number, to: number, term: number };
const one = <K extends string>(kind: K): fc.Arbitrary<K> => fc.constant(kind);
const entry: fc.Arbitrary<Entry> = fc.record({
  index: number,
  term: number,
  kind: fc.constantFrom('empty' as const, 'data' as const, 'membership' as const),
  data: fc.uint8Array({ maxLength: 40 }),
});
const rejection = { isRejected: fc.boolean() };
const vote = { lastIndex: number, lastTerm: number, isTransfer: fc.boolean() };

const message: fc.Arbitrary<RaftMessage> = fc.oneof(
  fc.record({
    ...envelope,
    kind: one('append'),
    previousIndex: number,
    previousTerm: number,
    entries: fc.array(entry, { maxLength: 4 }),
    commit: number,
  }),
  fc.record({
    ...envelope,
    ...rejection,
    kind: one('append-response'),
    index: number,
    hintIndex: number,
    hintTerm: number,
  }),
  fc.record({ ...envelope, kind: one('heartbeat'), commit: number, readContext: number }),
  fc.record({ ...envelope, kind: one('heartbeat-response'), readContext: number }),
  fc.record({ ...envelope, ...vote, kind: one('vote') }),
  fc.record({ ...envelope, ...vote, kind: one('pre-vote') }),
  fc.record({ ...envelope, ...rejection, kind: one('vote-response') }),
  fc.record({ ...envelope, ...rejection, kind: one('pre-vote-response') }),
  fc.record({ ...envelope, kind: one('snapshot'), snapshotIndex: number, snapshotTerm: number }),
  fc.record({ ...envelope, kind: one('timeout-now') }),
) as fc.Arbitrary<RaftMessage>;

/** fast-check makes records without a prototype, and the decoder makes Buffers. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

test('every message survives the way over the wire', (t) => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
      const bytes = RaftBatch.encode({ messages: messages.map(toWire) });
      const back = RaftBatch.decode(bytes).messages.map(fromWire);
      t.deepEqual(plain(back), plain(messages));
    }),
    { numRuns: 300, seed: 3 },
  );
});

test('the header of a snapshot survives the way over the wire', (t) => {
  const header: RaftMessage = {
    kind: 'snapshot',
    from: 1,
    to: 2,
    term: 3,
    snapshotIndex: 40,
    snapshotTerm: 2,
  };
  const members: readonly Member[] = [
    { id: 1, role: 'voter', context: 'a' },
    { id: 2, role: 'learner', context: '' },
  ];
  const outgoing: readonly Member[] = [{ id: 3, role: 'voter', context: 'c' }];
  for (const membership of [{ members }, { members, outgoing }]) {
    const meta = { index: 40, term: 2, membership };
    const bytes = SnapshotHeader.encode(toSnapshotHeader(header, meta));
    t.deepEqual(fromSnapshotHeader(SnapshotHeader.decode(bytes)), { message: header, meta });
  }
});

test('a message of an unknown kind is refused', (t) => {
  const wire = { ...RaftWireMessage.create(), kind: 99 } as unknown as RaftWireMessage;
  t.throws(() => fromWire(wire), { message: /message of kind 99/ });
});

test('the context of a member tells its node and address, and tolerates anything', (t) => {
  const self = { nodeId: 'n', address: '10.0.0.1:7377' };
  t.deepEqual(fromMemberContext(toMemberContext(self)), self);
  t.deepEqual(fromMemberContext('not json'), { nodeId: '', address: '' });
});
