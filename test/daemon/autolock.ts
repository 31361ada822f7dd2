import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { formatUnlockKey, newUnlockKey } from '#manager';
import { nodeManager } from '#manager/manager-node';
import { systemRandom } from '#lib/random-node';
import { Cluster, ClusterSpec, ControlService, GetClusterRequest } from '#proto';
import { GetUnlockKeyRequest, InitRequest, LeaveRequest, ListServicesRequest } from '#proto';
import { LocalService, LocalState, NodeRole, RotateUnlockKeyRequest } from '#proto';
import { UnlockRequest, UpdateClusterRequest } from '#proto';
import {
  awaitReady,
  cluster,
  createService,
  info,
  joinTo,
  setRole,
} from '../_support/daemon-cluster.ts';
import { poll } from '../_support/poll.ts';
import { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER, WORKER } = NodeRole;
const lockedText =
  'Tessera is encrypted and needs to be unlocked before it can be used. Please use "tsctl unlock" to unlock it.';

const unlock = (daemon: TestDaemon, key: string) =>
  daemon.call(LocalService.unlock, UnlockRequest.create({ key }));

const unlockKey = async (daemon: TestDaemon) =>
  (await daemon.call(ControlService.getUnlockKey, GetUnlockKeyRequest.create())).unlockKey;

async function setAutolock(daemon: TestDaemon, autolockManagers: boolean): Promise<void> {
  const { cluster: present } = await daemon.call(
    ControlService.getCluster,
    GetClusterRequest.create(),
  );
  const spec = { ...(present?.spec ?? ClusterSpec.create()), autolockManagers };
  const request = UpdateClusterRequest.create({ version: present?.meta?.version ?? 0, spec });
  await daemon.call(ControlService.updateCluster, request);
}

/** Names of the services, once a leader answers. */
function services(daemon: TestDaemon): Promise<readonly string[]> {
  return poll('the services are listed', async () => {
    const { services: list } = await daemon
      .call(ControlService.listServices, ListServicesRequest.create())
      .catch(() => ({ services: undefined }));
    return list?.map(({ spec }) => spec?.name ?? '');
  });
}

/** Waits until the keys on the disk of these are at `version` of the lock, with one data key left. */
function awaitLock(daemons: readonly TestDaemon[], version: number, isLocked: boolean) {
  return poll(`keys at version ${version}`, async () => {
    for (const daemon of daemons) {
      const text = await readFile(join(daemon.dataDirectory, 'keys.json'), 'utf8');
      const stored = JSON.parse(text) as {
        lockVersion: number;
        keyKey?: string;
        dataKeys: string[];
      };
      if (stored.lockVersion !== version || stored.dataKeys.length !== 1) return false;
      if ((stored.keyKey === undefined) !== isLocked) return false;
    }
    return true;
  });
}

async function restart(daemon: TestDaemon): Promise<LocalState> {
  await daemon.stop();
  await daemon.start();
  const state = await poll('it has started', async () => {
    const seen = await info(daemon);
    return seen.state !== LocalState.PENDING && seen;
  });
  return state.state;
}

/** All that is stored of a node but what its agent has, as text. */
async function stored(daemon: TestDaemon): Promise<string> {
  return poll('all files in one look', async () => {
    const names = await readdir(daemon.dataDirectory, { recursive: true, withFileTypes: true });
    const files = names.filter((one) => one.isFile() && !one.parentPath.includes('/agent'));
    const texts = files.map((one) => readFile(join(one.parentPath, one.name), 'latin1'));
    // One that is being replaced just now may be gone: then all of them again.
    return (await Promise.all(texts)).join('\n');
  });
}

test('a manager with autolock waits for its key after a restart, and tells so', async (t) => {
  const one = await TestDaemon.start(t, 'host1', nodeManager);
  const request = InitRequest.create({
    advertiseAddress: one.address,
    listenAddress: one.address,
    spec: ClusterSpec.create({ autolockManagers: true }),
  });
  const made = await one.call(LocalService.init, request);
  t.regex(made.unlockKey, /^TSKEY-1-[a-z2-7]{52}$/);
  await createService(one, 'a-name-to-find');
  t.is(await unlockKey(one), made.unlockKey);
  await t.throwsAsync(unlock(one, made.unlockKey), { message: /is not locked/ });
  const text = await stored(one);
  t.notRegex(text, /a-name-to-find|PRIVATE KEY/);
  t.false(text.includes(made.unlockKey.slice(8)));

  t.is(await restart(one), LocalState.LOCKED);
  await t.throwsAsync(one.call(ControlService.listServices, ListServicesRequest.create()), {
    code: 'LOCKED',
    message: lockedText,
  });
  await t.throwsAsync(one.call(LocalService.init, request), { code: 'LOCKED' });
  const wrong = formatUnlockKey(newUnlockKey(systemRandom()));
  for (const key of [wrong, 'nonsense', ''])
    await t.throwsAsync(unlock(one, key), {
      code: 'INVALID_KEY',
      message: /could not be unlocked: invalid key provided/,
    });
  t.is((await info(one)).state, LocalState.LOCKED);
  const health = await fetch(`http://127.0.0.1:${one.httpPort}/healthz`);
  t.is(health.status, 503);

  await unlock(one, made.unlockKey);
  t.deepEqual(await services(one), ['a-name-to-find']);
  t.is((await info(one)).state, LocalState.ACTIVE);
  t.false(
    one.lines.some((line) => line.includes(made.unlockKey.slice(8))),
    'no key in the log',
  );
});

