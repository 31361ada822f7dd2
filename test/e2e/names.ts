/** Names on the kernel's own bridge, asked from a task's namespace: in namespaces of their own. */
import test from 'ava';
import { execFile, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { NameServer } from '#agent/dns/name-server-node';
import { LiveNetworkView } from '#agent/network-view/view';
import {
  Endpoint,
  Network,
  NetworkChanges,
  NetworkService,
  NetworkSpec,
  SubnetConfig,
} from '#proto';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { poll } from '#test/_support/poll';

const gateways = ['10.9.0.1', 'fd00:9::1'];

function sh(script: string): string {
  const done = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  return `${done.stdout}${done.status === 0 ? '' : `failed: ${done.stderr}`}`.trim();
}

/** The bridge as a network's is, and a task on it. */
const bridge = `ip link add br9 type bridge; ip link set br9 up
  ip address add 10.9.0.1/24 dev br9; ip address add fd00:9::1/64 dev br9 nodad
  ip link add v9 type veth peer name eth0 netns task; ip link set v9 master br9 up
  ip -n task address add 10.9.0.7/24 dev eth0
  ip -n task address add fd00:9::7/64 dev eth0 nodad; ip -n task link set eth0 up`;

const endpoint = (taskId: string, last: number, init: Partial<Endpoint> = {}): Endpoint =>
  Endpoint.create({
    networkId: 'net',
    taskId,
    serviceId: 's-web',
    nodeId: 'n1',
    address: `10.9.0.${last}`,
    addressV6: `fd00:9::${last}`,
    isServing: true,
    ...init,
  });

const told = NetworkChanges.create({
  isFull: true,
  networks: [
    Network.create({
      id: 'net',
      spec: NetworkSpec.create({ name: 'net' }),
      allocation: {
        vni: 4_097,
        subnets: gateways.map((gateway) => SubnetConfig.create({ gateway })),
      },
    }),
  ],
  services: [
    NetworkService.create({
      networkId: 'net',
      serviceId: 's-web',
      name: 'web',
      address: '10.9.0.2',
    }),
  ],
  endpoints: [endpoint('web1', 8, { slot: 1 }), endpoint('me', 7, { serviceId: 's-me' })],
});

const run = promisify(execFile);

/** What the task's own resolver makes of its question: addresses and names; none when it fails. */
async function lookUp(name: string, gateway = '10.9.0.1', type = 'a'): Promise<readonly string[]> {
  // The server is this process: it must not be kept waiting.
  const argv = ['netns', 'exec', 'task', 'busybox', 'nslookup', `-type=${type}`, name, gateway];
  const { stdout } = await run('ip', argv, { timeout: 20_000 }).catch(() => ({ stdout: '' }));
  const answer = stdout
    .split(/\n\s*\n/)
    .slice(1)
    .join('\n');
  return [...answer.matchAll(/(?:Address: |name = )(\S+)/g)].map(([, found = '']) => found);
}

if (runsInOwnNamespaces(test, import.meta.url)) {
  const view = new LiveNetworkView();
  const resolverPath = '/run/outside.conf';
  const outside = createSocket('udp4');
  const names = new NameServer({
    nodeId: 'n1',
    clock: systemClock(),
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
    resolverPaths: [resolverPath],
  });

  test.before(async () => {
    sh('ip link set lo up; ip netns add task; ip -n task link set lo up');
    writeFileSync(resolverPath, 'nameserver 127.0.0.1\n');
    // Answers A 192.0.2.1 to everything.
    outside.on('message', (asked, { port, address }) => {
      const record = Buffer.from('c00c000100010000003c0004c0000201', 'hex');
      const answer = Buffer.concat([asked, record]);
      answer.writeUInt16BE(0x8180, 2);
      answer.writeUInt16BE(1, 6);
      outside.send(answer, port, address);
    });
    outside.bind(53, '127.0.0.1');
    await once(outside, 'listening');
  });

  test.after.always(() => {
    names.close();
    outside.close();
  });

  test.serial('names are answered as soon as the bridge is there, by IPv4 and IPv6', async (t) => {
    await names.apply(view, view.apply(told));
    t.deepEqual(names.listening, []);
    sh(bridge);
    await poll('it listens', () => names.listening.length === 2);
    t.deepEqual(await lookUp('web'), ['10.9.0.2']);
    t.deepEqual(await lookUp('WEB', 'fd00:9::1'), ['10.9.0.2']);
    t.deepEqual(await lookUp('tasks.web'), ['10.9.0.8']);
    t.deepEqual(await lookUp('1.web', 'fd00:9::1', 'aaaa'), ['fd00:9::8']);
    t.deepEqual(await lookUp('8.0.9.10.in-addr.arpa', '10.9.0.1', 'ptr'), ['1.web']);
  });

  test.serial('what is none of our names is asked of the servers of the host', async (t) => {
    t.deepEqual(await lookUp('example.com'), ['192.0.2.1']);
  });

  test.serial('a task that serves no more is in no answer', async (t) => {
    const gone = endpoint('web1', 8, { slot: 1, isServing: false });
    await names.apply(view, view.apply(NetworkChanges.create({ endpoints: [gone] })));
    t.deepEqual(await lookUp('tasks.web'), []);
    await names.apply(view, view.apply(told));
    t.deepEqual(await lookUp('tasks.web'), ['10.9.0.8']);
  });

  test.serial('names go on being answered on a bridge that was made anew', async (t) => {
    sh('ip link delete br9; ip link delete v9');
    t.deepEqual(await lookUp('web'), []);
    sh(bridge);
    await poll('answers are back', async () => (await lookUp('web')).length > 0);
    t.deepEqual(await lookUp('web', 'fd00:9::1'), ['10.9.0.2']);
  });

  test.serial(
    'nobody else is answered: neither strangers nor other addresses of the host',
    async (t) => {
      sh(
        'ip -n task address add 10.9.0.99/24 dev eth0; ip -n task address delete 10.9.0.7/24 dev eth0',
      );
      t.deepEqual(await lookUp('web'), []);
      sh('ip address add 10.9.1.1/24 dev br9');
      t.deepEqual(await lookUp('web', '10.9.1.1'), []);
    },
  );
}
