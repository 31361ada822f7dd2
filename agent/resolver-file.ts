/** What tasks find in /etc/resolv.conf and /etc/hosts. Pure. */
import type { DnsConfig } from '#proto';

/** More are not read by resolvers. */
const serversMax = 3;

/** Whether the address is of the host's own loopback, which a task cannot reach. */
const isLoopback = (server: string): boolean => server.startsWith('127.') || server === '::1';

/** The values of all lines of one kind. */
function valuesOf(text: string, keyword: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first === keyword)
    .flatMap(([, ...values]) => values);
}

/** The first list with anything in it. */
const firstOf = (...lists: readonly (readonly string[] | undefined)[]): readonly string[] =>
  lists.find((list) => list !== undefined && list.length > 0) ?? [];

/** Whether a task can use the servers of this resolv.conf. */
export const hasReachableServer = (text: string): boolean =>
  valuesOf(text, 'nameserver').some((server) => !isLoopback(server));

/**
 * The text of /etc/resolv.conf. `gateways`: where this host answers names to the task; empty for
 * tasks on the node's own bridge, which ask their own or the host's servers (`hostText`) themselves.
 * Options that the task asks for win over ours.
 */
export function resolverText(
  gateways: readonly string[],
  dns: DnsConfig | undefined,
  hostText: string,
): string {
  const reachable = valuesOf(hostText, 'nameserver').filter((server) => !isLoopback(server));
  const servers = firstOf(gateways, dns?.nameservers, reachable).slice(0, serversMax);
  // As everywhere: a lone dot means no search at all.
  const search = firstOf(dns?.search, valuesOf(hostText, 'search')).filter(
    (domain) => domain !== '.',
  );
  const wanted = firstOf(dns?.options, valuesOf(hostText, 'options'));
  const names = new Set(wanted.map((option) => option.split(':')[0]));
  // Names of services, which have no dots, are asked for as they are before any domain is added.
  const options = gateways.length > 0 && !names.has('ndots') ? [...wanted, 'ndots:0'] : wanted;
  const lines = [
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The text of /etc/hosts: `addresses` are the task's own, `lines` the user's "name:address". */
export function hostsText(
  hostname: string,
  addresses: readonly string[],
  lines: readonly string[],
): string {
  const own = addresses.filter((address) => address !== '').map((one) => `${one}\t${hostname}`);
  const asked = lines.map((line) => {
    const at = line.indexOf(':');
    return `${line.slice(at + 1).replace(/^\[(.*)\]$/, '$1')}\t${line.slice(0, at)}`;
  });
  const all = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...asked,
    ...own,
  ];
  return all.map((line) => `${line}\n`).join('');
}
