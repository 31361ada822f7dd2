/**
 * The text of the mesh's table: what never changes of it (maps, sets, base chains), and the parts that
 * come and go. A change is elements, and now and then a part. Pure.
 */

export const meshTable = 'tessera_mesh';

export const families = [4, 6] as const;
/** Of the Internet protocol. */
export type Family = (typeof families)[number];

/**
 * How a connection asks for a service: by a virtual address (any port and protocol), by a port of every
 * address of the host, or by a port of one of them.
 */
export const doors = ['vip', 'port', 'address_port'] as const;
export type Door = (typeof doors)[number];

const ip = (family: Family): string => (family === 4 ? 'ip' : 'ip6');
const addressType = (family: Family): string => `ipv${family}_addr`;
const port = 'meta l4proto . th dport';

/** What of a packet names the service. */
function keyOf(door: Door, family: Family): string {
  if (door === 'vip') return `${ip(family)} daddr`;
  return door === 'port' ? port : `${ip(family)} daddr . ${port}`;
}

/** Names of the maps of a door. */
export const doorMaps = (door: Door, family: Family) => ({
  /** Key to the chain that chooses. */
  chains: `${door}${family}`,
  /** Key and number (0..count-1) to address. */
  backends: `${door}${family}_backends`,
  // For services with session affinity:
  /** Key to the chain that draws a backend's mark. */
  draws: `${door}${family}_draws`,
  /** Key and number to the backend's mark. */
  marks: `${door}${family}_marks`,
  /** Key and mark to address. */
  byMark: `${door}${family}_by_mark`,
  /** Key to the tasks' port; of the doors that are ports. */
  targets: `${door}${family}_targets`,
});

/** Maps of the doors that a packet reads once a door's chain has it. */
export const innerMaps: ReadonlySet<string> = new Set(
  doors.flatMap((door) =>
    families.flatMap((family) => {
      const { chains: _, ...inner } = doorMaps(door, family);
      return Object.values(inner);
    }),
  ),
);

/** The kernel wants a bound for the numbers; counts of backends may be larger. */
const numbers = 'numgen random mod 65536';

function doorText(door: Door, family: Family): string {
  const maps = doorMaps(door, family);
  const key = keyOf(door, family);
  const target = `${ip(family)} daddr`;
  const targets =
    door === 'vip'
      ? ''
      : `
  map ${maps.targets} {
    type ${door === 'port' ? '' : `${addressType(family)} . `}inet_proto . inet_service : inet_service
  }`;
  return `map ${maps.chains} {
    typeof ${key} : verdict
  }
  map ${maps.backends} {
    typeof ${key} . ${numbers} : ${target}
  }
  map ${maps.draws} {
    typeof ${key} : verdict
  }
  map ${maps.marks} {
    typeof ${key} . ${numbers} : ct mark
  }
  map ${maps.byMark} {
    typeof ${key} . ct mark : ${target}
  }${targets}`;
}

function familyText(family: Family): string {
  const address = addressType(family);
  const host = `inet_proto . inet_service : ${address} . inet_service`;
  return `${doors.map((door) => doorText(door, family)).join('\n  ')}
  map host_port${family} {
    type ${host}
  }
  map address_host_port${family} {
    type ${address} . ${host}
  }
  set gateways${family} {
    type ${address}
  }
  set idle${family} {
    type ${address}
  }
  set selves${family} {
    type ${address} . ${address}
  }
  map guarded${family} {
    type ${address} : verdict
  }`;
}

function publishText(family: Family): string {
  const at = `${ip(family)} daddr`;
  const ofFamily = `meta nfproto ipv${family}`;
  return `${at} @gateways${family} return
    dnat ${ip(family)} to ${at} . ${port} map @address_host_port${family}
    ${ofFamily} dnat ${ip(family)} to ${port} map @host_port${family}
    ${at} . ${port} vmap @address_port${family}
    ${ofFamily} ${port} vmap @port${family}`;
}

/**
 * Maps, sets and base chains, without elements. Every packet of a connection passes `early` and `forward`
 * once on each host: what only its first needs comes after those of open connections have left.
 */
export const skeleton = `${families.map(familyText).join('\n  ')}
  set kept {
    type inet_proto . inet_service
  }
  map origins {
    type ether_addr : mark
  }
  map origin_links {
    type mark : ether_addr
  }
  map origin_zones {
    typeof ether saddr : ct zone
  }
  chain publish {
    ip daddr 127.0.0.0/8 ip daddr != 127.0.0.1 return
    ip daddr 127.0.0.1 ${port} @kept return
    ip6 daddr ::1 return
    ${families.map(publishText).join('\n    ')}
  }
  chain choose {
    ip daddr vmap @vip4
    ip6 daddr vmap @vip6
    fib daddr type local jump publish
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    meta l4proto udp reject with icmpx port-unreachable
    reject with icmpx host-unreachable
  }
  chain goes_on {
    ct direction original ct mark set ether saddr map @origins
    ct mark != 0 ct direction reply ether daddr set ct mark map @origin_links
  }
  chain zones {
    type filter hook prerouting priority raw; policy accept;
    ct original zone set ether saddr map @origin_zones
  }
  chain early {
    type filter hook prerouting priority -150; policy accept;
    ip daddr 127.0.0.0/8 iifname != "lo" drop
    ct state established,related goto goes_on
    ct state untracked accept
    ct mark set ether saddr map @origins
    ct state != new accept
    ip daddr @idle4 jump refuse
    ip6 daddr @idle6 jump refuse
  }
  chain early_local {
    type filter hook output priority -150; policy accept;
    ct state != new accept
    ip daddr @idle4 jump refuse
    ip6 daddr @idle6 jump refuse
  }
  chain prerouting {
    type nat hook prerouting priority -99; policy accept;
    jump choose
  }
  chain output {
    type nat hook output priority -99; policy accept;
    jump choose
  }
  chain postrouting {
    type nat hook postrouting priority 99; policy accept;
    ip saddr . ip daddr @selves4 masquerade
    ip6 saddr . ip6 daddr @selves6 masquerade
    ct status dnat ip saddr 127.0.0.0/8 oifname != "lo" masquerade
  }
  chain guard {
    ip daddr vmap @guarded4
    ip6 daddr vmap @guarded6
  }
  chain forward {
    type filter hook forward priority -1; policy accept;
    ct direction original goto guard
  }`;

