/** Where a published port is on a host. Pure. */
import { Protocol } from '#proto';
import type { PortConfig } from '#proto';
import { bareAddress } from './addresses.ts';
import type { Door, Family } from './structure.ts';

const protocolNumbers: Readonly<Record<number, number>> = {
  [Protocol.TCP]: 6,
  [Protocol.UDP]: 17,
  [Protocol.SCTP]: 132,
};

/** `PROTOCOL . PORT`, the protocol as the Internet's number. */
export const portName = ({ protocol, publishedPort }: PortConfig): string =>
  `${protocolNumbers[protocol] ?? 6} . ${publishedPort}`;

export interface EntrancePlace {
  readonly door: Exclude<Door, 'vip'>;
  readonly family: Family;
  /** As the door's maps have it. */
  readonly key: string;
}

/** None for a port that has no number yet, or an address that is none. */
export function entrancePlaces(port: PortConfig): readonly EntrancePlace[] {
  if (port.publishedPort === 0 || port.targetPort === 0) return [];
  const key = portName(port);
  const everywhere = (family: Family): EntrancePlace => ({ door: 'port', family, key });
  if (port.hostIp === '') return [everywhere(4), everywhere(6)];
  if (port.hostIp === '0.0.0.0') return [everywhere(4)];
  const at = bareAddress(port.hostIp);
  if (at === undefined) return [];
  if (at.address === '::') return [everywhere(6)];
  return [{ door: 'address_port', family: at.family, key: `${at.address} . ${key}` }];
}
