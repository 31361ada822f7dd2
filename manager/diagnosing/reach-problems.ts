import { NetworkProbeFailureKind, NetworkProblem } from '#proto';
import { clustersOf } from './clusters.ts';
import type { Trouble } from './clusters.ts';
import { failuresOf, joined } from './scene.ts';
import type { Scene, Seen } from './scene.ts';

/** Nodes that do not reach each other, on all the networks that both are on or on some. */
export function reachProblems(scene: Scene): readonly NetworkProblem[] {
  const all = failuresOf(scene).filter(
    ({ failure }) => failure.kind === NetworkProbeFailureKind.UNREACHABLE,
  );
  const withoutIpv4 = new Set(all.filter((one) => !isByIpv6(one)).map(keyOf));
  // The data path carries IPv4: what is wrong is IPv6 itself, on whichever network there is any.
  const byIpv6Alone = all.filter((one) => !withoutIpv4.has(keyOf(one)));
  const seen = all.filter((one) => withoutIpv4.has(keyOf(one)));
  const failed = new Set(seen.map(keyOf));
  const isWhole = ({ from, failure }: Seen): boolean =>
    networksOf(scene, from).every(
      (networkId) =>
        !isOn(scene, failure.nodeId, networkId) ||
        failed.has(`${from}/${failure.nodeId}/${networkId}`),
    );
  const ends = ({ from, failure }: Seen) => [from, failure.nodeId] as const;
  const nameOf = (id: string): string => scene.nodeName(id);
  const whole = seen.filter(isWhole);
  const inPart = Map.groupBy(
    seen.filter((one) => !isWhole(one)),
    ({ probe }) => probe.networkId,
  );
  return [
    ...clustersOf(byIpv6Alone, ends, nameOf).map((trouble) => ipv6CutOff(scene, trouble)),
    ...clustersOf(whole, ends, nameOf).map((trouble) => cutOff(scene, trouble)),
    ...[...inPart].flatMap(([networkId, items]) =>
      clustersOf(items, ends, nameOf).map((trouble) => cutOffOn(scene, networkId, trouble)),
    ),
  ];
}

const isByIpv6 = ({ failure }: Seen): boolean => failure.address.includes(':');

const keyOf = ({ from, failure, probe }: Seen): string =>
  `${from}/${failure.nodeId}/${probe.networkId}`;

const networksOf = ({ reports }: Scene, nodeId: string): readonly string[] =>
  (reports.get(nodeId)?.probes ?? []).map(({ networkId }) => networkId);

/** Of a node that has not answered it is not known. */
const isOn = (scene: Scene, nodeId: string, networkId: string): boolean =>
  networksOf(scene, nodeId).includes(networkId);

function ipv6CutOff(scene: Scene, { center, others, items }: Trouble<Seen>): NetworkProblem {
  const rest = joined(others.map((id) => scene.nodeName(id)));
  return NetworkProblem.create({
    check: 'reach',
    nodeIds: [center, ...others],
    what: `${scene.nodeName(center)} and ${rest} reach each other over the overlay by IPv4, but not by IPv6`,
    evidence: silences(scene, items),
    remedy: `see that IPv6 is on ('sysctl net.ipv6.conf.all.disable_ipv6' says 0; a node that is to be without it has tesserad started again after it was switched off) and that no rule drops ICMPv6 on the bridges of these nodes ('nft list ruleset', 'ip6tables-save')`,
  });
}

function cutOff(scene: Scene, { center, others, items }: Trouble<Seen>): NetworkProblem {
  const port = portsOf(items);
  const name = scene.nodeName(center);
  const rest = joined(others.map((id) => scene.nodeName(id)));
  const isAnswering = items.every(({ failure }) => failure.isUplinkAnswering);
  const addresses = joined(dataPathAddresses(scene, items));
  return NetworkProblem.create({
    check: 'reach',
    nodeIds: [center, ...others],
    what: `${name} and ${rest} do not reach each other over the overlay (UDP port ${port})`,
    evidence: `${silences(scene, items)}; pings outside the overlay, to the data-path addresses, are ${isAnswering ? 'answered' : 'not answered either'}`,
    remedy: isAnswering
      ? `let UDP port ${port} through between ${addresses}, in both directions: look for what drops it in 'nft list ruleset' and 'iptables-save' of these nodes, and in firewalls and security groups between them`
      : `mend the way between ${addresses}: cable, route or firewall; when a node has another address that the others reach, have it join with --data-path-addr`,
  });
}

function cutOffOn(
  scene: Scene,
  networkId: string,
  { center, others, items }: Trouble<Seen>,
): NetworkProblem {
  const network = scene.networkName(networkId);
  const rest = joined(others.map((id) => scene.nodeName(id)));
  return NetworkProblem.create({
    check: 'reach',
    nodeIds: [center, ...others],
    networkId,
    what: `${scene.nodeName(center)} and ${rest} do not reach each other on network ${network}, but on others`,
    evidence: silences(scene, items),
    remedy: `look for what drops UDP port ${portsOf(items)} between them, and for entries of ${network} under 'entries' and 'data-path'; when there are none, look for rules of others there that drop what comes from its bridge ('nft list ruleset | grep ${items[0]?.probe.bridge ?? ''}')`,
  });
}

/** Who asked whom in vain: the first, and how many there are. */
function silences(scene: Scene, items: readonly Seen[]): string {
  const [first] = items;
  if (first === undefined) return '';
  const { from, failure, probe } = first;
  const text = `no answer to ${scene.nodeName(from)} from ${failure.address} (${scene.nodeName(failure.nodeId)} on ${scene.networkName(probe.networkId)})`;
  return items.length === 1 ? text : `${text} and ${items.length - 1} more such`;
}

const portsOf = (items: readonly Seen[]): string =>
  joined(items.flatMap(({ probe }) => probe.udpPorts.map(String)));

function dataPathAddresses({ reports }: Scene, items: readonly Seen[]): readonly string[] {
  return items.flatMap(({ from, failure }) => [
    failure.dataPathAddress,
    reports.get(from)?.dataPathAddress ?? '',
  ]);
}
