/**
 * The mesh of one host: virtual addresses, published ports, isolation and the way back of replies,
 * kept from what changes of the host's networks. Work is in proportion to the change. Pure.
 */
import type { Endpoint, Network, NetworkHost, NetworkService, PortConfig } from '#proto';
import { serviceKey } from '../network-view/view.ts';
import type { Change, ViewChanges } from '../network-view/view.ts';
import { bareAddress, bareAddresses, bridgeMac, markOf, zoneOf } from './addresses.ts';
import { BackendPool } from './backend-pool.ts';
import { Departures } from './departures.ts';
import { Dispatch } from './dispatch.ts';
import type { Claim, Entrance } from './dispatch.ts';
import { HostPorts } from './host-ports.ts';
import { Isolation } from './isolation.ts';
import { entrancePlaces, portName } from './published-port.ts';
import type { Family } from './structure.ts';
import { families } from './structure.ts';
import { TableContents } from './table-contents.ts';
import { unledPort } from './unled-flows.ts';
import type { UnledPort } from './unled-flows.ts';

interface KnownService {
  readonly service: NetworkService;
  readonly claims: ReadonlyMap<string, Claim>;
}

export class MeshRules {
  readonly contents = new TableContents();
  readonly departures = new Departures();
  readonly #nodeId: string;
  readonly #dispatch = new Dispatch(this.contents, ({ door, key }) => {
    // Virtual addresses that lead nowhere refuse: no flow begins.
    if (door !== 'vip') this.#opened(key);
  });
  readonly #hostPorts = new HostPorts(this.contents, (key) => this.#opened(key));
  readonly #isolation: Isolation;
  /** By service key and family. */
  readonly #pools = new Map<string, BackendPool>();
  readonly #services = new Map<string, KnownService>();
  /** Keys of ports of datagrams that lead to tasks, and did not before. */
  readonly #openedPorts = new Map<string, UnledPort>();
  #kept: ReadonlySet<string> = new Set();
  #hasNewPorts = false;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
    this.#isolation = new Isolation(this.contents, nodeId);
  }

  apply(changes: ViewChanges): void {
    for (const change of changes.networks) this.#network(change);
    for (const change of changes.hosts) this.#host(change);
    for (const change of changes.services) this.#service(change);
    for (const change of changes.endpoints) this.#endpoint(change);
  }

  /** Ports of a task of this host alone, led to its first address of each family; none = none. */
  setHostPorts(taskId: string, addresses: readonly string[], ports: readonly PortConfig[]): void {
    this.#hostPorts.set(taskId, addresses, ports);
  }

  /**
   * Ports by `portName` that are left to the host's own processes: everywhere, or only where it calls
   * itself by 127.0.0.1.
   */
  keep(everywhere: ReadonlySet<string>, onLoopback: ReadonlySet<string>): void {
    const changed = everywhere.symmetricDifference(this.#kept);
    this.#kept = everywhere;
    for (const [key, { service }] of changed.size === 0 ? [] : this.#services)
      if (service.ports.some((port) => changed.has(portName(port)))) this.#open(key, service);
    const before = this.contents.elements.get('kept')?.keys() ?? [];
    for (const name of [...before]) if (!onLoopback.has(name)) this.contents.delete('kept', name);
    for (const name of onLoopback) this.contents.set('kept', name);
  }

  /** What the cluster publishes on this host, kept ports too. */
  publishedPorts(): readonly PortConfig[] {
    return [...this.#services.values()].flatMap(({ service }) => service.ports);
  }

  /** Whether ports were published since the last call that were not before. */
  takeHasNewPorts(): boolean {
    const hasNew = this.#hasNewPorts;
    this.#hasNewPorts = false;
    return hasNew;
  }

  /** Ports of datagrams that have come to lead to tasks since the last call. */
  takeOpenedPorts(): readonly UnledPort[] {
    const opened = [...this.#openedPorts.values()];
    this.#openedPorts.clear();
    return opened;
  }

  #opened(key: string): void {
    const port = unledPort(key);
    if (port !== undefined) this.#openedPorts.set(key, port);
  }

  #network({ old, now }: Change<Network>): void {
    const id = (now ?? old)?.id ?? '';
    this.#isolation.setNetwork(id, now);
    for (const { family, address } of gatewaysOf(old))
      this.contents.delete(`gateways${family}`, address);
    for (const { family, address } of gatewaysOf(now))
      this.contents.set(`gateways${family}`, address);
  }

  /**
   * Replies to what another node forwarded go back through it, also when a caller has connections with one
   * port of its own through several nodes.
   */
  #host({ old, now }: Change<NetworkHost>): void {
    for (const { mac, mark } of this.#originsOf(old)) {
      this.contents.delete('origins', mac);
      this.contents.delete('origin_links', mark);
      this.contents.delete('origin_zones', mac);
    }
    for (const { mac, mark, zone } of this.#originsOf(now)) {
      this.contents.set('origins', mac, mark);
      this.contents.set('origin_links', mark, mac);
      this.contents.set('origin_zones', mac, zone);
    }
  }

  #originsOf(host: NetworkHost | undefined) {
    const address = bareAddress(host?.addresses?.address ?? '');
    if (host === undefined || host.nodeId === this.#nodeId || address?.family !== 4) return [];
    const mark = markOf(address.address);
    return [{ mac: bridgeMac(address.address), mark: String(mark), zone: String(zoneOf(mark)) }];
  }

  #service({ old, now }: Change<NetworkService>): void {
    const named = now ?? old;
    if (named === undefined) return;
    const key = serviceKey(named.networkId, named.serviceId);
    this.#isolation.setService(key, now);
    const known = new Set(old?.ports.map(portName));
    if (now?.ports.some((port) => !known.has(portName(port)))) this.#hasNewPorts = true;
    this.#open(key, now);
  }

  /** Claims the entrances that a service has now, and lets go of those that it had. */
  #open(key: string, service: NetworkService | undefined): void {
    const before = this.#services.get(key)?.claims ?? new Map<string, Claim>();
    const wanted = new Map(
      (service === undefined ? [] : this.#entrancesOf(service)).map((entrance) => [
        JSON.stringify(entrance),
        entrance,
      ]),
    );
    for (const [name, claim] of before) if (!wanted.has(name)) this.#dispatch.release(claim);
    const claims = new Map<string, Claim>();
    for (const [name, entrance] of wanted) {
      const pool = this.#pool(key, entrance.family);
      claims.set(name, before.get(name) ?? this.#dispatch.claim(entrance, pool));
    }
    if (service === undefined) this.#services.delete(key);
    else this.#services.set(key, { service, claims });
    for (const family of families) this.#dropUnused(key, family);
  }

  #entrancesOf(service: NetworkService): readonly Entrance[] {
    const { sessionAffinitySeconds: affinitySeconds, address, addressV6 } = service;
    const virtual = bareAddresses(address, addressV6).map(({ family, address: key }): Entrance => {
      return { door: 'vip', family, key, targetPort: undefined, affinitySeconds };
    });
    const published = service.ports
      .filter((port) => !this.#kept.has(portName(port)))
      .flatMap((port) =>
        entrancePlaces(port).map(
          (place): Entrance => ({ ...place, targetPort: port.targetPort, affinitySeconds }),
        ),
      );
    return [...virtual, ...published];
  }

  #endpoint({ old, now }: Change<Endpoint>): void {
    const named = now ?? old;
    if (named === undefined) return;
    this.#isolation.setEndpoint(old, now);
    for (const family of families) {
      const before = addressOf(old, family);
      const after = addressOf(now, family);
      if (before !== undefined && before !== after) {
        this.departures.left(before);
        this.contents.delete(`selves${family}`, `${before} . ${before}`);
      }
      if (after !== undefined) {
        this.departures.taken(after);
        // A task that reaches itself through a service's address gets replies to the host's.
        if (now?.nodeId === this.#nodeId)
          this.contents.set(`selves${family}`, `${after} . ${after}`);
      }
      this.#serve(named, family, now?.isServing === true ? after : undefined);
    }
  }

  #serve(endpoint: Endpoint, family: Family, address: string | undefined): void {
    const { networkId, serviceId, taskId } = endpoint;
    if (serviceId === '') return;
    const key = serviceKey(networkId, serviceId);
    if (address === undefined) {
      this.#pools.get(poolKey(key, family))?.remove(taskId);
      this.#dropUnused(key, family);
      return;
    }
    const mark = markOf(addressOf(endpoint, 4) ?? address);
    this.#pool(key, family).put({ taskId, address, mark });
  }

  #pool(key: string, family: Family): BackendPool {
    const name = poolKey(key, family);
    const pool = this.#pools.get(name) ?? new BackendPool();
    this.#pools.set(name, pool);
    return pool;
  }

  #dropUnused(key: string, family: Family): void {
    const name = poolKey(key, family);
    // A claim that waits for another's key does not follow its pool yet, but holds it.
    const isClaimed = (this.#services.get(key)?.claims.size ?? 0) > 0;
    if (!isClaimed && this.#pools.get(name)?.isUnused === true) this.#pools.delete(name);
  }
}

const poolKey = (key: string, family: Family): string => `${key}/${family}`;

function gatewaysOf(network: Network | undefined) {
  const subnets = network?.allocation?.subnets ?? [];
  return subnets.flatMap(({ gateway }) => bareAddress(gateway) ?? []);
}

function addressOf(endpoint: Endpoint | undefined, family: Family): string | undefined {
  if (endpoint === undefined) return undefined;
  const text = family === 4 ? endpoint.address : endpoint.addressV6;
  const bare = bareAddress(text);
  return bare?.family === family ? bare.address : undefined;
}
