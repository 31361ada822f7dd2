/**
 * What the kernel remembers of connections that tasks have answered which are gone: which of it is in the way of
 * new ones, and how it is listed and deleted. Pure.
 */
import type { FlowKind } from './mesh-host.ts';
import type { Family } from './structure.ts';

/** Entries that are deleted together: `conntrack -D` takes one address, one protocol and one state. */
export interface GoneFlows {
  readonly address: string;
  /** The Internet protocol's number. */
  readonly protocol: string;
  /** TCP's; undefined for protocols whose entries are all alike. */
  readonly state: string | undefined;
}

const tcp = '6';

/**
 * Connections of TCP that are over. An entry is deleted by the addresses and ports of its connection, and a caller
 * may use those again at any time from then on: its new connection to a task that lives would lose its entry in
 * place of the old one, and be cut. Nor does an old entry lead it astray: the kernel makes a new one for it.
 */
const overStates: ReadonlySet<string> = new Set(['LAST_ACK', 'TIME_WAIT', 'CLOSE']);

/** Bare addresses of one family. Standard input for `sh -s`; prints what `goneFlows` reads. */
export function listingScript(family: Family, addresses: readonly string[]): string {
  const patterns = addresses.map((address) => ` src=${address} `).join('\n');
  // One line for each kind of entry, not one for each entry: protocol, state, who answers.
  const line = String.raw`^[a-z]+ +([0-9]+) +[0-9]+ +([A-Z][A-Z0-9_]* +)?src=.* src=([^ ]+) .*`;
  const kinds = `sed -n -E 's/${line}/\\1 \\3 \\2/p'`;
  return `conntrack -L -f ipv${family} | grep -F '${patterns}' | ${kinds} | sort -u\n`;
}

/** Of a listing: what is to be deleted for these addresses. */
export function goneFlows(
  listing: string,
  addresses: readonly string[],
  flows: FlowKind,
): readonly GoneFlows[] {
  const wanted = new Set(addresses);
  return listing.split('\n').flatMap((line): readonly GoneFlows[] => {
    const [protocol = '', address = '', word = ''] = line.trim().split(/\s+/);
    if (!wanted.has(address) || (protocol === tcp) !== (flows === 'connections')) return [];
    if (protocol !== tcp) return [{ address, protocol, state: undefined }];
    return overStates.has(word) ? [] : [{ address, protocol, state: word }];
  });
}

/** Standard input for `sh -s`. Exit code 1 with "0 flow entries" says that there were none any more. */
export function deletingScript(family: Family, { address, protocol, state }: GoneFlows): string {
  const filter = state === undefined ? `-p ${protocol}` : `-p tcp --state ${state}`;
  // It prints each, which may be tens of thousands.
  return `conntrack -D -f ipv${family} ${filter} --reply-src ${address} >/dev/null\n`;
}
