/** WireGuard of a host in memory, and what the managers tell of an encrypted network. */
import { ClusterError, silentLogger, silentMetrics } from '#lib';
import type { Logger, Ms } from '#lib';
import { systemRandom } from '#lib/random-node';
import { LiveNetworkView } from '#agent/network-view/view';
import { parseSlot } from '#agent/wireguard/device';
import type { SlotReading } from '#agent/wireguard/device';
import type { KeyStore } from '#agent/wireguard/key-store';
import type { OwnKeys } from '#agent/wireguard/keys';
import { addressOfKey } from '#agent/wireguard/tunnel-address';
import type { Slot } from '#agent/wireguard/tunnel-address';
import { WireGuard } from '#agent/wireguard/index';
import type { WireGuardHost } from '#agent/wireguard/wireguard-host';
import { Network, NetworkChanges, NetworkHost, NetworkSpec, TunnelKey } from '#proto';
import { VirtualClock } from './virtual-clock.ts';

export const networkId = 'eeeeeeeeeeeeeeeeeeeeeeeee';

/** A key of 32 equal bytes. */
export const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
export const base64 = (key: Uint8Array): string => Buffer.from(key).toString('base64');

interface Device {
  publicKey: string;
  port: number;
  address: string;
  mtu: number;
  peers: Map<string, string>;
}

const nothing = parseSlot('');

/** Takes the lines and files that the tools are given. */
export class ModelWireGuard implements WireGuardHost {
  readonly devices = new Map<Slot, Device>();
  readonly ruled = new Map<Slot, string>();
  /** What was made, removed, routed or told, in order. */
  readonly log: string[] = [];
  failure = '';
  reads = 0;
  /** The public half of private keys. */
  readonly #publicOf: (privateKey: string) => string;

  constructor(publicOf: (privateKey: string) => string) {
    this.#publicOf = publicOf;
  }

  read(slot: Slot): Promise<SlotReading> {
    this.reads++;
    const device = this.devices.get(slot);
    const rule = this.ruled.get(slot);
    const ruled = rule === undefined ? [] : [rule];
    if (device === undefined) return Promise.resolve({ ...nothing, ruled });
    const { address, peers, ...rest } = device;
    const isUp = address !== '';
    const addresses = isUp ? [address] : [];
    const reading = { ...rest, isThere: true, isUp, addresses, isRouted: isUp, ruled };
    return Promise.resolve({ ...reading, peers: new Map(peers) });
  }

  uplinkMtu(): Promise<number | undefined> {
    return Promise.resolve(1_500);
  }

  make(slot: Slot, config: string): Promise<void> {
    if (this.failure !== '') return Promise.reject(new ClusterError('RUNTIME_ERROR', this.failure));
    const privateKey = /^PrivateKey = (\S+)$/m.exec(config)?.[1] ?? '';
    const port = Number(/^ListenPort = (\d+)$/m.exec(config)?.[1]);
    this.log.push(`make ${slot}`);
    const publicKey = this.#publicOf(privateKey);
    this.devices.set(slot, { publicKey, port, address: '', mtu: 0, peers: new Map() });
    return Promise.resolve();
  }

  remove(slot: Slot): Promise<void> {
    this.log.push(`remove ${slot}`);
    this.devices.delete(slot);
    this.ruled.delete(slot);
    return Promise.resolve();
  }

  route(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      const [, address = '', slot] =
        /^address replace (\S+)\/128 dev tswg([01]) nodad$/.exec(line) ?? [];
      const device = this.devices.get(Number(slot) as Slot);
      if (slot !== undefined && device !== undefined) device.address = address;
      const [, name, mtu] = /^link set dev tswg([01]) mtu (\d+) up$/.exec(line) ?? [];
      const set = this.devices.get(Number(name) as Slot);
      if (name !== undefined && set !== undefined) set.mtu = Number(mtu);
      const [, from = '', table] =
        /^rule add from (\S+) lookup (\d+) priority \2$/.exec(line) ?? [];
      if (table !== undefined) this.ruled.set((Number(table) - 24_789) as Slot, from);
    }
    if (lines.length > 0) this.log.push('route');
    return Promise.resolve();
  }

  changePeers(slot: Slot, added: string, removed: readonly string[]): Promise<void> {
    const peers = this.devices.get(slot)?.peers;
    for (const key of removed) peers?.delete(key);
    const pattern = /\[Peer\]\nPublicKey = (\S+)\nAllowedIPs = (\S+)\nEndpoint = (\S+)\n/g;
    for (const [, key = '', addresses, endpoint] of added.matchAll(pattern))
      peers?.set(key, `${addresses} ${endpoint}`);
    if (added !== '' || removed.length > 0) this.log.push(`peers ${slot}`);
    return Promise.resolve();
  }

  isThere(slot: Slot): boolean {
    return this.devices.has(slot);
  }
}

/** Keys 1, 2, ... by number; the private one is the public one with another last letter. */
export class ModelKeys implements KeyStore {
  saved: OwnKeys | undefined;
  #made = 0;

  load(): Promise<OwnKeys | undefined> {
    return Promise.resolve(this.saved);
  }

  save(keys: OwnKeys): Promise<void> {
    this.saved = keys;
    return Promise.resolve();
  }

  make(slot: Slot, nowMs: number) {
    const publicKey = base64(keyOf(++this.#made));
    return { slot, privateKey: `secret-${publicKey}`, publicKey, createdAtMs: nowMs };
  }
}

export const periodMs: Ms = 24 * 3_600_000;

export function wireGuardWorld(log: Logger = silentLogger) {
  const clock = new VirtualClock();
  const host = new ModelWireGuard((key) => key.replace('secret-', ''));
  const store = new ModelKeys();
  const basics = { clock, random: systemRandom(), log, metrics: silentMetrics };
  const open = (): Promise<WireGuard> =>
    WireGuard.open({ ...basics, nodeId: 'self', host, store, keyPeriodMs: periodMs });
  return { clock, host, store, open, view: new LiveNetworkView() };
}

export const encrypted = (init: Partial<Network> = {}): Network =>
  Network.create({
    id: networkId,
    spec: NetworkSpec.create({ name: 'shut', isEncrypted: true }),
    ...init,
  });

export function hostWith(
  nodeId: string,
  last: number,
  keys: readonly TunnelKey[],
  id = networkId,
): NetworkHost {
  return NetworkHost.create({
    networkId: id,
    nodeId,
    dataPathAddress: `192.168.0.${last}`,
    addresses: { address: `10.9.0.${last}`, addressV6: '' },
    tunnelKeys: [...keys],
  });
}

export const tunnelKey = (byte: number, port = 24_789): TunnelKey =>
  TunnelKey.create({ publicKey: keyOf(byte), port });

export const peerOf = (byte: number, endpoint: string): readonly [string, string] => [
  base64(keyOf(byte)),
  `${addressOfKey(keyOf(byte))}/128 ${endpoint}`,
];

/** Everything of the network, with this node's keys as they are told by now. */
export const told = (
  own: readonly TunnelKey[],
  others: readonly NetworkHost[] = [hostWith('n1', 2, [tunnelKey(101)])],
): NetworkChanges =>
  NetworkChanges.create({
    isFull: true,
    networks: [encrypted()],
    hosts: [hostWith('self', 1, own), ...others],
  });
