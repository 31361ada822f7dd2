/** Autolock on real hosts: what a restarted manager says and does, and what its disk shows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { endsLab, Lab, tsctlPath } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

const lockedText =
  'Tessera is encrypted and needs to be unlocked before it can be used. Please use "tsctl unlock" to unlock it.';
const serviceName = 'needle-in-the-haystack';

let lab: Lab;

test.before('a lab of three managers', async () => {
  lab = await Lab.up('autolock', 3, 3);
});

endsLab(test, () => lab);

const on = (host: string, ...argv: readonly string[]) => lab.exec(host, ['tsctl', ...argv]);
const tryOn = (host: string, ...argv: readonly string[]) =>
  lab.tryTsctl(['lab', 'exec', '--name', lab.name, host, '--', ...argv]);

/** kill -9 of the daemon alone; the host's init starts another one. */
async function killDaemon(host: string): Promise<void> {
  const pid = async () => (await lab.exec(host, ['cat', '/run/lab/tesserad.pid'])).trim();
  const before = await pid();
  await lab.exec(host, ['kill', '-9', before]);
  await poll(`another tesserad answers on ${host}`, async () => {
    if ((await pid()) === before) return false;
    return (await tryOn(host, 'tsctl', 'info')).code === 0;
  });
}

function awaitState(host: string, state: string): Promise<boolean> {
  return poll(`${host} is ${state}`, async () =>
    new RegExp(`State: +${state}`).test(await on(host, 'info')),
  );
}

/** By a pipe, as a script would. */
const unlock = (host: string, key: string) =>
  tryOn(host, 'sh', '-c', `printf '%s\\n' '${key}' | tsctl unlock`);

/** On a terminal, as a person would; what the terminal shows. */
async function unlockByHand(host: string, key: string): Promise<string> {
  const inside = `${tsctlPath} lab exec --name ${lab.name} ${host} -- tsctl unlock`;
  const child = spawn('script', ['-qec', inside, '/dev/null']);
  let shown = '';
  child.stdout.on('data', (chunk) => void (shown += String(chunk)));
  const ended = once(child, 'exit');
  await poll('the key is asked for', () => shown.includes('Please enter unlock key: '));
  child.stdin.write(`${key}\r`);
  await ended;
  return shown;
}

/** Lines of files of the host's data directory, but the agent's, that hold the words. */
async function found(host: string, words: string): Promise<string> {
  const { stdout } = await tryOn(
    host,
    ...['grep', '-raoE', '--exclude-dir=agent', words, '/var/lib/tessera'],
  );
  return stdout;
}

test.serial(
  'a killed manager is locked, its containers run on, and a key unlocks it',
  async (t) => {
    const loop = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];
    await on(
      'host1',
      'service',
      'create',
      '--name',
      serviceName,
      '--mode',
      'global',
      'busybox',
      ...loop,
    );
    const before = await lab.awaitRunning(serviceName, 3);
    t.regex(await on('host1', 'cluster', 'update', '--autolock'), /TSKEY-1-[a-z2-7]{52}/);
    const key = (await on('host3', 'unlock-key', '-q')).trim();
    t.regex(key, /^TSKEY-1-[a-z2-7]{52}$/);
    for (const host of lab.hosts) {
      await poll(`${host} holds no key in clear`, async () => {
        const text = await lab.exec(host, ['cat', '/var/lib/tessera/keys.json']);
        const stored = JSON.parse(text) as { keyKey?: string; dataKeys: string[] };
        return stored.keyKey === undefined && stored.dataKeys.length === 1;
      });
      t.is(await found(host, `${serviceName}|PRIVATE KEY|${key.slice(8)}`), '', host);
    }

    await killDaemon('host2');
    await awaitState('host2', 'Locked');
    const refused = await tryOn('host2', 'tsctl', 'service', 'ls');
    t.is(refused.code, 1);
    t.true(refused.stderr.includes(lockedText), refused.stderr);
    t.deepEqual(await lab.runningOf(serviceName), before);
    t.regex(await on('host1', 'service', 'ls'), new RegExp(serviceName));

    const wrong = await unlock('host2', `TSKEY-1-${'a'.repeat(52)}`);
    t.is(wrong.code, 1);
    t.regex(wrong.stderr, /could not be unlocked: invalid key provided/);
    await awaitState('host2', 'Locked');
    const shown = await unlockByHand('host2', key);
    t.false(shown.includes(key.slice(8)), 'the terminal does not show the key');
    await awaitState('host2', 'Active');
    t.regex((await unlock('host2', key)).stderr, /is not locked/);
    // A node that was away for long is replaced, as after any absence: three run, maybe others.
    await lab.awaitRunning(serviceName, 3);
    t.regex(await on('host2', 'service', 'ls'), new RegExp(serviceName));
  },
);

test.serial(
  'hosts that lost their power all at once are unlocked with the rotated key',
  async (t) => {
    const old = (await on('host1', 'unlock-key', '-q')).trim();
    const key = (await on('host1', 'unlock-key', '--rotate', '-q')).trim();
    t.not(key, old);
    for (const host of lab.hosts) {
      await poll(`${host} has the new lock`, async () => {
        const text = await lab.exec(host, ['cat', '/var/lib/tessera/keys.json']);
        const stored = JSON.parse(text) as { lockVersion: number; dataKeys: string[] };
        return stored.lockVersion === 2 && stored.dataKeys.length === 1;
      });
    }
    for (const host of lab.hosts) await lab.fault('kill', host);
    for (const host of lab.hosts) await lab.start(host);
    for (const host of lab.hosts) {
      await poll(`${host} answers`, () => awaitState(host, 'Locked'));
      t.is((await unlock(host, old)).code, 1);
      t.is((await unlock(host, key)).code, 0);
    }
    await lab.awaitRunning(serviceName, 3);
    await on('host1', 'cluster', 'update', '--autolock=false');
    await poll('nobody is locked', async () => {
      for (const host of lab.hosts) {
        const text = await lab.exec(host, ['cat', '/var/lib/tessera/keys.json']);
        if (!text.includes('keyKey')) return false;
      }
      return true;
    });
    await killDaemon('host1');
    await awaitState('host1', 'Active');
  },
);

test.serial('grep of the disk would see what is in clear', async (t) => {
  // The search itself is tried on something that is there.
  await lab.exec('host1', ['sh', '-c', `echo ${serviceName} > /var/lib/tessera/clear`]);
  t.regex(await found('host1', serviceName), new RegExp(serviceName));
});
