/** Problems that one node sees on itself, in words. Pure. */
import { NetworkProblem } from '#proto';
import type { Network } from '#proto';
import type { Difference } from '../overlay/index.ts';
import { vxlanName } from '../overlay/index.ts';
import type { SocketOwner, VxlanDevice } from './doctor-host.ts';

const namesShown = 3;

/** The first few, and how many more there are. */
export function listed(texts: readonly string[]): string {
  const more = texts.length - namesShown;
  const shown = texts.slice(0, namesShown).join('; ');
  return more > 0 ? `${shown}; and ${more} more` : shown;
}

/** `complaint`: what the kernel said when the networks were last set up; empty = nothing. */
export function dataPathProblems(
  networks: readonly Network[],
  port: number,
  vxlans: readonly VxlanDevice[],
  sockets: readonly SocketOwner[],
  complaint: string,
): readonly NetworkProblem[] {
  const problems: NetworkProblem[] = [];
  const add = (what: string, evidence: string, remedy: string, networkId = ''): void => {
    problems.push(NetworkProblem.create({ check: 'data-path', networkId, what, evidence, remedy }));
  };
  for (const { owner } of sockets.filter((one) => isProcessAt(one, port)))
    add(
      `a process has UDP port ${port}, the overlay's`,
      `${owner} listens on it`,
      `stop it or give it another port: overlay packets reach it instead of the kernel. The overlay's own port is chosen once: 'tsctl init --data-path-port'`,
    );
  for (const network of networks) {
    const own = vxlanName(network.id);
    const vni = network.allocation?.vni ?? 0;
    const rival = vxlans.find((one) => one.vni === vni && one.port === port && one.name !== own);
    if (rival === undefined || vni === 0) continue;
    add(
      `another VXLAN device has number ${vni} at UDP port ${port}, which is the network's`,
      `${rival.name}, which is not Tessera's`,
      `remove it ('ip link delete ${rival.name}') or have its owner use another number or port`,
      network.id,
    );
  }
  if (complaint !== '')
    add(
      'the networks of this node are not all set up',
      `the kernel said: ${complaint}`,
      `mend what it names; the node tries again by itself, and its log says when it is done`,
    );
  return problems;
}

/** `hasIpv6`: now. A node that has had none since its agent began knows of no IPv6 subnet. */
export function ipv6Problems(
  networks: readonly Network[],
  hasIpv6: boolean,
): readonly NetworkProblem[] {
  const isUsed = networks.some(({ allocation }) =>
    allocation?.subnets.some(({ subnet }) => subnet.includes(':')),
  );
  if (hasIpv6 || !isUsed) return [];
  return [
    NetworkProblem.create({
      check: 'data-path',
      what: 'IPv6 has been switched off on this node since its tesserad began',
      evidence:
        'net.ipv6.conf.all.disable_ipv6 or net.ipv6.conf.default.disable_ipv6 is not 0, and networks here have IPv6 addresses',
      remedy:
        'set both to 0; or, where IPv6 is to stay off, restart tesserad: its networks then have IPv4 alone, and tunnels of encrypted ones are set up again',
    }),
  ];
}

const isProcessAt = (one: SocketOwner, port: number): boolean =>
  one.protocol === 'udp' && one.port === port && one.owner !== '';

/** `kept`: not published here, a process has it; `contested`: published over a process. Both `6 . 8080`. */
export function portProblems(
  clashes: { readonly kept: ReadonlySet<string>; readonly contested: ReadonlySet<string> },
  sockets: readonly SocketOwner[],
): readonly NetworkProblem[] {
  const problem = (name: string, isKept: boolean): NetworkProblem => {
    const [number = '', port = ''] = name.split(' . ');
    const protocol = number === '17' ? 'udp' : 'tcp';
    const owners = sockets.filter((one) => one.protocol === protocol && one.port === Number(port));
    const owner = owners.find((one) => one.owner !== '')?.owner ?? 'a process';
    return NetworkProblem.create({
      check: 'ports',
      what: isKept
        ? `port ${port}/${protocol} is published by a service but not on this node`
        : `a process listens on port ${port}/${protocol} in vain: a service has published it`,
      evidence: `${owner} listens on it${isKept ? ' since before it was published' : ''}`,
      remedy: isKept
        ? `stop it, and the port is published here within 30 s; or publish another port ('tsctl service update --publish-add')`
        : `give it another port, or publish another one ('tsctl service update --publish-rm')`,
    });
  };
  return [
    ...[...clashes.kept].map((name) => problem(name, true)),
    ...[...clashes.contested].map((name) => problem(name, false)),
  ];
}

