/** What `ip`, `bridge` and `nft` print, as entries; pure. */
import * as v from 'valibot';
import { addressNumber } from '../network/subnet.ts';
import { entryKey } from './entries.ts';
import type { Entries } from './entries.ts';
import { bridgePrefix, taskLinkPrefix, vxlanPrefix } from './names.ts';
import { quoted, ruleCount } from './rules.ts';

/** In place of a listing that stayed torn. */
const tornMark = '::torn';
/** How often a listing is taken until it is whole, and the pauses between in seconds. */
const listingsMax = 8;
const pauseSeconds = 0.05;

/**
 * `ip` lists devices in portions: of those that come or go meanwhile it may leave others out, and says so on its
 * standard error, with exit code 0. What a tool says otherwise there is no listing: it is not understood.
 */
const whole = `whole() {
  n=0
  while :; do
    out=$("$@" 2>&1)
    case $out in *'Dump was interrupted'*) ;; *) break ;; esac
    n=$((n + 1))
    if [ $n -ge ${listingsMax} ]; then out='${tornMark}'; break; fi
    sleep ${pauseSeconds}
  done
  printf '%s\\n' "$out"
}`;

/** Prints all that the overlay has on this host; each part is followed by a line with its mark. */
export const readScript = `${whole}\n${[
  'whole ip -json -details link show',
  'whole ip -json address show',
  'whole ip -json neigh show nud permanent',
  'whole bridge -json fdb show',
  'nft -json list table inet tessera_overlay 2>/dev/null',
  `for f in /proc/sys/net/ipv4/conf/${bridgePrefix}*/rp_filter /proc/sys/net/ipv4/conf/${bridgePrefix}*/route_localnet /proc/sys/net/ipv6/conf/${bridgePrefix}*/accept_ra; do [ ! -e "$f" ] || echo "$f $(cat "$f")"; done`,
  'cat /proc/sys/net/ipv4/conf/all/rp_filter /proc/sys/net/ipv6/conf/all/forwarding 2>/dev/null',
]
  .map((command, i) => `${command}\necho '::part' ${i}`)
  .join('\n')}`;

export interface HostReading {
  readonly entries: Entries;
  /** The MTU of the device that has an address of the host, by address; without our bridges. */
  readonly mtus: ReadonlyMap<string, number>;
}

const linkSchema = v.object({
  ifname: v.string(),
  address: v.optional(v.string(), ''),
  mtu: v.optional(v.number(), 0),
  master: v.optional(v.string(), ''),
  flags: v.optional(v.array(v.string()), []),
  linkinfo: v.optional(
    v.object({
      info_kind: v.optional(v.string(), ''),
      info_data: v.optional(v.record(v.string(), v.unknown()), {}),
      info_slave_data: v.optional(v.record(v.string(), v.unknown()), {}),
    }),
    { info_kind: '', info_data: {}, info_slave_data: {} },
  ),
});
const addressSchema = v.object({
  ifname: v.optional(v.string(), ''),
  mtu: v.optional(v.number(), 0),
  addr_info: v.optional(
    v.array(
      v.object({
        local: v.optional(v.string(), ''),
        prefixlen: v.optional(v.number(), 0),
        scope: v.optional(v.string(), ''),
      }),
    ),
    [],
  ),
});
const neighSchema = v.object({
  dst: v.optional(v.string(), ''),
  dev: v.optional(v.string(), ''),
  lladdr: v.optional(v.string(), ''),
});
const fdbSchema = v.object({
  mac: v.optional(v.string(), ''),
  ifname: v.optional(v.string(), ''),
  dst: v.optional(v.string(), ''),
  master: v.optional(v.string(), ''),
  state: v.optional(v.string(), ''),
});
const rulesSchema = v.object({
  nftables: v.array(
    v.object({
      rule: v.optional(v.unknown()),
      set: v.optional(v.object({ name: v.string(), elem: v.optional(v.array(v.unknown()), []) })),
    }),
  ),
});

type Link = v.InferOutput<typeof linkSchema>;

