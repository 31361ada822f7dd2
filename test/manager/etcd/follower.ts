/** What a follower of the log reads while entries reach it another way. */
import test from 'ava';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import type { Etcd, KeyRange, KeyValue } from '#manager/etcd/etcd-port';
import { keysOf } from '#manager/etcd/keys';
import { LogFollower } from '#manager/etcd/log-follower';
import { encodeEntry, encodeJson, proposalIdBytes } from '#manager/etcd/values';
import { clusterId } from '../../_support/etcd-world.ts';
import { Recorder, bytes } from '../../_support/etcd-world.ts';

const keys = keysOf('tessera', clusterId);
const revision = 10;

const itemOf = (key: string, value: Uint8Array): KeyValue => ({
  key,
  value: Buffer.from(value),
  createRevision: 1,
  modRevision: revision,
  lease: '0',
});

/** Hexadecimal, as a writer draws it. */
const proposalOf = (version: number): string => `${version}`.padStart(2 * proposalIdBytes, '0');

const logged = (version: number): KeyValue =>
  itemOf(keys.log(version), encodeEntry(version, proposalOf(version), bytes(`entry ${version}`)));

/** An etcd with these entries, and a head that names the last of three; `onPage` is called while a page of them is under way. */
function followerOf(versions: readonly number[], onPage: () => void): [LogFollower, Recorder] {
  const head = itemOf(keys.head, encodeJson({ version: 3, proposal: proposalOf(3) }));
  const range: Etcd['range'] = (asked: KeyRange | string) => {
    if (asked === keys.live) return Promise.resolve({ revision, items: [head], hasMore: false });
    onPage();
    return Promise.resolve({ revision, items: versions.map(logged), hasMore: false });
  };
  const refuse = (): never => {
    throw new Error('not asked for');
  };
  const etcd: Etcd = {
    range,
    ...{ transact: refuse, grantLease: refuse, keepAlive: refuse, revokeLease: refuse },
    ...{ watch: refuse, close: () => undefined },
  };
  const state = new Recorder();
  const follower = new LogFollower({
    etcd,
    keys,
    state,
    clock: systemClock(),
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
    onChange: () => undefined,
    onLost: () => undefined,
  });
  return [follower, state];
}

test('an entry that its own writer delivers while it is read is applied once, and nothing is missing', async (t) => {
  const [follower, state] = followerOf([1, 2, 3], () =>
    [1, 2].forEach((version) =>
      follower.deliver(version, {
        proposal: proposalOf(version),
        entry: bytes(`entry ${version}`),
      }),
    ),
  );
  t.is(await follower.load(), revision);
  t.deepEqual(state.texts, ['entry 1', 'entry 2', 'entry 3']);
  t.is(follower.appliedVersion, 3);
});

test('an entry that is not there is missing', async (t) => {
  const damaged = { code: 'DATA_LOSS', message: /entry 2 is missing/ };
  await t.throwsAsync(followerOf([1, 3], () => undefined)[0].load(), damaged);
  const last = { code: 'DATA_LOSS', message: /entry 3 is missing/ };
  await t.throwsAsync(followerOf([1, 2], () => undefined)[0].load(), last);
});
