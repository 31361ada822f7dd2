/**
 * What the overlay has of the kernel, as a flat map of entries, so that what is wanted, what is
 * known and what was read back compare by key. Pure.
 *
 * | key | value |
 * |---|---|
 * | `bridge TSB` | `MAC MTU` |
 * | `vxlan TSV` | `VNI LOCAL PORT MTU`; LOCAL is the data-path address, or the tunnel's |
 * | `member LINK` | `TSB task` or `TSB vxlan`: its master, and how it is used |
 * | `address TSB CIDR` | empty |
 * | `neigh TSV ADDRESS` | MAC: answered to those who ask, without asking the wire |
 * | `fdb TSV MAC` | the data-path address of the host it is on, or that of its tunnel |
 * | `port TSB MAC` | the bridge's port it is behind |
 * | `switch TSB PATH` | the text of a file under /proc/sys/net |
 * | `host FEATURE` | `on`: a setting of the whole host |
 * | `table` | a mark of the rules' version |
 * | `element SET ELEMENT` | empty: an element of a set of the rules |
 */
import { sealedPort } from '../wireguard/tunnel-address.ts';
import { hostFeatures } from './host-features.ts';
import { taskLinkPrefix } from './names.ts';
import { tableName } from './rules.ts';

export type EntryKind =
  | 'bridge'
  | 'vxlan'
  | 'member'
  | 'address'
  | 'neigh'
  | 'fdb'
  | 'port'
  | 'switch'
  | 'host'
  | 'table'
  | 'element';

export type Entries = ReadonlyMap<string, string>;

export interface EntryKey {
  readonly kind: EntryKind;
  /** Device, set or feature. */
  readonly of: string;
  readonly name: string;
}

export function entryKey(kind: EntryKind, of = '', name = ''): string {
  return name === '' ? (of === '' ? kind : `${kind} ${of}`) : `${kind} ${of} ${name}`;
}

export function parseKey(key: string): EntryKey {
  const [kind = '', of = '', ...name] = key.split(' ');
  return { kind: kind as EntryKind, of, name: name.join(' ') };
}

/** Applied in this order by one script: `ip`, switches, `bridge`, `nft`. */
export interface ChangeLines {
  readonly ip: readonly string[];
  readonly shell: readonly string[];
  readonly bridge: readonly string[];
  readonly nft: readonly string[];
  /**
   * A device that was there is made again or differently: what was on it has to be read back before
   * it is known.
   */
  readonly needsReading: boolean;
}

/** What goes, before what comes; devices before what is on them. */
const order = [
  'vxlan-',
  'bridge-',
  'bridge+',
  'vxlan+',
  'member+',
  'address-',
  'address+',
  'neigh-',
  'neigh+',
] as const;

interface Line {
  readonly tool: 'ip' | 'shell' | 'bridge' | 'nft';
  readonly rank: number;
  readonly text: string;
}

const rankOf = (kind: string, sign: '+' | '-'): number =>
  order.indexOf(`${kind}${sign}` as (typeof order)[number]);

/**
 * The lines that bring `known` to `desired` for these keys. Every line may be repeated without harm;
 * none is given for what goes with a device that goes.
 */
export function changeLines(
  desired: Entries,
  known: Entries,
  keys: Iterable<string>,
  tableText: string,
): ChangeLines {
  const lines: Line[] = [];
  let needsReading = false;
  for (const key of keys) {
    const wanted = desired.get(key);
    const present = known.get(key);
    if (wanted === present) continue;
    const parsed = parseKey(key);
    const isDevice = parsed.kind === 'bridge' || parsed.kind === 'vxlan';
    const isMoved = parsed.kind === 'vxlan' && isVxlanKept(present, wanted);
    if (isDevice && present !== undefined && !isMoved) needsReading = true;
    if (wanted !== undefined) lines.push(...additions(parsed, wanted, present, tableText));
    else if (isDevice || isOnWantedDevice(parsed, desired))
      lines.push(...removals(parsed, present ?? ''));
  }
  lines.sort((a, b) => a.rank - b.rank);
  const of = (tool: Line['tool']) => lines.filter((line) => line.tool === tool);
  const texts = (tool: Line['tool']) => of(tool).map(({ text }) => text);
  return {
    ip: texts('ip'),
    shell: texts('shell'),
    bridge: texts('bridge'),
    nft: texts('nft'),
    needsReading,
  };
}

/**
 * The device of an encrypted network goes on when the tunnel's address changes: both addresses work for
 * a while, so that what still leaves from the old one arrives. Others are made anew.
 */
