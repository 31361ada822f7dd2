/** Two hosts of the kernel's own, joined by a wire, and tasks on them: in namespaces of their own. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { newId, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { attachFailures, attachScript } from '#agent/network/attach-script';
import { namespaceName } from '#agent/network/ip-commands';
import { parseSubnet } from '#agent/network/subnet';
import { LiveNetworkView } from '#agent/network-view/view';
import type { TaskLink } from '#agent/overlay/index';
import { kernelHost, Overlay } from '#agent/overlay/index';
import { bridgeName, vxlanName } from '#agent/overlay/names';
import { Endpoint, Network, NetworkAddress, NetworkChanges, NetworkHost } from '#proto';
import { NetworkService, NetworkSpec, SubnetConfig } from '#proto';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { poll } from '#test/_support/poll';

const random = systemRandom();
const noMending = (): void => undefined;
/** Behind the hosts' wire. */
const outside = '10.88.0.254';
const signal = new AbortController().signal;

function sh(script: string, within = ''): string {
  const enter = within === '' ? [] : ['nsenter', `--net=/run/netns/${within}`];
  const [file, ...args] = [...enter, 'sh', '-c', script] as const;
  const done = spawnSync(file, args, {
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  return `${done.stdout}${done.status === 0 ? '' : `failed: ${done.stderr}`}`.trim();
}

/** 0 or 100. */
const pings = (from: string, to: string, more = ''): boolean =>
  / 0% packet loss/.test(sh(`ping -c 1 -W 2 ${more} ${to}`, from));

interface Place {
  readonly host: Host;
  readonly taskId: string;
  readonly namespace: string;
  readonly addresses: readonly NetworkAddress[];
}

class Host {
  readonly name: string;
  readonly path: string;
  overlay: Overlay;
  view = new LiveNetworkView();
  readonly links = new Map<string, readonly TaskLink[]>();

  constructor(index: number) {
    this.name = `h${index}`;
    this.path = `10.88.0.${index}`;
    this.overlay = this.#open();
    this.overlay.start(new Map(), noMending);
  }

  #open(): Overlay {
    return new Overlay({
      nodeId: this.name,
      host: kernelHost(['nsenter', `--net=/run/netns/${this.name}`]),
      clock: systemClock(),
      random,
      log: silentLogger,
      metrics: silentMetrics,
      readPeriodMs: 1_000,
    });
  }

  /** The agent alone: its successor knows what the managers tell, and which tasks are here. */
  async restart(): Promise<void> {
    await this.overlay.stop();
    this.overlay = this.#open();
    this.view = new LiveNetworkView();
    this.overlay.start(this.links, noMending);
    await this.tell(message);
  }

  async tell(changes: NetworkChanges): Promise<void> {
    await this.overlay.apply(this.view, this.view.apply(changes));
  }

  sh(script: string): string {
    return sh(script, this.name);
  }
}

const hosts: Host[] = [];
const networks = new Map<string, Network>();
let message = NetworkChanges.create({ isFull: true });

/** To both. */
async function tell(part: Partial<NetworkChanges>): Promise<void> {
  const next = NetworkChanges.create({ ...message, ...part });
  message = next;
  await Promise.all(hosts.map((host) => host.tell(next)));
}

let made = 0;
async function makeNetwork(spec: Partial<NetworkSpec> = {}): Promise<Network> {
  const i = ++made;
  const network = Network.create({
    id: newId(random),
    spec: NetworkSpec.create({ name: `net${i}`, ...spec }),
    allocation: {
      vni: 4_096 + i,
      subnets: [
        SubnetConfig.create({ subnet: `10.5.${i}.0/24`, gateway: `10.5.${i}.1` }),
        SubnetConfig.create({ subnet: `fd00:5:${i}::/64`, gateway: `fd00:5:${i}::1` }),
      ],
    },
  });
  networks.set(network.id, network);
  await tell({
    networks: [...message.networks, network],
    hosts: [
      ...message.hosts,
      ...hosts.map((host, n) =>
        NetworkHost.create({
          networkId: network.id,
          nodeId: host.name,
          dataPathAddress: host.path,
          addresses: { address: `10.5.${i}.${250 + n}`, addressV6: `fd00:5:${i}::f${n}` },
        }),
      ),
    ],
  });
  return network;
}

const numberOf = (network: Network): string =>
  network.allocation?.subnets[0]?.subnet.split('.')[2] ?? '';

async function run(host: Host, on: readonly Network[], last: number): Promise<Place> {
  const taskId = newId(random);
  const addresses = on.map((network) =>
    NetworkAddress.create({
      networkId: network.id,
      address: `10.5.${numberOf(network)}.${last}`,
      addressV6: `fd00:5:${numberOf(network)}::${last}`,
    }),
  );
  const links = await host.overlay.linksFor(taskId, addresses, signal);
  const tasks = [{ taskId, address: addresses[0]?.address ?? '', links }];
  const script = attachScript(tasks, 'none', parseSubnet('10.200.0.0/16'));
  const file = `/run/script-${taskId}`;
  sh(`cat > ${file} <<'SCRIPT'\n${script}SCRIPT`);
  const failures = attachFailures(host.sh(`sh ${file}`) + '\n', tasks);
  if (failures.size > 0) throw new Error([...failures.values()].join());
  host.overlay.attached(taskId, links);
  host.links.set(taskId, links);
  const place = { host, taskId, namespace: namespaceName(taskId), addresses };
  await tell({
    endpoints: [
      ...message.endpoints,
      ...addresses.map(({ networkId, address, addressV6 }) =>
        Endpoint.create({
          networkId,
          taskId,
          nodeId: host.name,
          address,
          addressV6,
          isServing: true,
        }),
      ),
    ],
  });
  return place;
}

const addressOf = (place: Place, i = 0): string => place.addresses[i]?.address ?? '';
const sent = (host: Host, network: Network): number =>
  Number(host.sh(`cat /sys/class/net/${vxlanName(network.id)}/statistics/tx_packets`));

/** What of the rest of the world is this network namespace's: for `ip -json` and files of /sys. */
function serve(t: ExecutionContext, within: string, port: number): void {
  const script = `require('node:net').createServer((s) => s.on('error', () => 0).end(s.remoteAddress)).listen(${port}, '::', () => console.log('on'))`;
  const child = spawn('nsenter', [`--net=/run/netns/${within}`, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => void child.kill('SIGKILL'));
}

function ask(from: string, address: string, port: number): string {
  const script =
    `const s = require('node:net').connect(${port}, '${address}'); s.setTimeout(1500, () => { console.log('silence'); process.exit(); });` +
    `s.on('error', (e) => { console.log(e.code); process.exit(); }); s.on('data', (d) => process.stdout.write(d));`;
  return spawnSync('nsenter', [`--net=/run/netns/${from}`, process.execPath, '-e', script], {
    encoding: 'utf8',
  }).stdout.trim();
}

if (runsInOwnNamespaces(test, import.meta.url, 'ava.config.js')) {
  let blue: Network;
  let red: Network;

  test.before(async () => {
    sh(`ip link add lan type bridge; ip link set lan up; ip address add 10.88.0.254/24 dev lan`);
    for (const i of [1, 2])
      sh(`ip netns add h${i}
        ip link add up${i} type veth peer name eth0 netns h${i}; ip link set up${i} master lan up
        ip -n h${i} link set lo up; ip -n h${i} link set eth0 up
        ip -n h${i} address add 10.88.0.${i}/24 dev eth0; ip -n h${i} route add default via 10.88.0.254
        nsenter --net=/run/netns/h${i} sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter'`);
    for (const i of [1, 2]) hosts.push(new Host(i));
    blue = await makeNetwork();
    red = await makeNetwork({ isInternal: true });
  });
  test.after.always(async () => {
    for (const { overlay } of hosts) await overlay.stop();
  });

  const [one, two] = [() => hosts[0] as Host, () => hosts[1] as Host];

  test.serial(
    'tasks of two hosts are on one wire, in both families and at full size',
    async (t) => {
      const a = await run(one(), [blue], 11);
      const b = await run(two(), [blue], 12);
      const c = await run(one(), [blue], 13);
      for (const [from, to] of [
        [a, b],
        [b, a],
        [a, c],
        [c, b],
      ] as const) {
        t.true(pings(from.namespace, addressOf(to)), `${addressOf(from)} to ${addressOf(to)}`);
        t.true(pings(from.namespace, to.addresses[0]?.addressV6 ?? ''), 'IPv6');
      }
      t.regex(sh('cat /sys/class/net/eth0/mtu; ip link show eth0', a.namespace), /mtu 1450/);
      t.true(pings(a.namespace, addressOf(b), '-M do -s 1422'), 'the largest packet');
      t.false(pings(a.namespace, addressOf(b), '-M do -s 1423'), 'one byte more');
      t.true(pings(one().name, addressOf(b)), 'the host itself reaches a task elsewhere');
      const connections = one().sh('conntrack -L -p udp 2>/dev/null || :');
      t.notRegex(connections, /dport=4789/, 'packets on the wire are no connections of the host');
      t.regex(one().sh('nft list set inet tessera_overlay wires'), /\b4789\b/);
      t.regex(sh('ip neigh show dev eth0', a.namespace), /10\.5\.1\.12 lladdr 02:42:0a:05:01:0c/);
    },
  );

  test.serial(
    'nothing is flooded: who is not there is asked for in vain, and not on the wire',
    async (t) => {
      const a = await run(one(), [blue], 21);
      const before = sent(one(), blue);
      t.false(pings(a.namespace, '10.5.1.99'));
      sh('ping -c 3 -W 1 -b 10.5.1.255; ping -c 3 -W 1 ff02::1%eth0', a.namespace);
      sh('ip neigh replace 10.5.1.98 lladdr 02:42:0a:05:01:62 dev eth0', a.namespace);
      t.false(pings(a.namespace, '10.5.1.98'), 'a MAC that nobody has');
      t.is(sent(one(), blue), before);
      t.true(pings(a.namespace, '10.5.1.1'), 'the gateway is the own host');
      t.is(sent(one(), blue), before);
    },
  );

  test.serial('networks are apart, and the host is closed to tasks', async (t) => {
    const a = await run(one(), [blue], 31);
    const b = await run(one(), [red], 32);
    const c = await run(two(), [red], 33);
    t.true(pings(b.namespace, addressOf(c)));
    t.false(pings(a.namespace, addressOf(b)));
    t.false(pings(a.namespace, addressOf(c)));
    serve(t, b.namespace, 80);
    serve(t, one().name, 22);
    serve(t, one().name, 53);
    await poll(
      'they serve',
      () =>
        ask(b.namespace, addressOf(b), 80) !== 'ECONNREFUSED' &&
        ask('h1', '127.0.0.1', 22) !== 'ECONNREFUSED' &&
        ask('h1', '127.0.0.1', 53) !== 'ECONNREFUSED',
    );
    t.not(ask(a.namespace, addressOf(b), 80), `::ffff:${addressOf(a)}`);
    t.is(ask(c.namespace, addressOf(b), 80), `::ffff:${addressOf(c)}`);
    t.is(ask(a.namespace, '10.5.1.1', 22), 'ECONNREFUSED');
    t.is(ask(a.namespace, '10.88.0.1', 22), 'ECONNREFUSED');
    t.is(ask(a.namespace, '10.5.1.1', 53), `::ffff:${addressOf(a)}`, 'names');
    t.not(ask(a.namespace, '10.88.0.1', 53), `::ffff:${addressOf(a)}`, 'elsewhere not');
    t.not(ask('h2', addressOf(b), 80), `::ffff:10.88.0.2`, 'nor is a task open to the outside');
  });

  test.serial(
    'tasks reach the outside by their host, but not from an internal network',
    async (t) => {
      const a = await run(one(), [blue], 41);
      const b = await run(one(), [red], 42);
      const both = await run(one(), [red, blue], 43);
      t.true(pings(a.namespace, '10.88.0.254'));
      t.false(pings(b.namespace, '10.88.0.254'));
      t.true(pings(both.namespace, '10.88.0.254'), 'by the first that leads out');
      t.regex(sh('ip route', both.namespace), /default via 10\.5\.1\.1 dev eth1/);
      t.regex(
        sh('ip route get 10.88.0.254 from 10.5.2.43', both.namespace),
        /via 10\.5\.2\.1 dev eth0/,
      );
      t.regex(
        sh('ip route get fd00:5:1::41 from fd00:5:2::43', both.namespace),
        /via fd00:5:2::1 dev eth0/,
      );
      t.regex(
        sh('ip route get 10.5.1.41 from 10.5.2.43', both.namespace),
        /via 10\.5\.2\.1 dev eth0/,
      );
    },
  );

  test.serial('a virtual address is answered by the own host', async (t) => {
    const a = await run(two(), [blue], 51);
    const service = NetworkService.create({
      networkId: blue.id,
      serviceId: 's',
      address: '10.5.1.5',
    });
    await tell({ services: [service] });
    const before = sent(two(), blue);
    t.true(pings(a.namespace, '10.5.1.5'));
    t.is(sent(two(), blue), before);
    await tell({ services: [] });
    t.false(pings(a.namespace, '10.5.1.5'));
  });

  test.serial('what someone breaks is mended', async (t) => {
    const a = await run(one(), [blue], 71);
    const b = await run(two(), [blue], 72);
    const bridge = bridgeName(blue.id);
    const tunnel = vxlanName(blue.id);
    const mac = '02:42:0a:05:01:48';
    for (const damage of [
      `bridge fdb del ${mac} dev ${tunnel} self`,
      `bridge fdb del ${mac} dev ${tunnel} master`,
      `ip neigh del ${addressOf(b)} dev ${tunnel}`,
      `ip link del ${tunnel}`,
      `ip link set ${tunnel} nomaster`,
      `ip link set ${bridge} down`,
      `ip link del ${bridge}`,
      `ip address flush dev ${bridge}`,
      'nft flush ruleset',
    ]) {
      one().sh(damage);
      sh('ip neigh flush dev eth0', a.namespace);
      const text = `${damage} is mended`;
      await poll(text, () => pings(a.namespace, addressOf(b)) && pings(a.namespace, outside));
      t.pass(text);
    }
  });

  test.serial('a new agent takes over what is there without losing a packet', async (t) => {
    const a = await run(one(), [blue], 81);
    const b = await run(two(), [blue], 82);
    const args = ['-i', '0.01', '-c', '300', addressOf(b)];
    const child = spawn('nsenter', [`--net=/run/netns/${a.namespace}`, 'ping', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    for (const host of hosts) await host.restart();
    await closed;
    t.regex(output, /300 packets transmitted, 300 received/);
  });

  test.serial(
    'a task that moves is reached at once; of one that is gone nothing is left',
    async (t) => {
      const a = await run(one(), [blue], 61);
      const b = await run(two(), [blue], 62);
      t.true(pings(a.namespace, addressOf(b)));
      const kept = message.endpoints.filter(({ taskId }) => taskId !== b.taskId);
      const startedMs = performance.now();
      await tell({ endpoints: kept });
      const tookMs = performance.now() - startedMs;
      t.log(`gone after ${tookMs.toFixed(1)} ms`);
      t.true(tookMs < 2_000);
      t.notRegex(one().sh('bridge fdb; ip neigh'), /02:42:0a:05:01:3e/);
      sh(`ip netns delete ${b.namespace}`);
      two().overlay.detached(b.taskId, two().links.get(b.taskId) ?? []);
      const moved = await run(one(), [blue], 62);
      t.true(pings(a.namespace, addressOf(moved)));
      await tell({ hosts: message.hosts.filter(({ nodeId }) => nodeId !== 'h2') }).catch(
        () => undefined,
      );
      t.notRegex(one().sh('bridge fdb'), /10\.88\.0\.2/);
    },
  );
}
