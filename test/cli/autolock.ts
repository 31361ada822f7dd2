import test from 'ava';
import { ClusterError } from '#lib';
import { Cluster, ClusterSpec, ControlService, GetClusterResponse, InfoResponse } from '#proto';
import { InitResponse, LocalService, LocalState, UnlockKeyResponse, UnlockResponse } from '#proto';
import { UpdateClusterResponse } from '#proto';
import type { UpdateClusterRequest } from '#proto';
import { FakeDaemon, tsctl } from '../_support/fake-cli.ts';

const unlockKey = `TSKEY-1-${'a'.repeat(52)}`;
const answer = () => UnlockKeyResponse.create({ unlockKey });

function daemonWith(spec: Partial<ClusterSpec>): FakeDaemon {
  const cluster = Cluster.create({ id: 'c', spec: ClusterSpec.create(spec) });
  return new FakeDaemon()
    .on(ControlService.getCluster, () => GetClusterResponse.create({ cluster }))
    .on(ControlService.updateCluster, () => UpdateClusterResponse.create({ cluster }))
    .on(ControlService.getUnlockKey, answer)
    .on(ControlService.rotateUnlockKey, answer);
}

const changes = (daemon: FakeDaemon): readonly (boolean | undefined)[] =>
  daemon.requests
    .filter(({ path }) => path.endsWith('/UpdateCluster'))
    .map(({ request }) => (request as UpdateClusterRequest).spec?.autolockManagers);

test('autolock is turned on and off, by either name of the command', async (t) => {
  for (const words of [['cluster', 'update'], ['update']]) {
    const daemon = daemonWith({});
    const on = await tsctl(daemon, [...words, '--autolock']);
    t.is(on.code, 0);
    t.regex(
      on.out,
      /^Cluster updated\.\n\nTo unlock a manager after it restarts, run 'tsctl unlock'/,
    );
    t.true(on.out.includes(unlockKey));
    t.deepEqual(changes(daemon), [true]);
    const off = await tsctl(daemonWith({ autolockManagers: true }), [...words, '--autolock=false']);
    t.is(off.out, 'Cluster updated.\n');
  }
  const daemon = daemonWith({ autolockManagers: true });
  await tsctl(daemon, ['cluster', 'update', '--autolock=false']);
  await tsctl(daemon, ['cluster', 'update', '--task-history-limit', '3']);
  t.deepEqual(changes(daemon), [false, true], 'what is not named stays');
});

test('init --autolock prints the key, init without it prints none', async (t) => {
  const daemon = (key: string) =>
    new FakeDaemon().on(LocalService.init, () =>
      InitResponse.create({ nodeId: 'n', unlockKey: key }),
    );
  const locked = await tsctl(daemon(unlockKey), ['init', '--autolock']);
  t.true(locked.out.includes(`\n    ${unlockKey}\n`));
  const open = await tsctl(daemon(''), ['init']);
  t.notRegex(open.out, /unlock/);
});

test('the unlock key is shown, alone with -q, and rotated', async (t) => {
  const daemon = daemonWith({});
  t.is((await tsctl(daemon, ['unlock-key', '-q'])).out, `${unlockKey}\n`);
  t.true((await tsctl(daemon, ['unlock-key'])).out.includes(unlockKey));
  const rotated = await tsctl(daemon, ['unlock-key', '--rotate']);
  t.regex(rotated.out, /^Successfully rotated manager unlock key\.\n/);
  t.is((await tsctl(daemon, ['unlock-key', '--rotate', '-q'])).out, `${unlockKey}\n`);
  t.is(daemon.requests.filter(({ path }) => path.endsWith('/RotateUnlockKey')).length, 2);
});

test('unlock reads the key from where nobody sees it, and never takes it as an argument', async (t) => {
  const daemon = new FakeDaemon()
    .on(LocalService.info, () => InfoResponse.create({ state: LocalState.LOCKED }))
    .on(LocalService.unlock, () => UnlockResponse.create());
  const done = await tsctl(daemon, ['unlock'], { secret: `${unlockKey}\n` });
  t.deepEqual(done, { code: 0, out: '', err: 'Please enter unlock key: ' });
  t.like(daemon.requests.at(-1), { request: { key: unlockKey } });
  const argument = await tsctl(daemon, ['unlock', unlockKey]);
  t.is(argument.code, 2);
  t.false(argument.err.includes('a'.repeat(52)), 'a key is not repeated');
});

test('an unlocked node, a wrong key and a locked daemon are told in one line', async (t) => {
  const active = new FakeDaemon().on(LocalService.info, () =>
    InfoResponse.create({ state: LocalState.ACTIVE }),
  );
  const unneeded = await tsctl(active, ['unlock']);
  t.is(unneeded.code, 1);
  t.regex(unneeded.err, /is not locked\n$/);
  const refusing = new FakeDaemon()
    .on(LocalService.info, () => InfoResponse.create({ state: LocalState.LOCKED }))
    .on(LocalService.unlock, (): UnlockResponse => {
      throw new ClusterError('INVALID_KEY', 'could not be unlocked: invalid key provided');
    });
  const wrong = await tsctl(refusing, ['unlock'], { secret: 'x' });
  t.is(wrong.code, 1);
  t.regex(wrong.err, /invalid key provided\n$/);
  const info = await tsctl(refusing, ['info']);
  t.regex(info.out, /State: {7}Locked\n/);
});
