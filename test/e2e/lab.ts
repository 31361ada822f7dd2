/** The lab as its users meet it: two at once, exec, faults, and nothing left after any kind of end. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { attempt } from '#test/_support/command';
import type { CommandResult } from '#test/_support/command';
import { tsctlPath } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

const config = mkdtempSync(join(tmpdir(), 'tessera-lab-'));
const root = '/var/lib/tessera-lab';
const env = { XDG_CONFIG_HOME: config, NO_COLOR: '1' };

const tsctl = (...args: readonly string[]): Promise<CommandResult> =>
  attempt([tsctlPath, ...args], { env });
const exec = (lab: string, host: string, ...command: readonly string[]): Promise<CommandResult> =>
  tsctl('lab', 'exec', '--name', lab, host, '--', ...command);

/** Everything of a lab that this machine knows, by any of its marks. */
async function traces(name: string): Promise<readonly string[]> {
  const links = (await attempt(['ip', '-o', 'link', 'show'])).stdout
    .split('\n')
    .filter((line) => line.includes(`tessera-lab:${name}`));
  const processes = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`tessera-lab:${name}/`);
      } catch {
        return false;
      }
    });
  const groups = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .map(([, at]) => `${at}/tessera-lab/${name}`)
    .filter((path) => existsSync(path));
  const folder = existsSync(`${root}/${name}`) ? [`${root}/${name}`] : [];
  const context = existsSync(`${config}/tessera/contexts/lab-${name}.json`) ? ['context'] : [];
  return [...links, ...processes, ...groups, ...folder, ...context];
}

test.after.always('no lab stays', async () => {
  for (const name of ['e2e-one', 'e2e-two', 'e2e-half']) await tsctl('lab', 'down', '--name', name);
  rmSync(config, { recursive: true, force: true });
});

test.serial('two labs stand side by side and know nothing of each other', async (t) => {
  const up = (name: string): Promise<CommandResult> =>
    tsctl('lab', 'up', '--name', name, '--hosts', '2', '--no-cluster');
  const [one, two] = await Promise.all([up('e2e-one'), up('e2e-two')]);
  t.is(one.code, 0, one.stderr);
  t.is(two.code, 0, two.stderr);
  const list = (await tsctl('lab', 'ls')).stdout;
  t.regex(list, /e2e-one +up +2\/2/);
  t.regex(list, /e2e-two +up +2\/2/);
  const addresses = await Promise.all(
    ['e2e-one', 'e2e-two'].map(
      async (name) => (await exec(name, 'host1', 'ip', '-4', '-br', 'addr', 'show', 'eth0')).stdout,
    ),
  );
  t.not(addresses[0], addresses[1]);
  const ping = await exec('e2e-one', 'host2', 'busybox', 'ping', '-c', '1', '-W', '5', 'host1');
  t.is(ping.code, 0, ping.stdout + ping.stderr);
});

test.serial('inside a host are its own name, processes, containerd and cgroups', async (t) => {
  t.is((await exec('e2e-one', 'host2', 'hostname')).stdout, 'host2\n');
  const processes = (await exec('e2e-one', 'host2', 'ps', '-eo', 'pid,args')).stdout;
  t.regex(processes, /^ *1 sh .*tessera-lab:e2e-one\/host2/m);
  t.notRegex(processes, /e2e-two/);
  const ctr = await exec('e2e-one', 'host2', 'ctr', 'namespaces', 'ls');
  t.is(ctr.code, 0, ctr.stderr);
  t.notRegex((await exec('e2e-one', 'host2', 'cat', '/proc/1/cgroup')).stdout, /tessera-lab/);
  const info = await exec('e2e-one', 'host2', 'tsctl', 'info');
  t.regex(info.stdout, /State: +Inactive/, info.stderr);
});

test.serial('exec passes arguments, exit codes and standard input on', async (t) => {
  t.is((await exec('e2e-one', 'host1', 'sh', '-c', 'exit 7')).code, 7);
  t.is(
    (await exec('e2e-one', 'host1', 'echo', 'a b', '--format', '$HOME')).stdout,
    'a b --format $HOME\n',
  );
  const cat = await attempt([tsctlPath, 'lab', 'exec', '--name', 'e2e-one', 'host1', '--', 'cat'], {
    env,
    input: 'through\n',
  });
  t.is(cat.stdout, 'through\n');
  t.is((await exec('e2e-one', 'host1', 'no-such-program')).code, 127);
});

