import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { systemRandom } from '#lib/random-node';
import { DiskNodeFiles } from '#daemon/node-files-node';
import { nodeManager } from '#manager/manager-node';
import { InitRequest, LocalService, LocalState, NodeRole, RejoinRequest } from '#proto';
import type { RejoinResponse } from '#proto';
import { awaitReady, cluster, createService, info } from '../_support/daemon-cluster.ts';
import { nodeOf, nodes, serviceNames } from '../_support/daemon-cluster.ts';
import { poll } from '../_support/poll.ts';
import { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER } = NodeRole;

const rejoin = (daemon: TestDaemon): Promise<RejoinResponse> =>
  daemon.call(LocalService.rejoin, RejoinRequest.create());

/** One byte in the middle of the log rots while the daemon is off. */
async function damage(daemon: TestDaemon): Promise<void> {
  await daemon.stop();
  const folder = join(daemon.dataDirectory, 'raft', 'raft', 'wal');
  const [first = ''] = (await readdir(folder)).toSorted((a, b) => a.localeCompare(b));
  const bytes = await readFile(join(folder, first));
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  await writeFile(join(folder, first), bytes);
  await daemon.start();
}

const damaged = async (daemon: TestDaemon): Promise<readonly string[]> =>
  (await readdir(daemon.dataDirectory)).filter((name) => name.startsWith('raft.damaged-'));

async function awaitDataLoss(daemon: TestDaemon): Promise<void> {
  const seen = await poll('the damage is told', async () => {
    const answer = await info(daemon);
    return answer.state === LocalState.ERROR && answer;
  });
  if (!/^the log is damaged: .*: run 'tsctl cluster rejoin' on this host/.test(seen.error))
    throw new Error(seen.error);
}

test('a manager whose log is damaged says so, and is taken in again by one command', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  for (let i = 0; i < 5; i++) await createService(one, `web${i}`);
  const before = await nodeOf(one, 'host3');
  await t.throwsAsync(rejoin(three), { code: 'FAILED_PRECONDITION', message: /log is whole/ });

  await damage(three);
  await awaitDataLoss(three);
  t.true(three.lines.some((line) => line.startsWith('error') && /cluster rejoin/.test(line)));
  await t.throwsAsync(nodes(three), { code: 'UNAVAILABLE', message: /the log is damaged/ });
  await createService(one, 'meanwhile');

  const { notes } = await rejoin(three);
  t.regex(notes.join('\n'), /The damaged log is kept in .*raft\.damaged-\d{8}T\d{6}Z/);
  t.is((await damaged(three)).length, 1);
  t.is((await info(three)).state, LocalState.ACTIVE);
  const after = await poll('it is a member again', async () => {
    const node = await nodeOf(one, 'host3');
    const raftId = node?.managerStatus?.raftId;
    return raftId !== undefined && raftId !== before?.managerStatus?.raftId && node;
  });
  t.is(after.id, before?.id ?? '');
  await awaitReady(one, 3);
  t.deepEqual(await serviceNames(three), await serviceNames(one));

  // It counts again: with the first gone, it and the second go on.
  await one.stop();
  await createService(three, 'after');
  t.true((await serviceNames(two)).includes('after'));
});

test('while a manager is tried again, it still says why it does not run', async (t) => {
  const starts: (() => Promise<void>)[] = [];
  const one = await TestDaemon.start(t, 'host1', (options) => {
    const part = nodeManager(options);
    const start = part.start.bind(part);
    part.start = () => (starts.shift() ?? start)();
    return part;
  });
  const { address } = one;
  const addresses = { advertiseAddress: address, listenAddress: address };
  await one.call(LocalService.init, InitRequest.create(addresses));
  const again = Promise.withResolvers<void>();
  const isTried = Promise.withResolvers<void>();
  t.teardown(() => again.resolve());
  starts.push(
    () => Promise.reject(new Error('the disk is upside down')),
    () => {
      isTried.resolve();
      return again.promise;
    },
  );
  await one.stop();
  await one.start();
  await isTried.promise;
  await t.throwsAsync(nodes(one), { code: 'UNAVAILABLE', message: /the disk is upside down/ });
  again.reject(new Error('it still is'));
  await poll('it runs', async () => (await nodes(one)).length === 1);
});

test('without a quorum of the others the damaged log is left where it is', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  await two.stop();
  await damage(three);
  await awaitDataLoss(three);
  await poll('the first has lost its majority', async () => (await info(one)).leaderId === '');
  await t.throwsAsync(rejoin(three), {
    code: 'QUORUM_AT_RISK',
    message: /1 of the 2 other managers answer and none of them leads/,
  });
  t.deepEqual(await damaged(three), []);
  await two.start();
  await poll('they have a leader again', async () => (await info(one)).leaderId !== '');
  await rejoin(three);
  await awaitReady(one, 3);
});

test('the only manager is told to restore a backup', async (t) => {
  const [one] = await cluster(t, []);
  await createService(one, 'web');
  await damage(one);
  await awaitDataLoss(one);
  await t.throwsAsync(rejoin(one), { code: 'FAILED_PRECONDITION', message: /restore a backup/ });
});

test('three damaged logs are kept; a further one costs the oldest, which is told', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'tessera-aside-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const files = await DiskNodeFiles.open(directory, systemRandom());
  const removed: string[] = [];
  for (let second = 1; second <= 4; second++) {
    await mkdir(join(files.managerDirectory, 'raft'), { recursive: true });
    const aside = await files.setManagerAside(second * 1_000);
    removed.push(...aside.removed);
    t.true((await readdir(aside.path)).includes('raft'));
  }
  const oldest = join(directory, 'raft.damaged-19700101T000001Z');
  t.deepEqual(removed, [oldest]);
  t.is((await readdir(directory)).filter((name) => name.startsWith('raft')).length, 3);
  await files.wipe();
  t.is((await readdir(directory)).filter((name) => name.startsWith('raft')).length, 0);
});
