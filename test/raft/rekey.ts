import type { MemoryDisk } from 'raft-ts';
import test from 'ava';
import { AesLogCipher, logKeyId } from 'raft-ts/node';
import { bytesOf, Cluster, voters } from '#test/_support/raft-cluster';
import { isRaftError, memoryDisk } from 'raft-ts';
import { seededRandom } from '#lib';

const oldKey = new Uint8Array(32).fill(1);
const newKey = new Uint8Array(32).fill(2);
const bootstrap = voters(1);

/** Ids of keys that any file on the disk names. */
function keysOn(disk: MemoryDisk | undefined): readonly string[] {
  const files = [...(disk?.files().values() ?? [])].map((bytes) => bytes.toHex());
  const ids = [oldKey, newKey].map(logKeyId);
  return ids.filter((id) => files.some((hex) => hex.includes(id)));
}

test('a change of keys leaves nothing under the old one, and the state is there', async (t) => {
  const cluster = new Cluster();
  const cipher = new AesLogCipher(oldKey);
  const { node } = await cluster.start(1, { bootstrap, cipher });
  await cluster.clock.advance(5);
  for (const text of ['a', 'b']) await cluster.clock.resolve(node.propose(bytesOf(text)), 100);
  t.deepEqual(keysOn(cluster.disks.get(1)), [logKeyId(oldKey)]);
  cipher.use(newKey);
  const rekeyed = node.rekey();
  await cluster.clock.resolve(node.propose(bytesOf('c')), 100);
  await cluster.clock.resolve(rekeyed, 1000);
  t.deepEqual(keysOn(cluster.disks.get(1)), [logKeyId(newKey)]);
  await cluster.clock.resolve(node.propose(bytesOf('d')), 100);
  await node.stop();
  const again = await cluster.start(1, { cipher: new AesLogCipher(newKey) });
  await cluster.clock.advance(100);
  t.deepEqual(again.machine.values, ['a', 'b', 'c', 'd']);
  await t.throwsAsync(cluster.start(1, { cipher: new AesLogCipher(oldKey) }), {
    code: 'WRONG_KEY',
  });
});

test('keys can change again and again, with writes in between and without', async (t) => {
  const cluster = new Cluster();
  const keys = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte));
  const cipher = new AesLogCipher(oldKey);
  const { node } = await cluster.start(1, { bootstrap, cipher });
  await cluster.clock.advance(5);
  for (const [i, key] of keys.entries()) {
    cipher.use(key);
    await cluster.clock.resolve(node.rekey(), 1000);
    if (i % 2 === 0) await cluster.clock.resolve(node.propose(bytesOf(`${i}`)), 100);
  }
  await node.stop();
  const again = await cluster.start(1, { cipher: new AesLogCipher(keys[3] ?? oldKey) });
  await cluster.clock.advance(100);
  t.deepEqual(again.machine.values, ['0', '2']);
});

test('a change of keys that a crash cut short anywhere is finished after it', async (t) => {
  for (let cut = 0; cut < 25; cut++) {
    const cluster = new Cluster();
    let calls = -1;
    const never = new Promise<never>(() => {});
    const disk = memoryDisk({
      before: () => (calls >= 0 && calls++ >= cut ? never : Promise.resolve()),
    });
    cluster.disks.set(1, disk);
    const cipher = new AesLogCipher(oldKey);
    const { node } = await cluster.start(1, { bootstrap, cipher });
    await cluster.clock.advance(5);
    await cluster.clock.resolve(node.propose(bytesOf('kept')), 100);
    cipher.use(newKey);
    calls = 0;
    void node.rekey().catch(() => undefined);
    await cluster.clock.advance(200);
    cluster.kill(1);
    calls = -1;
    disk.crash(seededRandom(cut));
    const both = new AesLogCipher(newKey, [oldKey]);
    const again = await cluster.start(1, { cipher: both });
    await cluster.clock.advance(5);
    await cluster.clock.resolve(again.node.rekey(), 1000);
    t.deepEqual(again.machine.values, ['kept'], `cut at ${cut}`);
    t.deepEqual(keysOn(disk), [logKeyId(newKey)], `cut at ${cut}`);
    await again.node.stop();
  }
});

