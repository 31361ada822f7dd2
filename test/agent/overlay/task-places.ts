/** Tasks on the networks of one real host: modes, driver bridge, two networks, links mended. */
import test from 'ava';
import { spawnSync } from 'node:child_process';
import { newId, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import type { NetworkRequest } from '#agent';
import { BridgeNetworks } from '#agent/network/index';
import { LiveNetworkView } from '#agent/network-view/view';
import { kernelHost, Overlay } from '#agent/overlay/index';
import { Network, NetworkAddress, NetworkChanges, NetworkDriver, NetworkHost } from '#proto';
import { NetworkSpec, PortConfig, SubnetConfig } from '#proto';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { poll } from '#test/_support/poll';

const random = systemRandom();
const { signal } = new AbortController();
const basics = { clock: systemClock(), random, log: silentLogger, metrics: silentMetrics };

function sh(script: string): string {
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  return `${stdout}${status === 0 ? '' : `failed: ${stderr}`}`.trim();
}

const within = (namespacePath: string, script: string): string =>
  sh(`nsenter --net=${namespacePath} sh -c '${script}'`);

function network(id: string, i: number, spec: Partial<NetworkSpec>): Network {
  return Network.create({
    id: id.repeat(25),
    spec: NetworkSpec.create({ name: id, driver: NetworkDriver.BRIDGE, ...spec }),
    allocation: {
      vni: 0,
      subnets: [SubnetConfig.create({ subnet: `10.7.${i}.0/24`, gateway: `10.7.${i}.1` })],
    },
  });
}

const local = network('l', 1, {});
const inner = network('i', 2, { isInternal: true, mtu: 1_300 });

function open() {
  const overlay = new Overlay({ ...basics, nodeId: 'self', host: kernelHost(), readPeriodMs: 500 });
  const statePath = '/run/tessera/networks.json';
  const networks = new BridgeNetworks({ ...basics, statePath, overlay });
  const view = new LiveNetworkView();
  return {
    networks,
    overlay,
    start: async (): Promise<void> => {
      await networks.start(signal);
      const all = NetworkChanges.create({ isFull: true, networks: [local, inner] });
      await overlay.apply(view, view.apply(all));
    },
  };
}

const request = (init: Partial<NetworkRequest> = {}): NetworkRequest => ({
  taskId: newId(random),
  hostname: 'x',
  mode: 'bridge',
  networks: [],
  ports: [],
  ...init,
});

const at = (one: Network, last: number): NetworkAddress =>
  NetworkAddress.create({
    networkId: one.id,
    address: `10.7.${one === local ? 1 : 2}.${last}`,
  });

if (runsInOwnNamespaces(test, import.meta.url, 'ava.config.js')) {
  test.before(() => {
    sh(`ip netns add outside
      ip link add o0 type veth peer name eth0 netns outside
      ip address add 192.168.99.1/24 dev o0; ip link set o0 up
      ip -n outside address add 192.168.99.2/24 dev eth0; ip -n outside link set eth0 up`);
  });
  const isUp = /, 0% packet loss/;

  test.serial('modes: the host itself, nothing at all, and the bridge as ever', async (t) => {
    const { networks, overlay, start } = open();
    await start();
    const host = await networks.attach(request({ mode: 'host' }), signal);
    t.like(host, { namespacePath: '', address: '' });
    const none = await networks.attach(request({ mode: 'none' }), signal);
    t.is(within(none.namespacePath, 'ip -br link').split('\n').length, 1);
    t.regex(within(none.namespacePath, 'ping -c 1 -W 2 127.0.0.1'), isUp);
    const plain = await networks.attach(request(), signal);
    t.regex(within(plain.namespacePath, 'ping -c 1 -W 2 192.168.99.2'), isUp);
    t.deepEqual((await networks.list(signal)).length, 3);
    for (const { taskId } of await networks.list(signal)) await networks.detach(taskId, signal);
    await overlay.stop();
  });

  test.serial('an attachment that could not be saved is made the next time', async (t) => {
    const { networks, overlay, start } = open();
    t.teardown(() => overlay.stop());
    await start();
    const asked = request({ networks: [at(local, 60)] });
    sh('mkdir /run/tessera/networks.json.new');
    await t.throwsAsync(networks.attach(asked, signal), { code: 'RUNTIME_ERROR' });
    sh('rmdir /run/tessera/networks.json.new');
    const { namespacePath } = await networks.attach(asked, signal);
    t.regex(within(namespacePath, 'ip -br address show eth0'), /10\.7\.1\.60\/24/);
    // Who is asked for a moment too early is asked for again soon, not after the kernel's second.
    t.regex(within(namespacePath, 'ip -4 ntable show dev eth0'), /retrans 100\b/);
    await networks.detach(asked.taskId, signal);
  });

  test.serial('a data path of IPv6 is read back as it was made', async (t) => {
    const { overlay, start } = open();
    t.teardown(() => overlay.stop());
    await start();
    const id = 'v'.repeat(25);
    const vxlan = {
      ...network('v', 3, { driver: NetworkDriver.OVERLAY }),
      allocation: {
        vni: 4_097,
        subnets: [SubnetConfig.create({ subnet: '10.7.3.0/24', gateway: '10.7.3.1' })],
      },
    };
    const view = new LiveNetworkView();
    const host = (nodeId: string, n: number): NetworkHost =>
      NetworkHost.create({
        networkId: id,
        nodeId,
        dataPathAddress: `fd99::${n}`,
        addresses: { address: `10.7.3.${n}`, addressV6: '' },
      });
    const hosts = [host('self', 8), host('other', 9)];
    const all = NetworkChanges.create({ isFull: true, networks: [vxlan], hosts });
    await overlay.apply(view, view.apply(all));
    t.regex(sh('ip -d link show tsvvvvvvvvvvvvv'), /mtu 1430 .*vxlan id 4097 local fd99::8/s);
    t.regex(
      sh('bridge fdb show dev tsvvvvvvvvvvvvv'),
      /02:42:0a:07:03:09 dst fd99::9 self permanent/,
    );
    const indexOf = () => sh('cat /sys/class/net/tsvvvvvvvvvvvvv/ifindex');
    const before = indexOf();
    sh('ip neigh delete 10.7.3.9 dev tsvvvvvvvvvvvvv');
    const neighbours = () => sh('ip neigh show dev tsvvvvvvvvvvvvv');
    await poll('a neighbour is back', () => neighbours().includes('10.7.3.9'));
    t.is(indexOf(), before, 'what is right was not made again');
    const none = NetworkChanges.create({ isFull: true });
    await overlay.apply(view, view.apply(none));
    t.notRegex(sh('ip -br link'), /ts[bv]v/);
  });

  test.serial(
    'a task on two networks: ways out, published ports, a link mended, an agent restarted',
    async (t) => {
      const first = open();
      t.teardown(() => first.overlay.stop());
      await first.start();
      const ports = [PortConfig.create({ publishedPort: 8_080, targetPort: 80 })];
      const wanted = request({ networks: [at(inner, 11), at(local, 11)], ports });
      const task = await first.networks.attach(wanted, signal);
      t.is(task.address, '10.7.2.11');
      const other = await first.networks.attach(request({ networks: [at(local, 12)] }), signal);
      const inTask = (script: string): string => within(task.namespacePath, script);
      t.regex(inTask('ip link show eth0'), /mtu 1300/);
      t.regex(inTask('ping -c 1 -W 2 192.168.99.2'), isUp, 'by the one that leads out');
      t.regex(inTask('ping -c 1 -W 2 10.7.1.12'), isUp);
      t.notRegex(inTask('ping -c 1 -W 1 -I 10.7.2.11 192.168.99.2'), isUp, 'internal');
      sh(`ip link del ${task.links[1]?.link}`);
      t.notRegex(inTask('ping -c 1 -W 1 10.7.1.12'), isUp);
      await poll('the link is back', () => isUp.test(inTask('ping -c 1 -W 1 10.7.1.12')));
      t.regex(inTask('ip route get 192.168.99.2 from 10.7.2.11'), /via 10\.7\.2\.1 dev eth0/);
      await first.overlay.stop();
      const second = open();
      t.teardown(() => second.overlay.stop());
      await second.start();
      t.deepEqual((await second.networks.list(signal)).length, 2);
      t.deepEqual(await second.networks.attach(wanted, signal), task);
      t.regex(inTask('ping -c 1 -W 2 10.7.1.12'), isUp);
      t.is(sh('bridge link | grep -c "te[01]"'), '3');
      for (const { taskId } of [task, other]) await second.networks.detach(taskId, signal);
      await poll('no link is left', () => !/: te[01]/.test(sh('ip link')));
    },
  );
}