export interface NameCheck {
  readonly networkId: string;
  readonly server: string;
  readonly name: string;
  /** As the view has it. */
  readonly expected: readonly string[];
  readonly got: readonly string[] | undefined;
}

const isRight = ({ expected, got }: NameCheck): boolean =>
  got !== undefined &&
  got.length === expected.length &&
  expected.every((address) => got.includes(address));

export function nameProblems(checks: readonly NameCheck[]): readonly NetworkProblem[] {
  return checks
    .filter((check) => !isRight(check))
    .map(({ networkId, server, name, expected, got }) => {
      const should = expected.join(', ');
      return NetworkProblem.create({
        check: 'names',
        networkId,
        what:
          got === undefined
            ? `this node's name server does not answer at ${server}`
            : `the name '${name}' is answered wrongly at ${server}`,
        evidence:
          got === undefined
            ? `no answer for '${name}' within 2 s; it should be ${should}`
            : `answered ${got.join(', ') || 'nothing'}, should be ${should}`,
        remedy: `see who has port 53 there ('ss -lunp sport = :53') and what the node's log says of 'names'; restarting tesserad there costs no task anything`,
      });
    });
}

export function resolverProblems(
  resolvers: readonly string[],
  silent: readonly string[],
): readonly NetworkProblem[] {
  const problem = (what: string, evidence: string): NetworkProblem =>
    NetworkProblem.create({
      check: 'names',
      what,
      evidence,
      remedy:
        "name a server that answers in this node's /etc/resolv.conf, or give services their own (--dns)",
    });
  if (resolvers.length === 0)
    return [
      problem(
        'tasks of this node look up no names of the outside',
        '/etc/resolv.conf names no server',
      ),
    ];
  if (silent.length === 0) return [];
  const isAll = silent.length === resolvers.length;
  return [
    problem(
      isAll
        ? 'tasks of this node look up no names of the outside'
        : 'names of the outside are slow on this node',
      `${silent.length} of ${resolvers.length} servers of /etc/resolv.conf do not answer within 4 s: ${silent.join(', ')}`,
    ),
  ];
}

/** `differences` of the overlay, `meshTexts` of the mesh: each seen twice, a second apart. */
export function entryProblems(
  differences: readonly Difference[],
  meshTexts: readonly string[],
): readonly NetworkProblem[] {
  const problems: NetworkProblem[] = [];
  if (differences.length > 0)
    problems.push(
      NetworkProblem.create({
        check: 'entries',
        what: `${count(differences.length, 'entry', 'entries')} of links, neighbours, forwarding or rules ${differences.length === 1 ? 'is' : 'are'} not as the managers say`,
        evidence: listed(differences.map(textOf)),
        remedy:
          "the node mends this by itself within 15 s; when it comes back ('tessera_overlay_mended_total' goes on growing), another tool of this host changes Tessera's devices or rules: stop it",
      }),
    );
  if (meshTexts.length > 0)
    problems.push(
      NetworkProblem.create({
        check: 'entries',
        what: `${count(meshTexts.length, 'rule', 'rules')} of virtual addresses and published ports ${meshTexts.length === 1 ? 'is' : 'are'} not as the managers say`,
        evidence: listed(meshTexts),
        remedy:
          "the node mends this by itself within 5 min, or at once when tesserad is restarted; when it comes back, another tool of this host changes the table 'inet tessera_mesh' or flushes all rules: stop it",
      }),
    );
  return problems;
}

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

function textOf({ key, wanted, present }: Difference): string {
  const is = present === '' ? 'there' : present;
  if (wanted === undefined) return `${key}: stale${is === 'there' ? '' : ` (${is})`}`;
  if (present === undefined) return `${key}: missing${wanted === '' ? '' : ` (${wanted})`}`;
  return `${key}: ${is}, should be ${wanted}`;
}
