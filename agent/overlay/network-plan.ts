/** What a network needs on a host whoever is on it: devices, addresses, switches, rules; pure. */
import { NetworkDriver } from '#proto';
import type { Network, NetworkHost } from '#proto';
import { macOf } from '../network/subnet.ts';
import { sealedPort, tunnelMtu } from '../wireguard/tunnel-address.ts';
import { entryKey } from './entries.ts';
import type { Entries } from './entries.ts';
import { bridgeName, vxlanName } from './names.ts';
import { quoted } from './rules.ts';

/** Outer IPv4, UDP and VXLAN headers and the inner Ethernet header, bytes. */
const vxlanHeaderBytes = 50;
const vxlanHeaderBytesV6 = 70;
const mtuDefault = 1_500;
const dataPathPortDefault = 4_789;
/** Within a tunnel VXLAN has outer IPv6. */
const tunnelledHeaderBytes = 70;
/** The least that IPv6 and IPv4 live with. */
const mtuMin = 1_280;

/** One family's part of a network. */
export interface Range {
  /** CIDR. */
  readonly subnet: string;
  readonly prefix: number;
  readonly gateway: string;
}

export interface Ranges {
  readonly v4: Range | undefined;
  readonly v6: Range | undefined;
}

export function rangesOf(network: Network): Ranges {
  const find = (isV6: boolean): Range | undefined => {
    const one = network.allocation?.subnets.find(({ subnet }) => subnet.includes(':') === isV6);
    if (one === undefined) return undefined;
    return { subnet: one.subnet, prefix: Number(one.subnet.split('/')[1]), gateway: one.gateway };
  };
  return { v4: find(false), v6: find(true) };
}

export const isEncrypted = (network: Network): boolean => network.spec?.isEncrypted === true;

export const isOverlay = (network: Network): boolean =>
  network.spec?.driver !== NetworkDriver.BRIDGE;

/** `uplinkMtu`: of the device that has the data-path address; undefined = not known. */
export function mtuOf(
  network: Network,
  self: NetworkHost | undefined,
  uplinkMtu: number | undefined,
): number {
  const asked = network.spec?.mtu ?? 0;
  if (asked > 0) return asked;
  if (!isOverlay(network)) return mtuDefault;
  const uplink = uplinkMtu ?? mtuDefault;
  const path = self?.dataPathAddress ?? '';
  if (isEncrypted(network)) return Math.max(mtuMin, tunnelMtu(uplink, path) - tunnelledHeaderBytes);
  const isV6 = path.includes(':');
  return Math.max(mtuMin, uplink - (isV6 ? vxlanHeaderBytesV6 : vxlanHeaderBytes));
}

/**
 * Undefined while the network cannot be made: nothing allocated, or, on an overlay, no address for
 * this node, or no tunnel where it is encrypted. `self`: this node on the network. `tunnelAddress`: empty without one.
 */
export function networkEntries(
  network: Network,
  self: NetworkHost | undefined,
  uplinkMtu: number | undefined,
  tunnelAddress: string,
): Entries | undefined {
  const { v4, v6 } = rangesOf(network);
  if (v4 === undefined) return undefined;
  const entries = new Map<string, string>();
  const bridge = bridgeName(network.id);
  const mtu = mtuOf(network, self, uplinkMtu);
  const address = (cidr: string) => entries.set(entryKey('address', bridge, cidr), '');
  if (isOverlay(network)) {
    const vni = network.allocation?.vni ?? 0;
    const own = self?.addresses;
    if (self === undefined || own === undefined || own.address === '' || vni === 0)
      return undefined;
    const isSealed = isEncrypted(network);
    // Better no network than one in clear.
    if (isSealed && tunnelAddress === '') return undefined;
    const vxlan = vxlanName(network.id);
    const local = isSealed ? tunnelAddress : self.dataPathAddress;
    const port = isSealed ? sealedPort : self.dataPathPort || dataPathPortDefault;
    // The same on every life of this host and different on each: who forwarded a frame is seen by it.
    entries.set(entryKey('bridge', bridge), `${macOf(own.address)} ${mtu}`);
    entries.set(entryKey('vxlan', vxlan), `${vni} ${local} ${port} ${mtu}`);
    entries.set(entryKey('member', vxlan), `${bridge} vxlan`);
    // What the host itself sends must come from the address that is its own alone.
    address(`${own.address}/${v4.prefix}`);
    address(`${v4.gateway}/32`);
    if (v6 !== undefined && own.addressV6 !== '') address(`${own.addressV6}/${v6.prefix}`);
    if (v6 !== undefined) address(`${v6.gateway}/${own.addressV6 === '' ? v6.prefix : 128}`);
  } else {
    entries.set(entryKey('bridge', bridge), `${macOf(v4.gateway)} ${mtu}`);
    address(`${v4.gateway}/${v4.prefix}`);
    if (v6 !== undefined) address(`${v6.gateway}/${v6.prefix}`);
  }
  entries.set(entryKey('switch', bridge, `ipv4/conf/${bridge}/rp_filter`), '0');
  entries.set(entryKey('switch', bridge, `ipv4/conf/${bridge}/route_localnet`), '1');
  if (v6 !== undefined)
    entries.set(entryKey('switch', bridge, `ipv6/conf/${bridge}/accept_ra`), '0');
  const element = (set: string, name: string) => entries.set(entryKey('element', set, name), '');
  const name = quoted(bridge);
  element('bridges', name);
  element('within', `${name} . ${name}`);
  if (network.spec?.isInternal !== true) element('outward', name);
  element('resolvers', v4.gateway);
  if (v6 !== undefined) element('resolvers6', v6.gateway);
  return entries;
}

/** What the host has as soon as it has any network. */
export function hostEntries(hasNetworks: boolean, hasV6: boolean, tableMark: string): Entries {
  const entries = new Map<string, string>();
  if (hasNetworks) entries.set(entryKey('table'), tableMark);
  if (hasNetworks) entries.set(entryKey('host', 'sources'), 'on');
  if (hasV6) entries.set(entryKey('host', 'ipv6'), 'on');
  return entries;
}

/** The UDP ports of the wire of these networks, by their ids, each once. */
export function wireEntries(networks: ReadonlyMap<string, Entries>): Entries {
  const entries = new Map<string, string>();
  for (const [id, network] of networks) {
    const device = network.get(entryKey('vxlan', vxlanName(id)));
    const port = device?.split(' ')[2];
    if (port !== undefined) entries.set(entryKey('element', 'wires', port), '');
  }
  return entries;
}
