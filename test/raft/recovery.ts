import test from 'ava';
import type { Disk, Entry, MemberId, MemoryDisk } from 'raft-ts';
import { DurableLog, forceSoleVoter, memoryDisk, seedLog } from 'raft-ts';
import { AesLogCipher } from 'raft-ts/node';
import { seededRandom } from '#lib';
import { Cluster } from '#test/_support/raft-cluster';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const small = { segmentBytesMax: 400 };
const self = { id: 9, context: 'nine' };
const members = [1, 2, 3].map((id) => ({ id, role: 'voter', context: `m${id}` }) as const);
const wait = (cluster: Cluster, ms: number): Promise<void> => cluster.clock.advance(ms);

/** Proposes through the leader until it is committed. */
async function write(cluster: Cluster, text: string): Promise<void> {
  const { node } = await cluster.leader();
  const outcome = await cluster.clock.resolve(node.propose(bytesOf(text)), 10_000);
  if (outcome.kind !== 'committed') throw new Error(`not committed: ${outcome.kind}`);
}

function diskOf(cluster: Cluster, id: MemberId): MemoryDisk {
  const disk = cluster.disks.get(id);
  if (disk === undefined) throw new Error(`no disk ${id}`);
  return disk;
}

test('a survivor becomes the only voter under a new id and keeps all of its log', async (t) => {
  const cluster = await Cluster.of(3);
  await write(cluster, 'a');
  await write(cluster, 'b');
  const leaderId = (await cluster.leader()).node.status().id;
  const lost = [1, 2, 3].filter((id) => id !== leaderId);
  for (const id of lost) cluster.kill(id);
  // Nobody acknowledges this one now; it may be that somebody did before the others were lost.
  void cluster.get(leaderId).node.propose(bytesOf('c'));
  await wait(cluster, 5);
  cluster.kill(leaderId);

  const disk = diskOf(cluster, leaderId);
  const found = await forceSoleVoter(disk, self);
  t.deepEqual(
    found.members.map(({ id }) => id),
    [1, 2, 3],
  );
  t.true(found.lastIndex > found.commit, 'the last entry was not known to be committed');
  cluster.disks.set(self.id, disk);
  const { node, machine } = await cluster.start(self.id);
  await cluster.clock.until(() => node.status().role === 'leader', 1_000);
  t.is((await cluster.clock.resolve(node.propose(bytesOf('d')), 1_000)).kind, 'committed');
  t.deepEqual(machine.values, ['a', 'b', 'c', 'd']);
  t.deepEqual(
    node.status().membership.members.map((member) => [member.id, member.role, member.context]),
    [[9, 'voter', 'nine']],
  );

  // The others come back as the group that they were: what they say does not reach the new one.
  const { term } = node.status();
  for (const id of lost) await cluster.start(id);
  await wait(cluster, 5_000);
  t.true(
    [...cluster.members.values()].some(
      (one) => one !== cluster.get(9) && one.node.status().role === 'leader',
    ),
  );
  t.is(node.status().role, 'leader');
  t.is(node.status().term, term);
  t.deepEqual(machine.values, ['a', 'b', 'c', 'd']);
  t.deepEqual(cluster.failures, []);
});

test('new members join the forced one, and the log goes on after a restart', async (t) => {
  const cluster = await Cluster.of(3);
  await write(cluster, 'a');
  for (const id of [1, 2, 3]) cluster.kill(id);
  await forceSoleVoter(diskOf(cluster, 2), self);
  cluster.disks.set(self.id, diskOf(cluster, 2));
  const { node } = await cluster.start(self.id);
  await cluster.start(10);
  const change = (kind: 'add-learner' | 'promote') =>
    cluster.clock.resolve(node.changeMembership({ kind, id: 10, context: 'ten' }), 10_000);
  await cluster.clock.until(() => node.status().role === 'leader', 1_000);
  t.is((await change('add-learner')).kind, 'committed');
  await wait(cluster, 500);
  t.is((await change('promote')).kind, 'committed');
  await write(cluster, 'b');
  for (const id of [9, 10]) cluster.kill(id);
  for (const id of [9, 10]) await cluster.start(id);
  await write(cluster, 'c');
  await wait(cluster, 500);
  t.deepEqual(cluster.get(10).machine.values, ['a', 'b', 'c']);
  t.deepEqual(cluster.failures, []);
});

const entryAt = (index: number, term: number): Entry => ({
  index,
  term,
  kind: 'data',
  data: bytesOf(`entry ${index}`),
});