/** What the skeleton declares. */
export const skeletonNames: ReadonlySet<string> = new Set(
  [...skeleton.matchAll(/^\s*(?:map|set|chain) (\w+) \{/gm)].map(([, name = '']) => name),
);

/** A chain or a map that is there only while something needs it. */
export interface Part {
  readonly kind: 'chain' | 'map' | 'set';
  readonly name: string;
  /** Rules, or the declaration. */
  readonly lines: readonly string[];
  /** Cheap, and likely to be needed again. */
  readonly isKept: boolean;
}

/**
 * Sends a connection to the address of `number` in `map`. The port is looked up on its own: nft takes a
 * map of addresses and ports for one of a single protocol.
 */
function sendText(door: Door, family: Family, number: string, map: string): string {
  const key = keyOf(door, family);
  const send = `dnat ${ip(family)} to ${key} . ${number} map @${map}`;
  return door === 'vip' ? send : `${send} : ${key} map @${doorMaps(door, family).targets}`;
}

/** Leads to one of `count` (from 1 up) backends. */
export function choicePart(door: Door, family: Family, count: number): Part {
  const { backends } = doorMaps(door, family);
  return {
    kind: 'chain',
    name: `${door}${family}_of_${count}`,
    lines: [sendText(door, family, `numgen random mod ${count}`, backends)],
    isKept: true,
  };
}

/** Draws the mark of one of `count` (from 1 up) backends. */
export function drawPart(door: Door, family: Family, count: number): Part {
  const number = `${keyOf(door, family)} . numgen random mod ${count}`;
  const { marks } = doorMaps(door, family);
  return {
    kind: 'chain',
    name: `${door}${family}_draw_of_${count}`,
    lines: [`ct mark set ${number} map @${marks}`],
    isKept: true,
  };
}

/** Callers that are remembered of one door; more are led anywhere each time. */
const callersMax = 65_535;

/**
 * Leads a caller to the backend it was led to before, for as long as that takes connections, else to
 * one that is drawn. The caller is forgotten `seconds` after its last connection. The map first, then the chain.
 */
export function affinityParts(
  door: Door,
  family: Family,
  key: string,
  seconds: number,
): readonly [Part, Part] {
  const of = keyOf(door, family);
  const maps = doorMaps(door, family);
  const ending = key.replaceAll(/[^0-9a-z]/g, '_');
  const callers = `${door}${family}_callers_${ending}`;
  const caller = `${ip(family)} saddr`;
  const remember = `update @${callers} { ${caller} timeout ${seconds}s : ct mark }`;
  const lead = sendText(door, family, 'ct mark', maps.byMark);
  const map: Part = {
    kind: 'map',
    name: callers,
    lines: [`typeof ${caller} : ct mark`, `size ${callersMax}`, 'flags dynamic,timeout'],
    isKept: false,
  };
  const chain: Part = {
    kind: 'chain',
    name: `${door}${family}_affinity_${ending}_${seconds}s`,
    lines: [
      // A backend that takes no connections is not in the last map: its callers fall through.
      `ct mark set ${caller} map @${callers} ${remember} ${lead}`,
      `delete @${callers} { ${caller} : ct mark }`,
      `${of} vmap @${maps.draws}`,
      remember,
      lead,
    ],
    isKept: false,
  };
  return [map, chain];
}

/**
 * What guards a service's tasks on an isolated network: the set of those that may reach them, and the
 * chain that refuses all others of that network.
 */
export function guardParts(
  family: Family,
  name: string,
  subnets: readonly string[],
): readonly [Part, Part] {
  const caller = `${ip(family)} saddr`;
  const set: Part = {
    kind: 'set',
    name: `allowed${family}_${name}`,
    lines: [`type ${addressType(family)}`],
    isKept: false,
  };
  const chain: Part = {
    kind: 'chain',
    name: `guard${family}_${name}`,
    lines: [
      `${caller} @${set.name} accept`,
      // Not a reset: bridged packets' resets would not pass the translation of addresses.
      ...subnets.map((subnet) => `${caller} ${subnet} reject with icmpx admin-prohibited`),
    ],
    isKept: false,
  };
  return [set, chain];
}
