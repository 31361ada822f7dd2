import type { Endpoint, Network, NetworkHost, NetworkService } from '#proto';
import { hostKey } from '../network-view/view.ts';
import type { Change, NetworkView, ViewChanges } from '../network-view/view.ts';
import { macOf } from '../network/subnet.ts';
import { tunnelAddressOf } from '../wireguard/tunnel-address.ts';
import { entryKey } from './entries.ts';
import type { Entries } from './entries.ts';
import type { TaskLink } from './task-links.ts';
import { bridgeName, vxlanName } from './names.ts';
import { hostEntries, isEncrypted, networkEntries, rangesOf, wireEntries } from './network-plan.ts';

/** Who says to have an address. */
interface Claim {
  readonly nodeId: string;
  readonly addressV6: string;
  readonly isHost: boolean;
  readonly isServing: boolean;
}

/** One address of a network: all who say to have it, and the task of this host that has it. */
interface Slot {
  readonly networkId: string;
  readonly address: string;
  /** By task, or by node for the address of a node itself. */
  readonly claims: Map<string, Claim>;
  /** Links of this host's tasks by task. */
  readonly links: Map<string, TaskLink>;
  entries: Entries;
}

const nothing: Entries = new Map();

/** Adds to a set in a map of sets. */
function addTo<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const set = index.get(key);
  if (set === undefined) index.set(key, new Set([value]));
  else set.add(value);
}

function removeFrom<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const set = index.get(key);
  if (set?.delete(value) === true && set.size === 0) index.delete(key);
}

/**
 * What this host should have of its networks, kept up change by change: the work for a change is
 * that of what it changes, not of the network.
 */
export class OverlayPlan {
  readonly #nodeId: string;
  readonly #tableMark: string;
  readonly #desired = new Map<string, string>();
  readonly #dirty = new Set<string>();
  readonly #slots = new Map<string, Slot>();
  /** Slots whose claims are on a node, by `hostKey`; of a network, by its id. */
  readonly #byHost = new Map<string, Set<Slot>>();
  readonly #byNetwork = new Map<string, Set<Slot>>();
  /** The tasks of links of this host. */
  readonly #tasks = new Map<string, string>();
  /** Services that have an address as their virtual one, by network and CIDR. */
  readonly #virtual = new Map<string, Map<string, Set<string>>>();
  /** Ports between nodes: networks share them. */
  #wires: Entries = nothing;
  /** What networks need whoever is on them. */
  readonly #bases = new Map<string, Entries>();
  /** Networks whose devices stay although the managers no longer name them: tasks are on them. */
  readonly #lingering = new Set<string>();
  #mtus: ReadonlyMap<string, number> = new Map();
  /** Where packets of encrypted networks leave from; empty = they do not. */
  #tunnelAddress = '';
  #view: NetworkView | undefined;

  constructor(nodeId: string, tableMark: string) {
    this.#nodeId = nodeId;
    this.#tableMark = tableMark;
  }

  get desired(): Entries {
    return this.#desired;
  }

