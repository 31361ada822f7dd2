/** The bridge, its addresses and the kernel's switches of the default task network. */
import { writeFile } from 'node:fs/promises';
import { ClusterError } from '#lib';
import { runCommand } from '../containerd/command-node.ts';
import { addressNumber, contains, gatewayOf, parseSubnet, subnetText } from './subnet.ts';
import type { Subnet } from './subnet.ts';

interface RouteInfo {
  readonly dst?: string;
  readonly dev?: string;
  readonly type?: string;
}

/** Runs a tool that must succeed; its own words otherwise. RUNTIME_ERROR. */
export async function mustRun(
  argv: readonly string[],
  signal: AbortSignal,
  stdin = '',
): Promise<string> {
  const { stdout, stderr, exitCode } = await runCommand(argv, { signal, stdin });
  if (exitCode === 0) return stdout;
  const said = stderr.trim().replaceAll(/\s*\n\s*/g, '; ');
  throw new ClusterError('RUNTIME_ERROR', `${argv.slice(0, 3).join(' ')}: ${said}`);
}

/** The route of this host that overlaps with the subnet, other than the bridge's own. */
async function clash(
  subnet: Subnet,
  bridge: string,
  signal: AbortSignal,
): Promise<RouteInfo | undefined> {
  const routes = JSON.parse(
    (await mustRun(['ip', '-json', '-4', 'route', 'show', 'table', 'main'], signal)) || '[]',
  ) as RouteInfo[];
  return routes.find((route) => {
    if (route.dst === undefined || route.dst === 'default' || route.dev === bridge) return false;
    const [address = '', length = '32'] = route.dst.split('/');
    const base = addressNumber(address) ?? 0;
    const prefix = Number(length);
    // Not parseSubnet: routes may be to single hosts.
    const inside = contains(subnet, base);
    const around =
      prefix <= subnet.prefix && base === subnet.base - (subnet.base % 2 ** (32 - prefix));
    return inside || around;
  });
}

async function bridgeAddresses(bridge: string, signal: AbortSignal): Promise<readonly string[]> {
  const { stdout, exitCode } = await runCommand(['ip', '-json', '-4', 'address', 'show', bridge], {
    signal,
  });
  if (exitCode !== 0 || stdout.trim() === '') return [];
  const links = JSON.parse(stdout) as readonly {
    readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number }[];
  }[];
  return links.flatMap((link) =>
    (link.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  );
}

/**
 * The subnet to use: the one the bridge has already, else the first candidate that no route of the
 * host overlaps. FAILED_PRECONDITION naming the route when there is none.
 */
export async function chooseSubnet(
  candidates: readonly string[],
  bridge: string,
  signal: AbortSignal,
): Promise<Subnet> {
  const subnets = candidates.map(parseSubnet);
  const present = await bridgeAddresses(bridge, signal);
  const kept = subnets.find((one) => present.includes(`${gatewayOf(one)}/${one.prefix}`));
  if (kept !== undefined) return kept;
  let problem = 'no subnet is configured for the task network: set --task-subnet';
  for (const subnet of subnets) {
    const route = await clash(subnet, bridge, signal);
    if (route === undefined) return subnet;
    problem =
      `the task network's subnet ${subnetText(subnet)} overlaps with route ${route.dst} dev ` +
      `${route.dev} of this host: give tesserad another --task-subnet`;
  }
  throw new ClusterError('FAILED_PRECONDITION', problem);
}

async function writeSwitch(name: string, value: string): Promise<void> {
  const path = `/proc/sys/net/ipv4/${name}`;
  try {
    await writeFile(path, value);
  } catch (error) {
    const text = `cannot set ${path} to ${value}: is this process root, with /proc/sys writable?`;
    throw new ClusterError('RUNTIME_ERROR', text, { cause: error });
  }
}

/** Makes the bridge or repairs it. Idempotent. */
export async function setUpBridge(
  bridge: string,
  subnet: Subnet,
  signal: AbortSignal,
): Promise<void> {
  const wanted = `${gatewayOf(subnet)}/${subnet.prefix}`;
  const { exitCode } = await runCommand(['ip', 'link', 'show', 'dev', bridge], { signal });
  if (exitCode !== 0)
    await mustRun(['ip', 'link', 'add', 'name', bridge, 'type', 'bridge'], signal);
  const others = (await bridgeAddresses(bridge, signal)).filter((address) => address !== wanted);
  const lines = [
    ...others.map((address) => `address delete ${address} dev ${bridge}`),
    `address replace ${wanted} dev ${bridge}`,
    `link set dev ${bridge} up`,
    '',
  ];
  await mustRun(['ip', '-batch', '-'], signal, lines.join('\n'));
  await writeSwitch('ip_forward', '1');
  // Published ports answer on 127.0.0.1 too; the rules keep tasks from using that way.
  await writeSwitch(`conf/${bridge}/route_localnet`, '1');
}
