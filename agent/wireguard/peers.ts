/** Whom a tunnel of this host knows, and the lines that bring it there; pure. */
import type { NetworkHost } from '#proto';
import type { NetworkView } from '../network-view/view.ts';
import type { KeyPair } from './keys.ts';
import { addressOfKey, wireGuardPortOf } from './tunnel-address.ts';

/** By public key (base64): `ADDRESS/128 ENDPOINT`, the only address it may send from, and where it is. */
export type Peers = ReadonlyMap<string, string>;

const peer = (address: string, endpoint: string): string => `${address}/128 ${endpoint}`;

export const isEncrypted = (view: NetworkView, networkId: string): boolean =>
  view.networks.get(networkId)?.spec?.isEncrypted === true;

/**
 * All keys of the other nodes on the encrypted networks of this one. A key that two nodes claim is that
 * of the lower id, so that it stays where it is.
 */
export function peersOf(view: NetworkView, nodeId: string): Peers {
  const owners = new Map<string, NetworkHost>();
  const peers = new Map<string, string>();
  for (const host of view.hosts.values()) {
    if (host.nodeId === nodeId || host.dataPathAddress === '') continue;
    if (!isEncrypted(view, host.networkId)) continue;
    for (const { publicKey, port } of host.tunnelKeys) {
      const name = Buffer.from(publicKey).toString('base64');
      const owner = owners.get(name);
      if (owner !== undefined && owner.nodeId < host.nodeId) continue;
      owners.set(name, host);
      const at = host.dataPathAddress;
      const endpoint = at.includes(':') ? `[${at}]:${port}` : `${at}:${port}`;
      peers.set(name, peer(addressOfKey(publicKey), endpoint));
    }
  }
  return peers;
}

/** The file that `wg setconf` reads for a device without peers. */
export function deviceConfig({ privateKey, slot }: KeyPair): string {
  return `[Interface]\nPrivateKey = ${privateKey}\nListenPort = ${wireGuardPortOf(slot)}\n`;
}

export interface PeerChanges {
  /** For `wg addconf`; empty = nothing. */
  readonly added: string;
  /** Public keys. */
  readonly removed: readonly string[];
}

export function peerChanges(wanted: Peers, present: Peers): PeerChanges {
  const news = [...wanted].filter(([key, value]) => present.get(key) !== value);
  const added = news.map(([key, value]) => {
    const [addresses = '', endpoint = ''] = value.split(' ');
    return `[Peer]\nPublicKey = ${key}\nAllowedIPs = ${addresses}\nEndpoint = ${endpoint}\n`;
  });
  const removed = [...present.keys()].filter((key) => !wanted.has(key));
  return { added: added.join(''), removed };
}

/** What `wg show DEVICE endpoints` and `wg show DEVICE allowed-ips` print. */
export function parsePeers(endpoints: string, allowed: string): Peers {
  const rows = (text: string): readonly (readonly [string, string])[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'))
      .map(([key = '', value = '']) => [key, value]);
  const addresses = new Map(rows(allowed));
  return new Map(rows(endpoints).map(([key, at]) => [key, `${addresses.get(key) ?? ''} ${at}`]));
}
