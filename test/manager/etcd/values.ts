import test from 'ava';
import fc from 'fast-check';
import { ClusterError } from '#lib';
import { keysOf } from '#manager/etcd/keys';
import { LiveView } from '#manager/etcd/live-view';
import type { KeyValue } from '#manager/etcd/etcd-port';
import { decodeEntry, decodeHead, decodeMember, decodeSnapshotInfo } from '#manager/etcd/values';
import { encodeEntry, encodeJson } from '#manager/etcd/values';
import { verdictOf } from '#manager/etcd/log-writer';
import { toEtcdError } from '#manager/etcd/refusals';

const keys = keysOf('teams/a', 'c1');
const version = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const id = '0123456789abcdef';

test('keys of versions sort as the versions do, and tell them', (t) => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      t.is(keys.log(a) < keys.log(b), a < b);
      t.is(keys.versionOf(keys.log(a)), a);
      const { start, end } = keys.logRange(a, a);
      t.true(keys.log(a) >= start && keys.log(a) < end);
    }),
  );
  t.is(keys.versionOf(keys.head), undefined);
  t.is(keys.versionOf(`${keys.log(1)}0`), undefined);
});

test('what is watched is all but snapshots, and clusters are apart', (t) => {
  const isIn = (key: string, { start, end }: typeof keys.watched): boolean =>
    key >= start && key < end;
  for (const key of [keys.head, keys.leader, keys.member(1), keys.aliveMember(7), keys.log(9)])
    t.true(isIn(key, keys.watched), key);
  const part = keys.snapshotPart('5-a', 0);
  t.false(isIn(part, keys.watched));
  t.true(isIn(part, keys.snapshotParts('5-a')));
  t.false(keys.otherSnapshots('5-a').some((range) => isIn(part, range)));
  for (const other of ['5', '5-', '5-aa', '6-a'])
    t.true(keys.otherSnapshots('5-a').some((range) => isIn(keys.snapshotPart(other, 0), range)));
  t.false(isIn(keysOf('teams/a', 'c2').head, keys.watched));
  t.false(isIn(keysOf('teams/a', 'c10').head, keys.watched));
});

test('an entry comes back as it was, and no other version nor any flipped bit passes for it', (t) => {
  fc.assert(
    fc.property(version, fc.uint8Array({ maxLength: 60 }), (own, entry) => {
      const encoded = encodeEntry(own, id, entry);
      t.deepEqual(decodeEntry(own, encoded), { proposal: id, entry });
      t.throws(() => decodeEntry(own === 1 ? 2 : own - 1, encoded), { code: 'DATA_LOSS' });
      t.throws(() => decodeEntry(own, encoded.subarray(0, -1)), { code: 'DATA_LOSS' });
    }),
  );
  const encoded = encodeEntry(7, id, new TextEncoder().encode('entry'));
  for (let bit = 0; bit < encoded.length * 8; bit++) {
    const flipped = encoded.with(bit >> 3, (encoded[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
    t.throws(() => decodeEntry(7, flipped), { code: 'DATA_LOSS' }, `bit ${bit}`);
  }
});

test('small values that cannot be read are damage, never a wrong value', (t) => {
  for (const decode of [decodeHead, decodeMember, decodeSnapshotInfo])
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          decode(new TextEncoder().encode(text));
        } catch (error) {
          t.true(error instanceof ClusterError && error.code === 'DATA_LOSS');
        }
      }),
    );
  t.throws(() => decodeHead(new TextEncoder().encode('{"version":-1,"proposal":""}')), {
    code: 'DATA_LOSS',
  });
});

const item = (key: string, value: Uint8Array, modRevision: number): KeyValue => ({
  key,
  value,
  createRevision: modRevision,
  modRevision,
  lease: '0',
});

test('an answer that was refused says what became of the entry', (t) => {
  const proposal = { version: 5, id };
  const other = 'ffffffffffffffff';
  const verdict = (head: number, headId: string, logged?: string): string => {
    const found = [item(keys.head, encodeJson({ version: head, proposal: headId }), 9)];
    if (logged !== undefined)
      found.push(item(keys.log(5), encodeEntry(5, logged, new Uint8Array(3)), 8));
    const map = new Map(found.map((one) => [one.key, one]));
    return verdictOf(keys, proposal, { isDone: false, revision: 10, found: map });
  };
  t.is(verdictOf(keys, proposal, { isDone: true, revision: 1, found: new Map() }), 'committed');
  t.is(verdictOf(keys, proposal, { isDone: false, revision: 1, found: new Map() }), 'not-leader');
  t.is(verdict(4, other), 'not-leader', 'nothing was written');
  t.is(verdict(5, id, id), 'committed');
  t.is(verdict(5, other, other), 'not-leader');
  t.is(verdict(9, other, id), 'committed', 'others went on from it');
  t.is(verdict(9, other, other), 'not-leader');
  t.is(verdict(9_000, other), 'gone', 'its entry is deleted already');
});

test('a view takes reads and events in any mixture, and never goes back', (t) => {
  const view = new LiveView(keys);
  const head = (n: number) => encodeJson({ version: n, proposal: '' });
  const member = encodeJson({ raftId: 7, nodeId: 'n', address: 'n:1' });
  view.replace(10, [item(keys.head, head(3), 8), item(keys.member(7), member, 2)]);
  t.is(view.head?.version, 3);
  t.is(view.member(7)?.createRevision, 2);
  view.take({ kind: 'put', item: item(keys.head, head(2), 7) });
  t.is(view.head?.version, 3, 'the event is in the read already');
  view.take({ kind: 'put', item: item(keys.leader, member, 12) });
  t.is(view.leader?.createRevision, 12);
  view.replace(11, [item(keys.head, head(3), 8)]);
  t.is(view.leader?.raftId, 7, 'the read is older than the event');
  view.wrote({ version: 4, proposal: id }, 14);
  view.replace(13, [item(keys.head, head(3), 8)]);
  t.is(view.head?.version, 4, 'what was written while it was read');
  t.is(view.leader, undefined);
  t.deepEqual(view.members, []);
  view.take({ kind: 'put', item: item(keys.aliveMember(7), member, 15) });
  t.true(view.isAlive(7));
  view.take({ kind: 'delete', item: item(keys.aliveMember(7), new Uint8Array(), 16) });
  t.false(view.isAlive(7));
  view.take({ kind: 'delete', item: item(keys.head, new Uint8Array(), 17) });
  t.is(view.head, undefined);
});

test('what etcd refuses is told from what is unclear', (t) => {
  const refusal = (text: string): string | undefined => toEtcdError(new Error(text)).refusal;
  t.is(refusal('3 INVALID_ARGUMENT: etcdserver: request is too large'), 'too-large');
  t.is(refusal('8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded'), 'no-space');
  t.is(refusal('etcdserver: permission denied'), 'denied');
  t.is(refusal('14 UNAVAILABLE: etcdserver: request timed out'), undefined);
  t.is(refusal('14 UNAVAILABLE: etcdserver: leader changed'), undefined);
  t.regex(
    toEtcdError(new Error('connect refused\nmore')).message,
    /^etcd does not answer \(connect refused\)$/,
  );
});
