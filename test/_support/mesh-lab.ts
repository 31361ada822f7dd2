/**
 * Three nodes with an overlay between them, and a client outside, as network namespaces: links made by
 * hand as the overlay makes them, rules by the mesh itself. Needs namespaces of its own around it.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { silentLogger, silentMetrics } from '#lib';
import type { Logger } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { Mesh, nftHost } from '#agent/mesh/index';
import { LiveNetworkView } from '#agent/network-view/view';
import {
  Endpoint,
  HostAddresses,
  Network,
  NetworkAllocation,
  NetworkChanges,
  NetworkHost,
  NetworkService,
  NetworkSpec,
  PortConfig,
  SubnetConfig,
} from '#proto';
import { run } from './command.ts';
import { callerProgram, serverProgram } from './mesh-programs.ts';

export const nodes = { A: 1, B: 2, D: 4 } as const;
export type NodeName = keyof typeof nodes;
export const nodeNames = Object.keys(nodes) as NodeName[];
const othersOf = (name: NodeName): readonly NodeName[] =>
  nodeNames.filter((other) => other !== name);
const systemPath = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

const uplink = (n: number): string => `192.168.0.${n}`;
const uplink6 = (n: number): string => `fd01::${n}`;
export const addressesOf = (n: number) => ({ v4: `10.0.1.${n}`, v6: `fd10::${n}` });
const macOf = (n: number): string => `02:42:0a:00:01:${n.toString(16).padStart(2, '0')}`;
/** The node's own last number on the overlay. */
const ownNumber = (name: NodeName): number => 250 + nodes[name];

export const nodeAddress = (name: NodeName) => ({
  v4: uplink(nodes[name]),
  v6: uplink6(nodes[name]),
});
export const client = { v4: uplink(3), v6: uplink6(3) };
export const vip = addressesOf(2);

export async function sh(script: string): Promise<string> {
  return await run(['sh', '-e'], { input: script, env: systemPath });
}

async function makeHost(name: string, n: number): Promise<void> {
  await sh(`ip netns add ${name}
ip -n ${name} link set lo up
ip link add up${name} type veth peer name eth0 netns ${name}
ip link set up${name} master switch up
ip -n ${name} address add ${uplink(n)}/24 dev eth0
ip -n ${name} address add ${uplink6(n)}/64 dev eth0 nodad
ip -n ${name} link set eth0 up`);
}

async function makeOverlay(name: NodeName): Promise<void> {
  const own = addressesOf(ownNumber(name));
  const remote = othersOf(name).map((peer) => remoteLines(name, peer, ownNumber(peer)));
  await sh(`ip netns exec ${name} sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n ${name} link add br0 address ${macOf(ownNumber(name))} type bridge nf_call_iptables 1 nf_call_ip6tables 1
ip netns exec ${name} sysctl -qw net.ipv4.conf.br0.route_localnet=1
ip -n ${name} link set br0 mtu 1450 up
ip -n ${name} address add ${own.v4}/24 dev br0
ip -n ${name} address add 10.0.1.1/32 dev br0
ip -n ${name} address add ${own.v6}/64 dev br0 nodad
ip -n ${name} address add fd10::1/128 dev br0 nodad
ip -n ${name} link add vx0 type vxlan id 4097 dstport 4789 local ${uplink(nodes[name])} nolearning proxy
ip -n ${name} link set vx0 master br0 up
bridge -n ${name} link set dev vx0 learning off
ip -n ${name} neighbor add ${vip.v4} lladdr ${macOf(ownNumber(name))} dev vx0 nud permanent
ip -n ${name} neighbor add ${vip.v6} lladdr ${macOf(ownNumber(name))} dev vx0 nud permanent
${remote.join('\n')}`);
}

function remoteLines(name: NodeName, peer: NodeName, n: number): string {
  const { v4, v6 } = addressesOf(n);
  const mac = macOf(n);
  return `bridge -n ${name} fdb add ${mac} dev vx0 self dst ${uplink(nodes[peer])}
bridge -n ${name} fdb add ${mac} dev vx0 master static
ip -n ${name} neighbor add ${v4} lladdr ${mac} dev vx0 nud permanent
ip -n ${name} neighbor add ${v6} lladdr ${mac} dev vx0 nud permanent`;
}

export interface MeshNode {
  readonly mesh: Mesh;
  readonly view: LiveNetworkView;
}

export class MeshLab {
  readonly #tasks = new Map<string, { readonly node: NodeName; readonly number: number }>();
  readonly #children: ChildProcessWithoutNullStreams[] = [];
  readonly nodes = new Map<NodeName, MeshNode>();

  static async make(): Promise<MeshLab> {
    await sh('ip link add switch type bridge\nip link set switch up');
    for (const name of nodeNames) await makeHost(name, nodes[name]);
    await makeHost('C', 3);
    for (const name of nodeNames) await makeOverlay(name);
    const lab = new MeshLab();
    for (const name of nodeNames) await lab.startMesh(name);
    return lab;
  }

  /** A mesh without an earlier life's view; the kernel's table stays from the one before. */
  async startMesh(name: NodeName): Promise<void> {
    const old = this.nodes.get(name);
    old?.mesh.close();
    const mesh = new Mesh({
      nodeId: name,
      host: nftHost(['ip', 'netns', 'exec', name]),
      clock: systemClock(),
      random: systemRandom(),
      log: warningsOf(name),
      metrics: silentMetrics,
    });
    const view = new LiveNetworkView();
    this.nodes.set(name, { mesh, view });
    const known = old?.view;
    if (known === undefined) return;
    const changes = view.apply(
      NetworkChanges.create({
        isFull: true,
        networks: [...known.networks.values()],
        hosts: [...known.hosts.values()],
        endpoints: [...known.endpoints.values()],
        services: [...known.services.values()],
      }),
    );
    // What an earlier life knew, then the managers' word: the same.
    const first = mesh.apply(view, changes);
    await mesh.apply(view, view.apply(NetworkChanges.create({})));
    await first;
  }

