import { ClusterError } from '#lib';
import type { UpdateAddressRequest } from '#proto';
import type { AddressChange } from './ports.ts';

/** One address of this host. */
export interface HostAddress {
  readonly interfaceName: string;
  readonly address: string;
  readonly isIpv6: boolean;
  /** Loopback, link-local: nobody else reaches this host there. */
  readonly isLocal: boolean;
}

export const defaultPort = 7377;

/** Interfaces that are made for containers; never offered unasked. */
const ownInterfaces = /^(tessera\d*|ts-|docker\d*|br-|veth|cni|virbr)/;

/**
 * The host:port to tell others. `wanted` is an IP, IP:port or the name of an interface; empty takes
 * the only candidate, or the address that is listened on when that is a single one.
 */
export function advertiseAddress(
  wanted: string,
  listen: { readonly host: string; readonly port: number },
  addresses: readonly HostAddress[],
): string {
  const flag = '--advertise-addr';
  if (wanted !== '') {
    const { host, port } = splitHostPort(wanted, listen.port, flag);
    return joinHostPort(ofInterface(host, addresses) ?? numeric(host, wanted, flag), port);
  }
  if (listen.host !== '0.0.0.0' && listen.host !== '::')
    return joinHostPort(listen.host, listen.port);
  return joinHostPort(onlyCandidate(addresses), listen.port);
}

/** host and port of the TLS port; empty = every address, port 7377. */
export function listenAddress(wanted: string, addresses: readonly HostAddress[]): string {
  const flag = '--listen-addr';
  if (wanted === '') return joinHostPort('0.0.0.0', defaultPort);
  const { host, port } = splitHostPort(wanted, defaultPort, flag);
  return joinHostPort(ofInterface(host, addresses) ?? numeric(host, wanted, flag), port);
}

/** The address that VXLAN packets come to: an IP or the name of an interface; '' stays ''. */
export function dataPathAddress(wanted: string, addresses: readonly HostAddress[]): string {
  if (wanted === '') return '';
  return ofInterface(wanted, addresses) ?? numeric(wanted, wanted, '--data-path-addr');
}

/** host and port of `text`; IPv6 in brackets when a port follows. INVALID_ARGUMENT names the flag. */
export function splitHostPort(
  text: string,
  portIfNone: number,
  flag: string,
  portMin = 1,
): { readonly host: string; readonly port: number } {
  const isBareIpv6 = /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/i.test(text);
  const match = isBareIpv6
    ? undefined
    : /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:\s]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const host = isBareIpv6 ? text : (match?.groups?.['six'] ?? match?.groups?.['host'] ?? '');
  const port = Number(match?.groups?.['port'] ?? portIfNone);
  if (host === '' || port < portMin || port > 65535)
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `${flag}: '${text}' is not an address: expected HOST or HOST:PORT, as in 192.0.2.10:${defaultPort}`,
    );
  return { host, port };
}

export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function ofInterface(name: string, addresses: readonly HostAddress[]): string | undefined {
  const found = addresses.filter((address) => address.interfaceName === name);
  if (found.length === 0) return undefined;
  const [four, second] = found.filter((address) => !address.isIpv6);
  const chosen = four ?? found.find((address) => !address.isLocal);
  if (chosen === undefined || second !== undefined)
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `interface ${name} has ${second === undefined ? 'no usable address' : 'more than one address'} (${found.map((address) => address.address).join(', ')}): pass the address itself with --advertise-addr`,
    );
  return chosen.address;
}

function numeric(host: string, text: string, flag: string): string {
  const isIp = /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || host.includes(':');
  if (isIp && host.split('.').every((part) => part.includes(':') || Number(part) <= 255))
    return host;
  throw new ClusterError(
    'INVALID_ARGUMENT',
    `${flag}: '${text}' is neither an IP address nor the name of an interface of this host`,
  );
}

function onlyCandidate(addresses: readonly HostAddress[]): string {
  const candidates = addresses.filter(
    (address) => !address.isLocal && !address.isIpv6 && !ownInterfaces.test(address.interfaceName),
  );
  const [only, another] = candidates;
  if (only === undefined)
    throw new ClusterError(
      'INVALID_ARGUMENT',
      'could not choose an IP address to advertise since this system has none but loopback: pass --advertise-addr',
    );
  if (another !== undefined)
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `could not choose an IP address to advertise since this system has multiple addresses on different interfaces (${candidates.map((one) => `${one.address} on ${one.interfaceName}`).join(', ')}): pass --advertise-addr`,
    );
  return only.address;
}

/** What an operator asks for, checked; INVALID_ARGUMENT. What is not asked for stays out. */
export function addressChange(
  request: UpdateAddressRequest,
  present: { readonly listenAddress: string },
  addresses: readonly HostAddress[],
): AddressChange {
  const listen =
    request.listenAddress === ''
      ? present.listenAddress
      : listenAddress(request.listenAddress, addresses);
  const own = splitHostPort(listen, 0, '--listen-addr');
  const isAdvertised = request.advertiseAddress !== '';
  const managers = request.managerAddresses.map((text) => {
    const { host, port } = splitHostPort(text, defaultPort, '--manager');
    return joinHostPort(host, port);
  });
  return {
    listenAddress: listen,
    advertiseAddress: isAdvertised
      ? advertiseAddress(request.advertiseAddress, own, addresses)
      : undefined,
    managerAddresses: managers.length === 0 ? undefined : managers,
  };
}