test('a locked manager can be left by force only', async (t) => {
  const one = await TestDaemon.start(t, 'host1', nodeManager);
  const request = InitRequest.create({
    advertiseAddress: one.address,
    listenAddress: one.address,
    spec: ClusterSpec.create({ autolockManagers: true }),
  });
  await one.call(LocalService.init, request);
  t.is(await restart(one), LocalState.LOCKED);
  await t.throwsAsync(one.call(LocalService.leave, LeaveRequest.create()), { code: 'LOCKED' });
  await one.call(LocalService.leave, LeaveRequest.create({ force: true }));
  t.is((await info(one)).state, LocalState.INACTIVE);
  await one.call(LocalService.init, { ...request, spec: undefined });
  t.is(await restart(one), LocalState.ACTIVE);
  await t.throwsAsync(unlockKey(one), {
    code: 'FAILED_PRECONDITION',
    message: /no unlock key is set/,
  });
});

test('each manager follows the lock, those that were away when they are back', async (t) => {
  const [one, two, three, worker] = await cluster(t, [MANAGER, MANAGER, WORKER]);
  if (two === undefined || three === undefined || worker === undefined) return t.fail();
  await awaitReady(one, 4);
  await createService(one, 'web');
  await three.stop();
  await setAutolock(one, true);
  await awaitLock([one, two], 1, true);
  const first = await unlockKey(two);

  // The one that was away does not know of the lock yet: it starts, hears of it, and is locked then.
  await three.start();
  await awaitLock([three], 1, true);
  t.is(await restart(three), LocalState.LOCKED);
  await unlock(three, first);
  await awaitReady(one, 4);
  t.is(await restart(worker), LocalState.ACTIVE, 'workers are never locked');

  // A new manager is locked, too.
  const four = await joinTo(t, one, 'host5', MANAGER);
  await awaitLock([four], 1, true);

  // A new key while one is away: it is unlocked with the old one, and has the new one then.
  await three.stop();
  const { unlockKey: second } = await one.call(
    ControlService.rotateUnlockKey,
    RotateUnlockKeyRequest.create(),
  );
  t.not(second, first);
  await awaitLock([one, two, four], 2, true);
  t.is(await restart(two), LocalState.LOCKED);
  await t.throwsAsync(unlock(two, first), { code: 'INVALID_KEY' });
  await unlock(two, second);
  await three.start();
  await t.throwsAsync(unlock(three, second), { code: 'INVALID_KEY' });
  await unlock(three, first);
  await awaitLock([three], 2, true);
  t.is(await restart(three), LocalState.LOCKED);
  await unlock(three, second);

  // A demoted manager is a worker: not locked any more.
  await awaitReady(one, 5);
  await setRole(one, 'host5', WORKER);
  await awaitLock([four], 0, false);

  // Off again: nobody is locked, old managers and new ones.
  await setAutolock(one, false);
  await awaitLock([one, two, three], 3, false);
  t.is(await restart(two), LocalState.ACTIVE);
  const six = await joinTo(t, one, 'host6', MANAGER);
  await awaitLock([six], 3, false);
  t.is(await restart(six), LocalState.ACTIVE);
  t.deepEqual(await services(six), ['web']);
});

test('the unlock key is in no answer but its own', async (t) => {
  const [one] = await cluster(t, []);
  await setAutolock(one, true);
  const key = await unlockKey(one);
  const { cluster: shown } = await one.call(ControlService.getCluster, GetClusterRequest.create());
  t.is(shown?.lock, undefined);
  t.true(shown?.spec?.autolockManagers);
  const bytes = Buffer.from(Cluster.encode(shown ?? Cluster.create()));
  t.true(bytes.length > 100 && !bytes.includes(key.slice(8)));
  await setAutolock(one, false);
  await t.throwsAsync(unlockKey(one), { code: 'FAILED_PRECONDITION' });
  await t.throwsAsync(one.call(ControlService.rotateUnlockKey, RotateUnlockKeyRequest.create()), {
    code: 'FAILED_PRECONDITION',
  });
});

test('a data key that a crash left half-changed is changed after it', async (t) => {
  const one = await TestDaemon.start(t, 'host1', nodeManager);
  const request = InitRequest.create({ advertiseAddress: one.address, listenAddress: one.address });
  await one.call(LocalService.init, request);
  await createService(one, 'kept');
  // Stopped as soon as the keys are stored: files and log are under the old one.
  await setAutolock(one, true);
  const key = await unlockKey(one);
  await poll('the keys are locked', async () => {
    const text = await readFile(join(one.dataDirectory, 'keys.json'), 'utf8');
    return !text.includes('keyKey');
  });
  await one.stop();
  await one.start();
  t.is((await info(one)).state, LocalState.LOCKED);
  await unlock(one, key);
  await awaitLock([one], 1, true);
  t.is(await restart(one), LocalState.LOCKED);
  await unlock(one, key);
  t.deepEqual(await services(one), ['kept']);
});