test.serial('a power cut takes every process, and start brings the host back', async (t) => {
  const sleeper = await exec(
    'e2e-one',
    'host1',
    'sh',
    '-c',
    'sleep 4242 >/dev/null 2>&1 & echo ok',
  );
  t.is(sleeper.stdout, 'ok\n', sleeper.stderr);
  await exec('e2e-one', 'host1', 'touch', '/run/gone', '/var/lib/tessera/kept');
  t.is((await tsctl('lab', 'fault', '--name', 'e2e-one', 'kill', 'host1')).code, 0);
  const off = await exec('e2e-one', 'host1', 'true');
  t.is(off.code, 1);
  t.regex(off.stderr, /host1 of lab e2e-one is off: start it with 'tsctl lab start/);
  t.regex((await tsctl('lab', 'ls')).stdout, /e2e-one +up +1\/2/);
  const start = await tsctl('lab', 'start', '--name', 'e2e-one', 'host1');
  t.is(start.code, 0, start.stderr);
  t.notRegex((await exec('e2e-one', 'host1', 'ps', '-eo', 'args')).stdout, /sleep 4242/);
  t.is((await exec('e2e-one', 'host1', 'test', '-e', '/run/gone')).code, 1);
  t.is((await exec('e2e-one', 'host1', 'test', '-e', '/var/lib/tessera/kept')).code, 0);
  t.is((await tsctl('lab', 'start', '--name', 'e2e-one')).code, 0, 'once more is no error');
});

test.serial('cut takes the network away and heal gives it back', async (t) => {
  const ping = (): Promise<CommandResult> =>
    exec('e2e-one', 'host2', 'busybox', 'ping', '-c', '1', '-W', '1', 'host1');
  await tsctl('lab', 'fault', '--name', 'e2e-one', 'cut', 'host1');
  t.not((await ping()).code, 0);
  await tsctl('lab', 'fault', '--name', 'e2e-one', 'heal', 'host1');
  t.is(await poll('host1 answers', async () => (await ping()).code === 0), true);
});

test.serial('a daemon that is killed comes back by itself; stop and cont freeze it', async (t) => {
  const pid = async (): Promise<string> =>
    (await exec('e2e-one', 'host1', 'cat', '/run/lab/tesserad.pid')).stdout.trim();
  const before = await pid();
  await exec('e2e-one', 'host1', 'kill', '-9', before);
  await poll('another tesserad runs', async () => {
    const now = await pid();
    return now !== '' && now !== before;
  });
  await tsctl('lab', 'start', '--name', 'e2e-one', 'host1');
  await tsctl('lab', 'fault', '--name', 'e2e-one', 'stop', 'host1');
  const state = async (): Promise<string> =>
    (await exec('e2e-one', 'host1', 'ps', '-o', 'stat=', '-p', await pid())).stdout.trim();
  t.regex(await state(), /^T/);
  await tsctl('lab', 'fault', '--name', 'e2e-one', 'cont', 'host1');
  t.notRegex(await state(), /^T/);
});

test.serial('mistakes get one line and change nothing', async (t) => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['lab', 'up', '--name', 'e2e-one'], 1, /lab e2e-one already exists: remove it/],
    [['lab', 'up', '--name', 'No!'], 1, /lab name 'No!' is not valid/],
    [['lab', 'up', '--hosts', '0'], 2, /--hosts '0': use a whole number, 1 to 100/],
    [['lab', 'up', '--hosts', '1', '--managers', '3'], 1, /--managers 3: use 1 to/],
    [['lab', 'exec', '--name', 'e2e-one', 'host9', '--', 'true'], 1, /host1 to host2/],
    [['lab', 'exec', '--name', 'nowhere', 'host1', '--', 'true'], 1, /lab nowhere not found/],
    [['lab', 'fault', '--name', 'e2e-one', 'burn', 'host1'], 2, /FAULT 'burn': use one of/],
  ];
  for (const [args, code, text] of cases) {
    const result = await tsctl(...args);
    t.is(result.code, code, `${args.join(' ')}: ${result.stderr}`);
    t.regex(result.stderr, text);
    t.is(result.stderr.trim().split('\n').length, 1);
  }
  t.regex((await tsctl('lab', 'ls')).stdout, /e2e-one +up +2\/2/);
});

test.serial('down leaves nothing of its own lab and the other lab alone', async (t) => {
  const down = await tsctl('lab', 'down', '--name', 'e2e-one');
  t.is(down.code, 0, down.stderr);
  t.deepEqual(await traces('e2e-one'), []);
  t.is((await exec('e2e-two', 'host1', 'true')).code, 0);
});

test.serial('a lab whose folder is lost is still listed and removed whole', async (t) => {
  rmSync(`${root}/e2e-two`, { recursive: true, force: true });
  t.regex((await tsctl('lab', 'ls')).stdout, /e2e-two +damaged/);
  t.is((await tsctl('lab', 'down', '--name', 'e2e-two')).code, 0);
  t.deepEqual(await traces('e2e-two'), []);
});

test.serial('an up that is killed or interrupted half-way leaves nothing after down', async (t) => {
  for (const [signal, afterMs] of [
    ['SIGKILL', 150],
    ['SIGKILL', 300],
    ['SIGKILL', 700],
    ['SIGINT', 500],
  ] as const) {
    const child = spawn(tsctlPath, ['lab', 'up', '--name', 'e2e-half'], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    // The moment is what is tested; whether it is early or late must not matter.
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill(signal);
    await ended;
    if (signal === 'SIGKILL') t.is((await tsctl('lab', 'down', '--name', 'e2e-half')).code, 0);
    t.deepEqual(await traces('e2e-half'), [], `${signal} after ${afterMs} ms`);
  }
});