/** Throws when a tool printed something else than it does, or a listing stayed torn. */
export function parseReading(stdout: string): HostReading {
  const parts = partsOf(stdout);
  if (parts.some((part) => part.trim() === tornMark))
    throw new Error('its devices changed each time while they were listed');
  const json = <T>(i: number, schema: v.BaseSchema<unknown, T, v.BaseIssue<unknown>>): T[] =>
    v.parse(v.array(schema), JSON.parse(parts[i]?.trim() || '[]'));
  const entries = new Map<string, string>();
  const put = (kind: Parameters<typeof entryKey>[0], of: string, name: string, value: string) =>
    entries.set(entryKey(kind, of, name), value);
  for (const link of json(0, linkSchema)) putLink(put, link);
  const mtus = new Map<string, number>();
  for (const { ifname, mtu, addr_info } of json(1, addressSchema))
    for (const { local, prefixlen, scope } of addr_info) {
      if (!ifname.startsWith(bridgePrefix)) mtus.set(local, mtu);
      else if (scope !== 'link') put('address', ifname, `${local}/${prefixlen}`, '');
    }
  for (const { dst, dev, lladdr } of json(2, neighSchema))
    if (dev.startsWith(vxlanPrefix)) put('neigh', dev, dst, lladdr);
  for (const { mac, ifname, dst, master, state } of json(3, fdbSchema)) {
    if (ifname.startsWith(vxlanPrefix) && dst !== '') put('fdb', ifname, mac, dst);
    if (master.startsWith(bridgePrefix) && state === 'static') put('port', master, mac, ifname);
  }
  putRules(put, parts[4]?.trim() ?? '');
  for (const line of (parts[5] ?? '').split('\n')) {
    const [path = '', value = ''] = line.split(' ');
    const bridge = path.split('/')[6] ?? '';
    if (value !== '') put('switch', bridge, path.slice('/proc/sys/net/'.length), value);
  }
  const [sources, forwarding] = (parts[6] ?? '').split('\n');
  if (sources === '0') put('host', 'sources', '', 'on');
  if (forwarding === '1') put('host', 'ipv6', '', 'on');
  return { entries, mtus };
}

function partsOf(stdout: string): readonly string[] {
  return stdout.split(/^::part \d+\n/m);
}

type Put = (kind: Parameters<typeof entryKey>[0], of: string, name: string, value: string) => void;

function putLink(put: Put, { ifname, address, mtu, master, flags, linkinfo }: Link): void {
  const { info_kind, info_data, info_slave_data } = linkinfo;
  const isUp = flags.includes('UP');
  if (ifname.startsWith(bridgePrefix) && info_kind === 'bridge') {
    const isSet = info_data['nf_call_iptables'] === 1 && info_data['nf_call_ip6tables'] === 1;
    put('bridge', ifname, '', `${address} ${mtu}${isUp && isSet ? '' : ' wrong'}`);
  }
  if (ifname.startsWith(vxlanPrefix) && info_kind === 'vxlan') {
    const { id, local, local6, port, learning, proxy } = info_data;
    const isSet = learning === false && proxy === true;
    const value = `${String(id)} ${String(local ?? local6)} ${String(port)} ${mtu}`;
    put('vxlan', ifname, '', isSet ? value : `${value} wrong`);
  }
  const isMember = ifname.startsWith(vxlanPrefix) || ifname.startsWith(taskLinkPrefix);
  if (!isMember) return;
  if (!master.startsWith(bridgePrefix)) {
    // It is there, and can be put where it belongs.
    put('member', ifname, '', 'none');
    return;
  }
  const { learning, flood, hairpin } = info_slave_data;
  const isSet = learning === false && flood === false && isUp;
  const role = hairpin === true ? 'task' : 'vxlan';
  put('member', ifname, '', `${master} ${role}${isSet ? '' : ' wrong'}`);
}

/** Nothing of a table that is not complete: it is made again, with all of its elements. */
function putRules(put: Put, text: string): void {
  if (text === '') return;
  const { nftables } = v.parse(rulesSchema, JSON.parse(text));
  if (nftables.filter(({ rule }) => rule !== undefined).length !== ruleCount) return;
  put('table', '', '', String(ruleCount));
  for (const { set } of nftables)
    for (const element of set?.elem ?? [])
      put('element', set?.name ?? '', elementText(element), '');
}

/** As it is written in a command: names of interfaces in quotes, addresses and numbers bare. */
function elementText(element: unknown): string {
  const word = (part: unknown): string => {
    const text = String(part);
    if (typeof part === 'number') return text;
    return text.includes(':') || addressNumber(text) !== undefined ? text : quoted(text);
  };
  if (typeof element !== 'object' || element === null) return word(element);
  const { concat } = element as { readonly concat?: readonly unknown[] };
  return (concat ?? []).map(word).join(' . ');
}
