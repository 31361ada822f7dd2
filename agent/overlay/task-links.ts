/** A task's places on its networks, and the lines for `ip -batch` that make them; pure. */
import type { NetworkAddress, NetworkHost } from '#proto';
import { ClusterError } from '#lib';
import { hostKey } from '../network-view/view.ts';
import type { NetworkView } from '../network-view/view.ts';
import { macOf } from '../network/subnet.ts';
import { bridgeName, networksPerTaskMax, taskLinkName } from './names.ts';
import { mtuOf, rangesOf } from './network-plan.ts';

/** One network of a task. */
export interface TaskLink {
  readonly networkId: string;
  /** The host's end. */
  readonly link: string;
  readonly bridge: string;
  /** The task's end: `eth0`, `eth1`, ... in the order of Task.networks. */
  readonly device: string;
  readonly mtu: number;
  readonly address: string;
  /** CIDR. */
  readonly subnet: string;
  readonly gateway: string;
  /** Empty without IPv6. */
  readonly addressV6: string;
  readonly subnetV6: string;
  readonly gatewayV6: string;
  /** The task's way to everywhere else. */
  readonly isDefault: boolean;
}

/**
 * The links of a task whose networks are all in the view. INVALID_SPEC for more networks than a task
 * may have.
 */
export function taskLinks(
  view: NetworkView,
  nodeId: string,
  mtus: ReadonlyMap<string, number>,
  taskId: string,
  addresses: readonly NetworkAddress[],
): readonly TaskLink[] {
  if (addresses.length > networksPerTaskMax)
    throw new ClusterError(
      'INVALID_SPEC',
      `a task can be on ${networksPerTaskMax} networks at most, this one is on ${addresses.length}`,
    );
  const networks = addresses.map(({ networkId }) => view.networks.get(networkId));
  const isOut = networks.map((network) => network?.spec?.isInternal !== true);
  const isUsers = networks.map((network) => network?.isIngress !== true);
  // By the ingress network, because a datagram's answer has the address of the way out unless the task
  // says otherwise, and callers of published ports are outside. Internal networks alone have no way.
  const canLeave = !isUsers.includes(true) || isOut.some((out, i) => out && isUsers[i] === true);
  const ingress = isUsers.indexOf(false);
  const first = isOut.indexOf(true);
  const chosen = !canLeave ? -1 : ingress >= 0 && isOut[ingress] === true ? ingress : first;
  return addresses.flatMap(({ networkId, address, addressV6 }, i) => {
    const network = networks[i];
    if (network === undefined) return [];
    const { v4, v6 } = rangesOf(network);
    const self: NetworkHost | undefined = view.hosts.get(hostKey(networkId, nodeId));
    const link: TaskLink = {
      networkId,
      link: taskLinkName(taskId, i),
      bridge: bridgeName(networkId),
      device: `eth${i}`,
      mtu: mtuOf(network, self, mtus.get(self?.dataPathAddress ?? '')),
      address,
      subnet: v4?.subnet ?? '',
      gateway: v4?.gateway ?? '',
      addressV6: v6 === undefined ? '' : addressV6,
      subnetV6: v6?.subnet ?? '',
      gatewayV6: v6?.gateway ?? '',
      isDefault: i === chosen,
    };
    return [link];
  });
}

/** On the host: the pair, its task's end born inside the namespace. */
export function pairLines(link: TaskLink, namespace: string): readonly string[] {
  const mtu = `mtu ${link.mtu}`;
  return [
    `link add name ${link.link} ${mtu} type veth peer name ${link.device} address ${macOf(link.address)} ${mtu} netns ${namespace}`,
    `link set dev ${link.link} master ${link.bridge} up`,
    `link set dev ${link.link} type bridge_slave learning off flood off hairpin on`,
  ];
}

/** For `bridge -batch`, on the host: nothing is learnt, so that frames find the task by this alone. */
export function forwardingLine({ address, link }: TaskLink): string {
  return `fdb replace ${macOf(address)} dev ${link} master static`;
}

/** Before a line that `ip` takes for IPv4 unless it is told `-6`, which a batch cannot. */
export const familyMark = '-6 ';

/** The rules of the task's own tables begin here: one table for each of its networks. */
const tableFirst = 100;

/**
 * A neighbour that is asked for in the moment before its host has it is asked for again after this, in
 * milliseconds: on one wire, answered by the own host, the kernel's second is long.
 */
const askAgainMs = 100;

const lengthOf = (cidr: string): string => cidr.split('/')[1] ?? '';

/**
 * Inside the namespace. With several networks, what leaves with an address of one leaves by its
 * link, so that answers go where the question came from.
 */
export function insideLinkLines(links: readonly TaskLink[]): readonly string[] {
  return links.flatMap((link, i) => {
    const { device, address, subnet, gateway, addressV6, subnetV6, gatewayV6 } = link;
    const table = tableFirst + i;
    const hasV6 = addressV6 !== '';
    return [
      `address add ${address}/${lengthOf(subnet)} dev ${device}`,
      ...(hasV6 ? [`address add ${addressV6}/${lengthOf(subnetV6)} dev ${device} nodad`] : []),
      `link set dev ${device} up`,
      `ntable change name arp_cache dev ${device} retrans ${askAgainMs}`,
      ...(hasV6 ? [`ntable change name ndisc_cache dev ${device} retrans ${askAgainMs}`] : []),
      ...(link.isDefault ? [`route add default via ${gateway} dev ${device}`] : []),
      ...(link.isDefault && hasV6 ? [`route add default via ${gatewayV6} dev ${device}`] : []),
      ...(links.length < 2
        ? []
        : [
            `route add ${subnet} dev ${device} table ${table}`,
            `route add default via ${gateway} dev ${device} table ${table}`,
            `rule add from ${address} to all lookup ${table} priority ${table}`,
            ...(hasV6
              ? [
                  `route add ${subnetV6} dev ${device} table ${table}`,
                  `route add default via ${gatewayV6} dev ${device} table ${table}`,
                  `${familyMark}rule add from ${addressV6} lookup ${table} priority ${table}`,
                ]
              : []),
          ]),
    ];
  });
}
