/** Published ports that processes of this host listen on. Pure. */
import type { PortConfig } from '#proto';
import { bareAddress } from './addresses.ts';
import { portName } from './published-port.ts';

export interface Listener {
  /** As `portName`. */
  readonly port: string;
  /** Undefined = every address. */
  readonly address: string | undefined;
}

export interface Clashes {
  /** By `portName`: somebody listens where connections from outside arrive. */
  readonly everywhere: ReadonlySet<string>;
  /** Only on 127.0.0.1. */
  readonly onLoopback: ReadonlySet<string>;
}

/** `ownAddresses`: of the bridges; what listens there is ours, and no published port answers there. */
export function findClashes(
  ports: readonly PortConfig[],
  listeners: readonly Listener[],
  ownAddresses: ReadonlySet<string>,
): Clashes {
  const everywhere = new Set<string>();
  const onLoopback = new Set<string>();
  const byPort = Map.groupBy(listeners, ({ port }) => port);
  for (const port of ports) {
    const name = portName(port);
    for (const { address } of byPort.get(name) ?? []) {
      if (address !== undefined && ownAddresses.has(address)) continue;
      if (isLoopback(address)) {
        if (address === '127.0.0.1') onLoopback.add(name);
      } else if (overlaps(address, port.hostIp)) everywhere.add(name);
    }
  }
  return { everywhere, onLoopback };
}

/** Of `ss -H -l -n -t -u`; lines of another form are left out. */
export function parseListeners(text: string): readonly Listener[] {
  return text.split('\n').flatMap((line) => {
    const [protocol = '', , , , local = ''] = line.trim().split(/\s+/);
    const number = { tcp: '6', udp: '17' }[protocol];
    const [, host = '', port] = /^(.*):(\d+)$/.exec(local) ?? [];
    if (number === undefined || port === undefined) return [];
    const bare = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
    const isEvery = bare === '*' || bare === '0.0.0.0' || bare === '::';
    const address = isEvery ? undefined : (bareAddress(bare)?.address ?? bare);
    return [{ port: `${number} . ${port}`, address }];
  });
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address.startsWith('127.') || address === '::1');
}

function overlaps(address: string | undefined, hostIp: string): boolean {
  if (address === undefined || hostIp === '' || hostIp === '0.0.0.0' || hostIp === '::')
    return true;
  return bareAddress(hostIp)?.address === address;
}
