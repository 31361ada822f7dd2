/**
 * The nftables table of the default task network, as text for `nft -f`: NAT to the outside, published
 * ports through two maps, so that a change is elements and never rules. Pure.
 */
import { Protocol } from '#proto';
import type { PortConfig } from '#proto';
import type { NetworkAttachment } from '../runtime/network-port.ts';
import { subnetText } from './subnet.ts';
import type { Subnet } from './subnet.ts';

export const tableName = 'tessera';

const protocolNames: Readonly<Record<number, string>> = {
  [Protocol.TCP]: 'tcp',
  [Protocol.UDP]: 'udp',
  [Protocol.SCTP]: 'sctp',
};
export const protocolName = (protocol: number): string => protocolNames[protocol] ?? 'tcp';

/** In which map a published port is, and its element there. */
function element(
  port: PortConfig,
  address: string,
): { readonly map: string; readonly key: string; readonly value: string } {
  const ending = `${protocolName(port.protocol)} . ${port.publishedPort}`;
  const value = `${address} . ${port.targetPort}`;
  return isEveryAddress(port.hostIp)
    ? { map: 'ports', key: ending, value }
    : { map: 'address_ports', key: `${port.hostIp} . ${ending}`, value };
}

export function isEveryAddress(hostIp: string): boolean {
  return hostIp === '' || hostIp === '0.0.0.0';
}

type Attached = Pick<NetworkAttachment, 'address' | 'ports'>;

function elements(attachments: readonly Attached[]) {
  return attachments.flatMap(({ address, ports }) => ports.map((port) => element(port, address)));
}

/** Publishes or takes back the ports of tasks; empty when they have none. */
export function portChange(change: 'add' | 'delete', attachments: readonly Attached[]): string {
  const all = elements(attachments);
  return ['ports', 'address_ports']
    .flatMap((map) => {
      const entries = all
        .filter((entry) => entry.map === map)
        .map(({ key, value }) => (change === 'add' ? `${key} : ${value}` : key));
      const where = `ip ${tableName} ${map}`;
      return entries.length === 0 ? [] : [`${change} element ${where} { ${entries.join(', ')} }\n`];
    })
    .join('');
}

/** The whole table with what is published now; replaces the one that is there in one transaction. */
export function fullTable(
  bridge: string,
  subnet: Subnet,
  attachments: readonly Attached[],
): string {
  const tasks = subnetText(subnet);
  return `table ip ${tableName} {}
delete table ip ${tableName}
table ip ${tableName} {
  map ports {
    type inet_proto . inet_service : ipv4_addr . inet_service
  }
  map address_ports {
    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
  }
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}" ip daddr 127.0.0.0/8 drop
  }
  chain publish {
    dnat ip to ip daddr . meta l4proto . th dport map @address_ports
    dnat ip to meta l4proto . th dport map @ports
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump publish
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump publish
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${tasks} oifname != "${bridge}" masquerade
    ip saddr ${tasks} oifname "${bridge}" ct status dnat masquerade
    ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    oifname "${bridge}" ct state established,related accept
    oifname "${bridge}" iifname "${bridge}" accept
    oifname "${bridge}" ct status dnat accept
    oifname "${bridge}" drop
  }
}
${portChange('add', attachments)}`;
}