/** A log of three members with entries that this one does not know to be committed. */
async function survivor(before?: () => Promise<void>): Promise<MemoryDisk> {
  let isReady = false;
  const disk = memoryDisk({ before: async () => (isReady ? before?.() : undefined) });
  const { log } = await DurableLog.open(disk, { ...small, bootstrap: { members } });
  for (let index = 1; index <= 12; index++)
    await log.append({
      hardState: { term: 4, vote: 2, commit: Math.max(0, index - 3) },
      entries: [entryAt(index, 4)],
      snapshot: null,
      messages: [],
    });
  await log.close();
  isReady = true;
  return disk;
}

interface Content {
  readonly texts: readonly string[];
  readonly ids: readonly number[];
  readonly hardState: { readonly term: number; readonly vote: number; readonly commit: number };
}

async function contentOf(disk: Disk): Promise<Content> {
  const { log, recovered } = await DurableLog.open(disk, small);
  await log.close();
  const { entries, snapshot, hardState } = recovered;
  const data = entries.filter(({ kind }) => kind === 'data');
  const membership = entries.findLast(({ kind }) => kind === 'membership');
  const text = membership && new TextDecoder().decode(membership.data);
  const list = text === undefined ? snapshot.membership.members : JSON.parse(text).members;
  return {
    texts: data.map((entry) => new TextDecoder().decode(entry.data)),
    ids: list.map(({ id }: { readonly id: number }) => id),
    hardState,
  };
}

test('killed at any disk call, a second try gives what one would have given', async (t) => {
  const whole = await survivor();
  await forceSoleVoter(whole, self);
  const expected = await contentOf(whole);
  t.is(expected.texts.length, 12);
  t.deepEqual(expected.ids, [9]);
  t.deepEqual(expected.hardState, { term: 5, vote: 9, commit: 13 });
  await forceSoleVoter(whole, self);
  t.deepEqual(await contentOf(whole), expected, 'twice is once');
  let calls = 0;
  for (let killAt = 1; ; killAt++) {
    calls = 0;
    let isDead = false;
    const disk: MemoryDisk = await survivor(async () => {
      if (isDead || ++calls < killAt) return;
      isDead = true;
      disk.crash(seededRandom(killAt));
    });
    const isDone = await Promise.race([
      forceSoleVoter(disk, self).then(() => true),
      // A call on a disk that crashed never comes back.
      new Promise<boolean>((resolve) => setImmediate(() => setImmediate(() => resolve(false)))),
    ]);
    if (isDone && calls < killAt) break;
    isDead = true;
    const between = await contentOf(disk);
    t.is(between.texts.length, 12, `killed at call ${killAt}`);
    t.true(['1,2,3', '9'].includes(between.ids.join()), `killed at call ${killAt}`);
    await forceSoleVoter(disk, self);
    const { texts, ids } = await contentOf(disk);
    t.deepEqual([texts, ids], [expected.texts, expected.ids], `killed at call ${killAt}`);
  }
  t.true(calls > 3);
});

test('a member that was never taken in cannot be forced', async (t) => {
  await t.throwsAsync(forceSoleVoter(memoryDisk(), self), { code: 'BAD_INPUT' });
});

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield bytesOf(text);
}

test('a seeded directory begins at its snapshot, encrypted or not, and is seeded once', async (t) => {
  const meta = {
    index: 50,
    term: 1,
    membership: { members: [{ ...self, role: 'voter' as const }] },
  };
  const cluster = new Cluster();
  const disk = memoryDisk();
  cluster.disks.set(self.id, disk);
  await seedLog(disk, meta, chunksOf('["a","b"]'));
  await t.throwsAsync(seedLog(disk, meta, chunksOf('[]')), { code: 'BAD_INPUT' });
  const { machine } = await cluster.start(self.id);
  await write(cluster, 'c');
  cluster.kill(self.id);
  const again = await cluster.start(self.id);
  await write(cluster, 'd');
  t.deepEqual(machine.values, ['a', 'b', 'c']);
  t.deepEqual(again.machine.values, ['a', 'b', 'c', 'd']);
  t.true(again.node.status().lastIndex > 52);

  const cipher = new AesLogCipher(new Uint8Array(32).fill(3));
  const sealed = memoryDisk();
  await seedLog(sealed, meta, chunksOf('["secret"]'), { cipher });
  for (const bytes of sealed.files().values()) t.false(Buffer.from(bytes).includes('secret'));
  await forceSoleVoter(sealed, { id: 4, context: '' }, { cipher });
  await t.throwsAsync(forceSoleVoter(sealed, { id: 4, context: '' }), { code: 'WRONG_KEY' });
});