  /** A task's namespace on a node, with a server in it. */
  async startTask(name: string, node: NodeName, number: number): Promise<void> {
    const { v4, v6 } = addressesOf(number);
    const remote = othersOf(node).map((other) => remoteLines(other, node, number));
    await sh(`ip netns add ${name}
ip -n ${name} link set lo up
ip -n ${node} link add v${name} type veth peer name eth0 address ${macOf(number)} mtu 1450 netns ${name}
ip -n ${name} address add ${v4}/24 dev eth0
ip -n ${name} address add ${v6}/64 dev eth0 nodad
ip -n ${name} link set eth0 up
ip -n ${name} route add default via 10.0.1.1
ip -n ${name} route add default via fd10::1
ip -n ${node} link set v${name} master br0 up
bridge -n ${node} link set dev v${name} hairpin on
${remote.join('\n')}`);
    this.#tasks.set(name, { node, number });
    await this.serve(name, name);
  }

  /** A server in a namespace that gives itself a name. */
  async serve(where: string, name: string): Promise<{ readonly stop: () => void }> {
    const server = this.#spawn(where, serverProgram, [name]);
    await once(server.stdout, 'data');
    return { stop: () => server.kill('SIGKILL') };
  }

  /** Tells all nodes; resolves when all have it in their kernels. */
  async tell(init: Partial<NetworkChanges>): Promise<void> {
    await Promise.all(
      [...this.nodes.values()].map(({ mesh, view }) =>
        mesh.apply(view, view.apply(NetworkChanges.create(init))),
      ),
    );
  }

  endpoint(task: string, init: Partial<Endpoint> = {}): Endpoint {
    const { node, number } = this.#tasks.get(task) ?? { node: 'A', number: 0 };
    const { v4: address, v6: addressV6 } = addressesOf(number);
    return Endpoint.create({
      networkId: 'n',
      taskId: task,
      nodeId: node,
      serviceId: 's',
      address,
      addressV6,
      isServing: true,
      ...init,
    });
  }

  /** The network, its nodes and one service of the tasks that are named. */
  async open(tasks: readonly string[], init: Partial<NetworkService> = {}): Promise<void> {
    await this.tell({
      isFull: true,
      networks: [network(false)],
      hosts: nodeNames.map(host),
      services: [service(init)],
      endpoints: tasks.map((task) => this.endpoint(task)),
    });
  }

  /** Answers to new connections or datagrams from a namespace, one for each. */
  async call(
    from: string,
    kind: 'tcp' | 'udp',
    to: string,
    port: number,
    count: number,
  ): Promise<readonly string[]> {
    const args = [kind, to, String(port), String(count)];
    const output = await run([...inside(from), process.execPath, '-e', callerProgram, ...args]);
    return output.trim().split('\n');
  }

  /** A caller that goes on until `end`. `ownPort`: its own; `load` has none. */
  caller(
    from: string,
    kind: 'load' | 'hold' | 'flow',
    to: string,
    port: number,
    ownPort = 0,
  ): Caller {
    const args = [kind, to, String(port), String(ownPort)];
    return new Caller(this.#spawn(from, callerProgram, args));
  }

  end(): void {
    for (const { mesh } of this.nodes.values()) mesh.close();
    for (const child of this.#children) child.kill('SIGKILL');
  }

  #spawn(where: string, program: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const [command = '', ...rest] = [...inside(where), process.execPath, '-e', program, ...args];
    const child = spawn(command, rest, { stdio: 'pipe' });
    this.#children.push(child);
    return child;
  }
}

/** What a mesh warns of belongs to a test's output: it tries again for ever. */
const warningsOf = (node: string): Logger => ({
  ...silentLogger,
  warn: (message, fields) => console.log(`${node}: ${message}`, fields),
});

const inside = (name: string): readonly string[] => ['nsenter', `--net=/run/netns/${name}`];

/** A caller that runs: lines in, lines out. */
export class Caller {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    return done === true ? 'ended' : String(value);
  }

  async ask(text: string): Promise<string> {
    this.#child.stdin.write(`${text}\n`);
    return await this.line();
  }

  /** Ends it; its last line. */
  async finish(): Promise<string> {
    this.#child.stdin.end();
    return await this.line();
  }
}

export const network = (isIsolated: boolean): Network =>
  Network.create({
    id: 'n',
    spec: NetworkSpec.create({ name: 'net', isIsolated }),
    allocation: NetworkAllocation.create({
      vni: 4097,
      subnets: [
        SubnetConfig.create({ subnet: '10.0.1.0/24', gateway: '10.0.1.1' }),
        SubnetConfig.create({ subnet: 'fd10::/64', gateway: 'fd10::1' }),
      ],
    }),
  });

const host = (name: NodeName): NetworkHost =>
  NetworkHost.create({
    networkId: 'n',
    nodeId: name,
    dataPathAddress: uplink(nodes[name]),
    addresses: HostAddresses.create({
      address: addressesOf(ownNumber(name)).v4,
      addressV6: addressesOf(ownNumber(name)).v6,
    }),
  });

export const port = (publishedPort: number, init: Partial<PortConfig> = {}): PortConfig =>
  PortConfig.create({ publishedPort, targetPort: 80, ...init });

export const service = (init: Partial<NetworkService> = {}): NetworkService =>
  NetworkService.create({
    networkId: 'n',
    serviceId: 's',
    name: 'web',
    address: vip.v4,
    addressV6: vip.v6,
    ...init,
  });
