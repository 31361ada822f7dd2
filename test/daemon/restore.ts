import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { saveBackup } from '#cli/backup-file-node';
import { formatUnlockKey } from '#manager';
import { nodeManager } from '#manager/manager-node';
import {
  ClusterSpec,
  ControlService,
  InfoRequest,
  InitRequest,
  JoinRequest,
  LeaveRequest,
} from '#proto';
import {
  ListTasksRequest,
  LocalService,
  LocalState,
  NodeRole,
  TaskState,
  UnlockRequest,
} from '#proto';
import type { InitResponse, Task } from '#proto';
import {
  awaitReady,
  backupOf,
  byText,
  cluster,
  createService,
  info,
} from '../_support/daemon-cluster.ts';
import { nodes, serviceNames } from '../_support/daemon-cluster.ts';
import { poll } from '../_support/poll.ts';
import { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER, WORKER } = NodeRole;

async function backupFile(t: ExecutionContext, daemon: TestDaemon): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-restore-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'cluster.tsbackup');
  await saveBackup(path, backupOf(daemon));
  return path;
}

function restore(daemon: TestDaemon, restorePath: string): Promise<InitResponse> {
  const { address } = daemon;
  return daemon.call(
    LocalService.init,
    InitRequest.create({ advertiseAddress: address, listenAddress: address, restorePath }),
  );
}

async function runningTasks(daemon: TestDaemon): Promise<readonly Task[]> {
  const { tasks } = await daemon.call(ControlService.listTasks, ListTasksRequest.create());
  return tasks.filter(
    (task) => task.status?.state === TaskState.RUNNING && task.desiredState === TaskState.RUNNING,
  );
}

test('a lost cluster is made again on one host, and its workers go on', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, WORKER]);
  if (two === undefined || three === undefined) return t.fail();
  const before = await awaitReady(one, 3);
  await createService(one, 'web', 6);
  await poll('all run', async () => (await runningTasks(one)).length === 6);
  const path = await backupFile(t, two);
  const { clusterId, nodeId } = await info(one);
  const onWorker = async (): Promise<readonly string[]> => {
    const worker = before.find((node) => node.description?.hostname === 'host3')?.id;
    const tasks = await runningTasks(one);
    return tasks.filter((task) => task.nodeId === worker).map((task) => task.id);
  };
  const kept = await onWorker();
  t.is(kept.length, 2);
  await createService(one, 'later');
  await two.stop();
  await one.wipe();

  await one.start();
  const made = await restore(one, path);
  t.is(made.clusterId, clusterId);
  t.not(made.nodeId, nodeId);
  t.regex(made.notes.join('\n'), /what was changed after it is lost/);
  t.regex(made.notes.join('\n'), /No managers any more, and refused: host1, host2/);
  t.deepEqual(await serviceNames(one), ['web']);
  const after = await awaitReady(one, 2);
  t.deepEqual(after.map((node) => node.description?.hostname ?? '').toSorted(byText), [
    'host1',
    'host3',
  ]);
  await poll('all run again', async () => (await runningTasks(one)).length === 6);
  const still = await onWorker();
  t.true(
    kept.every((id) => still.includes(id)),
    'the tasks of the worker were kept',
  );

  await one.stop();
  await one.start();
  t.is((await info(one)).nodeId, made.nodeId);
  await createService(one, 'after');
  t.deepEqual(await serviceNames(one), ['after', 'web']);

  await two.start();
  await poll('the old manager is refused', async () => {
    return (await one.metric('tessera_tls_refused_total', 'removed')) > 0;
  });
  t.is((await nodes(one)).length, 2);
  await two.call(LocalService.leave, LeaveRequest.create({ force: true }));
  const join = JoinRequest.create({
    token: made.tokens?.manager ?? '',
    remoteAddress: one.address,
    advertiseAddress: two.address,
    listenAddress: two.address,
  });
  await two.call(LocalService.join, join);
  await awaitReady(one, 3);
  t.deepEqual(await serviceNames(two), ['after', 'web']);
});

test('what cannot be restored is refused in one line and leaves the host as it was', async (t) => {
  const [one] = await cluster(t, []);
  const path = await backupFile(t, one);
  await t.throwsAsync(restore(one, path), { code: 'ALREADY_IN_CLUSTER' });
  const empty = await TestDaemon.start(t, 'empty', nodeManager);
  const good = await readFile(path);
  const refused = async (bytes: Uint8Array, expected: object): Promise<void> => {
    await writeFile(path, bytes);
    const error = await t.throwsAsync(restore(empty, path), expected);
    t.false(error?.message.includes('\n'));
    t.is((await empty.call(LocalService.info, InfoRequest.create())).state, LocalState.INACTIVE);
  };
  const flipped = Buffer.from(good);
  flipped[good.length >> 1] = (flipped[good.length >> 1] ?? 0) ^ 1;
  await refused(flipped, { code: 'DATA_LOSS', message: /cluster\.tsbackup: .*damaged/ });
  await refused(good.subarray(0, 500), { code: 'DATA_LOSS', message: /it ends too early/ });
  await refused(Buffer.from('hello'), { code: 'INVALID_ARGUMENT', message: /not a backup/ });
  const newer = Buffer.from(good);
  newer[13] = 9;
  await refused(newer, { code: 'INVALID_ARGUMENT', message: /has format 9/ });
  await rm(path);
  await t.throwsAsync(restore(empty, path), { code: 'FAILED_PRECONDITION', message: /ENOENT/ });
  await writeFile(path, good);
  t.is((await restore(empty, path)).clusterId, (await info(one)).clusterId);
});

test('the backup of a locked cluster is encrypted, and restored with its unlock key', async (t) => {
  const one = await TestDaemon.start(t, 'one', nodeManager);
  const at = { advertiseAddress: one.address, listenAddress: one.address };
  const spec = ClusterSpec.create({ autolockManagers: true });
  const { unlockKey, clusterId } = await one.call(
    LocalService.init,
    InitRequest.create({ ...at, spec }),
  );
  await createService(one, 'web');
  const path = await backupFile(t, one);
  t.false((await readFile(path)).includes('PRIVATE KEY'));
  await one.wipe();
  await one.start();
  const withKey = (restoreUnlockKey: string): Promise<InitResponse> =>
    one.call(LocalService.init, InitRequest.create({ ...at, restorePath: path, restoreUnlockKey }));
  await t.throwsAsync(withKey(''), { message: /is encrypted: the unlock key .* is needed/ });
  const wrong = formatUnlockKey(new Uint8Array(32).fill(1));
  await t.throwsAsync(withKey(wrong), {
    code: 'PERMISSION_DENIED',
    message: /with another unlock key/,
  });
  t.is((await withKey(unlockKey)).clusterId, clusterId);
  t.deepEqual(await serviceNames(one), ['web']);
  // The restored manager locks itself again with the same key.
  await poll('it is locked', async () => {
    await one.stop();
    await one.start();
    return (await info(one)).state === LocalState.LOCKED;
  });
  await one.call(LocalService.unlock, UnlockRequest.create({ key: unlockKey }));
  t.deepEqual(await serviceNames(one), ['web']);
});