test('a change of keys waits for entries that are not committed', async (t) => {
  const cluster = new Cluster();
  const ciphers = [1, 2, 3].map(() => new AesLogCipher(oldKey));
  for (const [i, cipher] of ciphers.entries()) {
    await cluster.start(i + 1, { bootstrap: voters(3), cipher });
  }
  const { node } = await cluster.leader();
  const { id } = node.status();
  cluster.cut(id);
  void node.propose(bytesOf('uncommitted'));
  await cluster.clock.advance(50);
  ciphers[id - 1]?.use(newKey);
  const rekeyed = node.rekey();
  await cluster.clock.advance(300);
  t.deepEqual(keysOn(cluster.disks.get(id)), [logKeyId(oldKey), logKeyId(newKey)]);
  await cluster.clock.advance(1500);
  cluster.heal();
  const leader = await cluster.leader();
  await cluster.clock.resolve(leader.node.propose(bytesOf('next')), 1000);
  await cluster.clock.resolve(rekeyed, 2000);
  t.deepEqual(keysOn(cluster.disks.get(id)), [logKeyId(newKey)]);
});

test('a snapshot that finds no room is tried again, and the member goes on', async (t) => {
  const cluster = new Cluster({ snapshotEntries: 10, keepEntries: 2 });
  let isFull = true;
  const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  const before = async (operation: string, path: string): Promise<void> => {
    if (isFull && operation === 'write' && path.startsWith('snap/')) throw full;
  };
  cluster.disks.set(1, memoryDisk({ before }));
  const told: unknown[] = [];
  const observer = { snapshotFailed: (event: unknown) => told.push(event) };
  const { node } = await cluster.start(1, { bootstrap, observer });
  const write = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const outcome = await cluster.clock.resolve(node.propose(bytesOf(`${i}`)), 100);
      t.is(outcome.kind, 'committed');
    }
  };
  await cluster.clock.advance(5);
  await write(30);
  t.deepEqual(told, [{ error: full, retryMs: 30_000 }]);
  t.deepEqual(cluster.failures, []);
  t.deepEqual(await cluster.disks.get(1)?.list('snap'), [], 'nothing half-written stays');
  isFull = false;
  await cluster.clock.advance(31_000);
  await write(1);
  t.is((await cluster.disks.get(1)?.list('snap'))?.length, 1);
});

for (const code of ['ENOSPC', 'EIO', 'EROFS']) {
  test(`${code} at any call under a running member stops it cleanly, and it starts again`, async (t) => {
    let stops = 0;
    for (let at = 0; at < 60; at++) {
      const cluster = new Cluster({ snapshotEntries: 8, keepEntries: 2, segmentBytesMax: 300 });
      let calls = -1;
      const before = async (): Promise<void> => {
        if (calls >= 0 && calls++ >= at) throw Object.assign(new Error(code), { code });
      };
      const disk = memoryDisk({ before });
      cluster.disks.set(1, disk);
      const failed: { readonly code: string; readonly error: unknown }[] = [];
      const observer = { failed: (event: (typeof failed)[number]) => failed.push(event) };
      const { node } = await cluster.start(1, { bootstrap, observer });
      await cluster.clock.advance(5);
      calls = 0;
      const acknowledged: string[] = [];
      for (let i = 0; i < 20 && failed.length === 0; i++) {
        const outcome = await cluster.clock.resolve(node.propose(bytesOf(`${i}`)), 100);
        if (outcome.kind === 'committed') acknowledged.push(`${i}`);
      }
      calls = -1;
      if (failed.length > 0) {
        stops++;
        t.is(failed.length, 1);
        t.is(failed[0]?.code, 'DISK_FAILED');
        t.like(failed[0]?.error, { code });
        const refused = await node.propose(bytesOf('late'));
        t.deepEqual(refused.kind === 'rejected' && refused.reason, 'stopped');
      }
      await node.stop();
      const again = await cluster.start(1);
      await cluster.clock.advance(100);
      const { values } = again.machine;
      t.deepEqual(values.slice(0, acknowledged.length), acknowledged, `at ${at}`);
      t.true(values.length <= acknowledged.length + 1, `at ${at}`);
      const outcome = await cluster.clock.resolve(again.node.propose(bytesOf('healed')), 100);
      t.is(outcome.kind, 'committed');
      await again.node.stop();
    }
    t.true(stops > 40, `${stops} stops`);
  });
}

test('a key that the cipher does not know is told at the start', async (t) => {
  const cluster = new Cluster();
  const { node } = await cluster.start(1, { bootstrap, cipher: new AesLogCipher(oldKey) });
  await cluster.clock.advance(5);
  await node.stop();
  const error = await t.throwsAsync(cluster.start(1));
  t.true(isRaftError(error, 'WRONG_KEY'));
  t.regex(
    error?.message ?? '',
    /^wal\/000000000001.wal is encrypted with key [0-9a-f]{16}: no key/,
  );
});
