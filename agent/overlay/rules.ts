/**
 * The nftables table that keeps networks apart, closes the host to tasks and lets tasks out; pure.
 * Networks are elements of its sets: a network that comes or goes changes no rule.
 */
import { sealedPort, tunnelPrefix } from '../wireguard/tunnel-address.ts';

export const tableName = 'inet tessera_overlay';

/**
 * - `bridges`: of every network of this host.
 * - `within`: from and to one bridge: tasks of one network, directly or by a virtual address.
 * - `outward`: bridges whose tasks may reach the outside.
 * - `resolvers`, `resolvers6`: addresses at which the host answers names to tasks.
 * - `wires`: UDP ports of the packets between nodes.
 */
const setTypes = {
  bridges: 'ifname',
  within: 'ifname . ifname',
  outward: 'ifname',
  resolvers: 'ipv4_addr',
  resolvers6: 'ipv6_addr',
  wires: 'inet_service',
} as const;

const tunnels = `"${tunnelPrefix}*"`;
/** VXLAN packets of encrypted networks. */
const sealed = `meta nfproto ipv6 udp dport ${sealedPort}`;

const chains: Readonly<Record<string, readonly string[]>> = {
  guard: [
    'type filter hook prerouting priority raw; policy accept;',
    // Ports published on the host's own loopback are not for tasks.
    'ip daddr 127.0.0.0/8 iifname @bridges drop',
    // In clear, from whomever.
    `${sealed} iifname != ${tunnels} drop`,
    // Each connection of tasks has a port of its own on the wire: they would fill the host's table of
    // connections a second time. Tasks' own packets to that port are led like any other.
    'udp dport @wires iifname != @bridges fib daddr type local notrack',
  ],
  guard_own: [
    'type filter hook output priority raw; policy accept;',
    'udp dport @wires oifname != @bridges notrack',
  ],
  forward: [
    'type filter hook forward priority filter; policy accept;',
    // Nobody but the host itself is in the tunnels, least of all a task that makes packets of its own.
    `iifname ${tunnels} drop`,
    `oifname ${tunnels} drop`,
    'ct state established,related accept',
    // Nobody but the host is a router.
    'icmpv6 type nd-router-advert iifname @bridges drop',
    'iifname . oifname @within accept',
    'oifname @bridges ct status dnat accept',
    'oifname @bridges drop',
    'iifname @outward accept',
    'iifname @bridges ct status dnat accept',
    'iifname @bridges reject with icmpx admin-prohibited',
  ],
  input: [
    'type filter hook input priority filter; policy accept;',
    'iifname @bridges jump from_tasks',
    `${sealed} iifname ${tunnels} accept`,
    `iifname ${tunnels} drop`,
  ],
  from_tasks: [
    'ct state established,related accept',
    'ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept',
    'ip6 daddr @resolvers6 meta l4proto { tcp, udp } th dport 53 accept',
    'icmp type echo-request accept',
    'icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert } accept',
    'reject',
  ],
  output: [
    'type filter hook output priority filter; policy accept;',
    // A task told to go around the host would miss the virtual address.
    'icmp type redirect oifname @bridges drop',
    'icmpv6 type nd-redirect oifname @bridges drop',
    // While a tunnel is made anew: rather nothing than in clear.
    `${sealed} oifname != ${tunnels} drop`,
  ],
  postrouting: [
    'type nat hook postrouting priority srcnat; policy accept;',
    'ip saddr 127.0.0.0/8 oifname @bridges masquerade',
    'ct status dnat accept',
    'iifname @outward oifname != @bridges masquerade',
  ],
};

const isRule = (line: string): boolean => !line.startsWith('type ');

/** Rules of the table, so that one flushed or taken out shows. */
export const ruleCount = Object.values(chains).flat().filter(isRule).length;

/** The table without elements, instead of the one that is there. */
export function tableText(): string {
  const sets = Object.entries(setTypes).map(([name, type]) => `  set ${name} { type ${type}; }`);
  const bodies = Object.entries(chains).map(
    ([name, lines]) => `  chain ${name} {\n${lines.map((line) => `    ${line}`).join('\n')}\n  }`,
  );
  return [
    `table ${tableName} {}`,
    `delete table ${tableName}`,
    `table ${tableName} {`,
    ...sets,
    ...bodies,
    '}',
  ].join('\n');
}

/** As nft prints interface names. */
export const quoted = (name: string): string => `"${name}"`;