  /** Tasks of this host by their links. */
  get tasks(): ReadonlyMap<string, string> {
    return this.#tasks;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** Keys whose wanted value has changed since the last call. */
  takeDirty(): ReadonlySet<string> {
    const dirty = new Set(this.#dirty);
    this.#dirty.clear();
    return dirty;
  }

  apply(view: NetworkView, changes: ViewChanges): void {
    this.#view = view;
    const networkIds = new Set<string>();
    for (const { old, now } of changes.networks) networkIds.add((now ?? old)?.id ?? '');
    for (const change of changes.hosts) this.#changeHost(change, networkIds);
    for (const change of changes.endpoints) this.#changeEndpoint(change);
    for (const change of changes.services) this.#changeService(change);
    for (const id of networkIds) this.#settleNetwork(id);
  }

  /** The MTU of the host's devices by their addresses. */
  setMtus(mtus: ReadonlyMap<string, number>): void {
    const isSame =
      mtus.size === this.#mtus.size && [...mtus].every(([key, mtu]) => this.#mtus.get(key) === mtu);
    if (isSame) return;
    this.#mtus = mtus;
    for (const id of this.#view?.networks.keys() ?? []) this.#settleNetwork(id);
  }

  /** Empty: there is none. */
  setTunnelAddress(address: string): void {
    if (address === this.#tunnelAddress) return;
    this.#tunnelAddress = address;
    for (const network of this.#view?.networks.values() ?? [])
      if (isEncrypted(network)) this.#settleNetwork(network.id);
  }

  attach(taskId: string, links: readonly TaskLink[]): void {
    for (const link of links) {
      const slot = this.#slot(link.networkId, link.address);
      slot.links.set(taskId, link);
      this.#tasks.set(link.link, taskId);
      this.#put(entryKey('member', link.link), `${link.bridge} task`);
      this.#settle(slot);
    }
  }

  detach(taskId: string, links: readonly TaskLink[]): void {
    for (const link of links) {
      const slot = this.#slot(link.networkId, link.address);
      slot.links.delete(taskId);
      this.#tasks.delete(link.link);
      this.#put(entryKey('member', link.link), undefined);
      this.#settle(slot);
      if (this.#lingering.has(link.networkId)) this.#settleNetwork(link.networkId);
    }
  }

  #changeHost({ old, now }: Change<NetworkHost>, networkIds: Set<string>): void {
    const { networkId = '', nodeId = '' } = now ?? old ?? {};
    if (nodeId === this.#nodeId) {
      networkIds.add(networkId);
      return;
    }
    const claim = (host: NetworkHost | undefined): Claim | undefined =>
      host && {
        nodeId,
        addressV6: host.addresses?.addressV6 ?? '',
        isHost: true,
        isServing: true,
      };
    this.#claim(networkId, old?.addresses?.address ?? '', nodeId, undefined, nodeId);
    this.#claim(networkId, now?.addresses?.address ?? '', nodeId, claim(now), nodeId);
    if (targetOf(networkId, old, this.#view) !== targetOf(networkId, now, this.#view))
      for (const slot of this.#byHost.get(hostKey(networkId, nodeId)) ?? []) this.#settle(slot);
  }

  #changeEndpoint({ old, now }: Change<Endpoint>): void {
    const { networkId = '', taskId = '' } = now ?? old ?? {};
    if (old !== undefined) this.#claim(networkId, old.address, taskId, undefined, old.nodeId);
    if (now === undefined) return;
    const { nodeId, addressV6, isServing } = now;
    const claim: Claim = { nodeId, addressV6, isHost: false, isServing };
    this.#claim(networkId, now.address, taskId, claim, nodeId);
  }

  #changeService({ old, now }: Change<NetworkService>): void {
    const cidrsOf = (service: NetworkService | undefined): readonly string[] => [
      ...(service === undefined || service.address === '' ? [] : [`${service.address}/32`]),
      ...(service === undefined || service.addressV6 === '' ? [] : [`${service.addressV6}/128`]),
    ];
    const { networkId = '', serviceId = '' } = now ?? old ?? {};
    const virtual = this.#virtual.get(networkId) ?? new Map<string, Set<string>>();
    this.#virtual.set(networkId, virtual);
    for (const cidr of cidrsOf(old)) removeFrom(virtual, cidr, serviceId);
    for (const cidr of cidrsOf(now)) addTo(virtual, cidr, serviceId);
    for (const cidr of new Set([...cidrsOf(old), ...cidrsOf(now)]))
      this.#settleVirtual(networkId, cidr);
    if (virtual.size === 0) this.#virtual.delete(networkId);
  }

  /** `claim` undefined takes the claimant's word back. */
  #claim(
    networkId: string,
    address: string,
    claimant: string,
    claim: Claim | undefined,
    nodeId: string,
  ): void {
    if (address === '') return;
    const slot = this.#slot(networkId, address);
    const index = hostKey(networkId, nodeId);
    if (claim === undefined) slot.claims.delete(claimant);
    else slot.claims.set(claimant, claim);
    const isOfNode = [...slot.claims.values()].some((one) => one.nodeId === nodeId);
    if (isOfNode) addTo(this.#byHost, index, slot);
    else removeFrom(this.#byHost, index, slot);
    this.#settle(slot);
  }

  #slot(networkId: string, address: string): Slot {
    const key = `${networkId} ${address}`;
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot: Slot = {
      networkId,
      address,
      claims: new Map(),
      links: new Map(),
      entries: nothing,
    };
    this.#slots.set(key, slot);
    addTo(this.#byNetwork, networkId, slot);
    return slot;
  }

  #settle(slot: Slot): void {
    const entries = this.#slotEntries(slot);
    this.#replace(slot.entries, entries);
    slot.entries = entries;
    if (slot.claims.size > 0 || slot.links.size > 0) return;
    this.#slots.delete(`${slot.networkId} ${slot.address}`);
    removeFrom(this.#byNetwork, slot.networkId, slot);
  }

  #slotEntries(slot: Slot): Entries {
    const { networkId, address } = slot;
    if (!this.#bases.has(networkId)) return nothing;
    const entries = new Map<string, string>();
    const bridge = bridgeName(networkId);
    const vxlan = vxlanName(networkId);
    const mac = macOf(address);
    const claim = strongest(slot.claims);
    const isRemote = claim !== undefined && claim.nodeId !== this.#nodeId;
    const hasTunnel = this.#bases.get(networkId)?.has(entryKey('vxlan', vxlan)) === true;
    const remote = isRemote ? this.#view?.hosts.get(hostKey(networkId, claim.nodeId)) : undefined;
    const target = targetOf(networkId, remote, this.#view);
    if (target !== undefined && target !== '' && hasTunnel) {
      entries.set(entryKey('neigh', vxlan, address), mac);
      if (claim?.addressV6) entries.set(entryKey('neigh', vxlan, claim.addressV6), mac);
      entries.set(entryKey('fdb', vxlan, mac), target);
      entries.set(entryKey('port', bridge, mac), vxlan);
    } else if (!isRemote) {
      const link = [...slot.links.values()].at(-1);
      if (link !== undefined) entries.set(entryKey('port', bridge, mac), link.link);
    }
    return entries;
  }

  #settleNetwork(id: string): void {
    const view = this.#view;
    const network = view?.networks.get(id);
    const base = network === undefined ? undefined : this.#baseOf(network);
    const old = this.#bases.get(id) ?? nothing;
    const hasLinks = [...(this.#byNetwork.get(id) ?? [])].some(({ links }) => links.size > 0);
    if (base === undefined && hasLinks) {
      this.#lingering.add(id);
      return;
    }
    this.#lingering.delete(id);
    if (base === undefined) this.#bases.delete(id);
    else this.#bases.set(id, base);
    this.#replace(old, base ?? nothing);
    for (const cidr of this.#virtual.get(id)?.keys() ?? []) this.#settleVirtual(id, cidr);
    for (const slot of [...(this.#byNetwork.get(id) ?? [])]) this.#settle(slot);
    this.#settleHost();
  }

  #baseOf(network: Network): Entries | undefined {
    const self = this.#view?.hosts.get(hostKey(network.id, this.#nodeId));
    const mtu = this.#mtus.get(self?.dataPathAddress ?? '');
    return networkEntries(network, self, mtu, this.#tunnelAddress);
  }

  #settleHost(): void {
    const hasV6 = [...this.#bases.keys()].some((id) => {
      const network = this.#view?.networks.get(id);
      return network !== undefined && rangesOf(network).v6 !== undefined;
    });
    // Settings of the host as a whole are never taken back: others may count on them by now.
    for (const [key, value] of hostEntries(this.#bases.size > 0, hasV6, this.#tableMark))
      this.#put(key, value);
    const wires = wireEntries(this.#bases);
    this.#replace(this.#wires, wires);
    this.#wires = wires;
    // Rules for no network keep nobody apart.
    if (this.#bases.size === 0) this.#put(entryKey('table'), undefined);
  }

  #settleVirtual(networkId: string, cidr: string): void {
    const key = entryKey('address', bridgeName(networkId), cidr);
    const isThere = this.#bases.has(networkId) && this.#virtual.get(networkId)?.has(cidr) === true;
    if (this.#bases.get(networkId)?.has(key) === true) return;
    this.#put(key, isThere ? '' : undefined);
  }

  #replace(old: Entries, now: Entries): void {
    for (const key of old.keys()) if (!now.has(key)) this.#put(key, undefined);
    for (const [key, value] of now) this.#put(key, value);
  }

  #put(key: string, value: string | undefined): void {
    if (this.#desired.get(key) === value) return;
    if (value === undefined) this.#desired.delete(key);
    else this.#desired.set(key, value);
    this.#dirty.add(key);
  }
}

/** Where frames for a node go. To one without a key those of an encrypted network go nowhere. */
function targetOf(
  networkId: string,
  host: NetworkHost | undefined,
  view: NetworkView | undefined,
): string | undefined {
  const network = view?.networks.get(networkId);
  if (network === undefined || host === undefined) return undefined;
  return isEncrypted(network) ? tunnelAddressOf(host.tunnelKeys) : host.dataPathAddress;
}

/**
 * Two may say to have an address for a moment, while it changes hands: a node's own, then who serves,
 * then the later id. The same whichever came first.
 */
function strongest(claims: ReadonlyMap<string, Claim>): Claim | undefined {
  let best: readonly [string, Claim] | undefined;
  for (const one of claims) if (best === undefined || isStronger(one, best)) best = one;
  return best?.[1];
}

function isStronger(a: readonly [string, Claim], b: readonly [string, Claim]): boolean {
  if (a[1].isHost !== b[1].isHost) return a[1].isHost;
  if (a[1].isServing !== b[1].isServing) return a[1].isServing;
  return a[0] > b[0];
}
