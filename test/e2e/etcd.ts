/** Three hosts, an etcd member on each, TLS between all: a host is lost, with its manager and its etcd. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { EtcdCertificates } from '#test/_support/etcd-certificates';
import { busyboxArchive, endsLab, Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

const hosts = ['host1', 'host2', 'host3'];
let lab: Lab;
let certificates: EtcdCertificates;

const store = `etcd://${hosts.map((host) => `${host}:2379`).join(',')}`;

/** Starts the host's member of etcd, on the files it has; it dies with the host. */
async function startEtcd(host: string): Promise<void> {
  const path = (name: string): string => certificates.path(name);
  const flags = {
    name: host,
    'data-dir': path(`data-${host}`),
    'listen-client-urls': 'https://0.0.0.0:2379',
    'advertise-client-urls': `https://${host}:2379`,
    'listen-peer-urls': 'http://0.0.0.0:2380',
    'initial-advertise-peer-urls': `http://${host}:2380`,
    'initial-cluster': hosts.map((one) => `${one}=http://${one}:2380`).join(','),
    'cert-file': path('server.pem'),
    'key-file': path('server-key.pem'),
    'trusted-ca-file': path('ca.pem'),
    'auto-compaction-retention': '1h',
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const script = 'setsid etcd "$@" --client-cert-auth >"$0" 2>&1 </dev/null &';
  await lab.exec(host, ['sh', '-c', script, path(`${host}.log`), ...args]);
}

const onHost = (host: string, args: readonly string[]): Promise<string> =>
  lab.exec(host, ['tsctl', ...args]);

test.before('a lab of three managers on an etcd of three members', async () => {
  const config = await mkdtemp(join(tmpdir(), 'tessera-test-'));
  certificates = await EtcdCertificates.make();
  await certificates.issue('server', hosts.map((host) => `DNS:${host}`).join(','));
  await certificates.issue('tessera');
  lab = new Lab('etcd', hosts, config);
  await lab.down();
  const files = { ca: 'ca.pem', cert: 'tessera.pem', key: 'tessera-key.pem' };
  const options = Object.entries(files).map(
    ([name, file]) => `--tesserad-arg=--store-${name}=${certificates.path(file)}`,
  );
  await lab.tsctl(
    ['lab', 'up', '--name', 'etcd', '--no-cluster', `--tesserad-arg=--store=${store}`, ...options],
    { deadlineMs: 180_000 },
  );
  await Promise.all(hosts.map(startEtcd));
  await poll('the cluster is made', () => onHost('host1', ['init']));
  const text = await onHost('host1', ['join-token', 'manager']);
  const command = /tsctl (join --token \S+ \S+)/.exec(text)?.[1] ?? '';
  for (const host of ['host2', 'host3']) await onHost(host, command.split(' '));
  await lab.tsctl(['image', 'load', busyboxArchive]);
});

endsLab(
  test,
  () => lab,
  () => certificates?.remove(),
);

async function leader(from: string): Promise<string> {
  const text = await onHost(from, ['node', 'ls']);
  const line = text.split('\n').find((row) => /Leader/.test(row)) ?? '';
  return /host\d/.exec(line)?.[0] ?? '';
}

test.serial('a host is lost with the leader and a member of etcd, and comes back', async (t) => {
  const loop = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];
  await lab.tsctl(['service', 'create', '--name', 'web', '--mode', 'global', 'busybox', ...loop]);
  await lab.awaitRunning('web', 3);
  const lost = await poll('a leader is known', () => leader('host1'));
  const rest = hosts.filter((host) => host !== lost);
  const other = rest[0] as string;
  const before = await lab.runningOf('web', rest);

  const killedAt = performance.now();
  await lab.fault('kill', lost);
  let attempt = 0;
  const name = await poll(
    'a write is accepted',
    async () => {
      const own = `after-${attempt++}`;
      await onHost(other, ['service', 'create', '-d', '--name', own, '--replicas', '0', 'busybox']);
      return own;
    },
    { everyMs: 20 },
  );
  const tookMs = performance.now() - killedAt;
  t.log(`next write after ${Math.round(tookMs)} ms`);
  t.deepEqual(await lab.runningOf('web', rest), before, 'containers have run on');
  t.regex(await onHost(other, ['cluster', 'status']), /does not answer/);

  await lab.start(lost);
  await startEtcd(lost);
  await poll(`${lost} is back`, async () => {
    const text = await onHost(other, ['node', 'ls']);
    return (text.match(/Ready/g) ?? []).length === 3 && !/Unreachable/.test(text);
  });
  await lab.awaitRunning('web', 3);
  for (const host of hosts)
    t.true((await onHost(host, ['service', 'ls', '--format', 'name'])).split('\n').includes(name));
});

test.serial(
  'without a majority of etcd nothing is acknowledged, and containers run on',
  async (t) => {
    const before = await lab.awaitRunning('web', 3);
    for (const host of ['host2', 'host3'])
      await lab.exec(host, ['sh', '-c', 'kill -STOP $(pidof etcd)']);
    const create = ['service', 'create', '-d', '--name', 'never', '--replicas', '0', 'busybox'];
    const refused = await lab.tryTsctl([
      ...['lab', 'exec', '--name', lab.name, 'host1', '--', 'tsctl'],
      ...create,
    ]);
    t.is(refused.code, 1);
    t.regex(refused.stderr, /etcd does not answer|no leader|not the leader|not known/i);
    t.deepEqual(await lab.runningOf('web'), before);
    for (const host of ['host2', 'host3'])
      await lab.exec(host, ['sh', '-c', 'kill -CONT $(pidof etcd)']);
    await poll('writes go on', () =>
      onHost('host1', [
        'service',
        'create',
        '-d',
        '--name',
        'healed',
        '--replicas',
        '0',
        'busybox',
      ]),
    );
    t.deepEqual(await lab.awaitRunning('web', 3), before);
  },
);