export function isVxlanKept(present: string | undefined, wanted: string | undefined): boolean {
  const fixed = (value: string): string => {
    const [vni, , port, , ...wrong] = value.split(' ');
    return [vni, port, ...wrong].join(' ');
  };
  if (present === wanted) return true;
  const isSealed = wanted?.split(' ')[2] === String(sealedPort);
  return isSealed && present !== undefined && fixed(present) === fixed(wanted);
}

/** What goes with these devices: what is on them, that they are in a bridge, what is behind them. */
export function entriesOn(devices: ReadonlySet<string>, entries: Entries): readonly string[] {
  return [...entries].flatMap(([key, value]) => {
    const { kind, of } = parseKey(key);
    const isOn = kind === 'neigh' || kind === 'fdb' || kind === 'member' ? devices.has(of) : false;
    return isOn || (kind === 'port' && devices.has(value)) ? [key] : [];
  });
}

function isOnWantedDevice({ kind, of }: EntryKey, desired: Entries): boolean {
  if (kind === 'neigh' || kind === 'fdb') return desired.has(entryKey('vxlan', of));
  if (kind === 'address' || kind === 'port') return desired.has(entryKey('bridge', of));
  return kind === 'element' || kind === 'table';
}

function additions(
  { kind, of, name }: EntryKey,
  value: string,
  present: string | undefined,
  tableText: string,
): readonly Line[] {
  const rank = rankOf(kind, '+');
  const ip = (...texts: readonly string[]): readonly Line[] =>
    texts.map((text) => ({ tool: 'ip', rank, text }));
  const [first = '', second = '', third = '', fourth = ''] = value.split(' ');
  switch (kind) {
    case 'bridge':
      return ip(
        ...(present === undefined ? [`link add name ${of} type bridge`] : []),
        `link set dev ${of} type bridge nf_call_iptables 1 nf_call_ip6tables 1 mcast_snooping 0`,
        `link set dev ${of} address ${first} mtu ${second} up`,
      );
    case 'vxlan':
      if (isVxlanKept(present, value))
        return ip(
          `link set dev ${of} type vxlan id ${first} local ${second}`,
          `link set dev ${of} mtu ${fourth}`,
        );
      return ip(
        // Its number and its port are for life.
        ...(present === undefined ? [] : [`link delete dev ${of}`]),
        `link add name ${of} type vxlan id ${first} dstport ${third} local ${second} nolearning proxy`,
        `link set dev ${of} mtu ${fourth}`,
      );
    case 'member':
      return ip(
        `link set dev ${of} master ${first} up`,
        `link set dev ${of} type bridge_slave learning off flood off hairpin ` +
          (second === 'task' ? 'on' : 'off'),
      );
    case 'address':
      return ip(`address replace ${name} dev ${of}${name.includes(':') ? ' nodad' : ''}`);
    case 'neigh':
      return ip(`neigh replace ${name} lladdr ${value} dev ${of} nud permanent`);
    case 'fdb':
      return [
        { tool: 'bridge', rank, text: `fdb replace ${name} dev ${of} self permanent dst ${value}` },
      ];
    case 'port':
      return [{ tool: 'bridge', rank, text: `fdb replace ${name} dev ${value} master static` }];
    case 'switch':
      return [{ tool: 'shell', rank, text: `echo ${value} >/proc/sys/net/${name}` }];
    case 'host':
      return [{ tool: 'shell', rank, text: hostFeatures[of] ?? '' }];
    case 'table':
      return [{ tool: 'nft', rank: -2, text: tableText }];
    case 'element':
      return [{ tool: 'nft', rank, text: `add element ${tableName} ${of} { ${name} }` }];
  }
}

function removals({ kind, of, name }: EntryKey, present: string): readonly Line[] {
  const rank = rankOf(kind, '-');
  switch (kind) {
    case 'bridge':
    case 'vxlan':
      return [{ tool: 'ip', rank, text: `link delete dev ${of}` }];
    case 'address':
      return [{ tool: 'ip', rank, text: `address delete ${name} dev ${of}` }];
    case 'neigh':
      return [{ tool: 'ip', rank, text: `neigh delete ${name} dev ${of}` }];
    case 'fdb':
      return [{ tool: 'bridge', rank, text: `fdb delete ${name} dev ${of} self` }];
    case 'port':
      // A task's goes with its link.
      return present.startsWith(taskLinkPrefix)
        ? []
        : [{ tool: 'bridge', rank, text: `fdb delete ${name} dev ${present} master` }];
    case 'table':
      // After the elements, which go in the same transaction.
      return [{ tool: 'nft', rank: order.length, text: `delete table ${tableName}` }];
    case 'element': {
      // Deleting what is not there would undo the whole transaction.
      const where = `element ${tableName} ${of} { ${name} }`;
      return [{ tool: 'nft', rank, text: `add ${where}\ndelete ${where}` }];
    }
    default:
      return [];
  }
}
