import { ServiceEndpoint } from '#proto';
import type { NetworkAddress, Service } from '#proto';
import { publishedPortsOf } from '../store/network-keys.ts';
import {
  attachmentsOf,
  hasVirtualAddresses,
  needsAddresses,
  publishesThroughIngress,
} from './needs.ts';
import type { NetworkTable } from './network-table.ts';
import type { Owner } from './network-book.ts';
import { choosePorts, PortBook } from './port-book.ts';

/** What keeps the tasks of a service on networks: how many there are on each. */
type LiveTasks = Map<string, number>;

/** Services with their virtual addresses and ports, and which of them have something to be decided. */
export class ServiceTable {
  readonly #networks: NetworkTable;
  readonly #services = new Map<string, Service>();
  readonly #ports = new PortBook();
  readonly #publishing = new Set<string>();
  readonly #live = new Map<string, LiveTasks>();
  readonly dirty = new Set<string>();

  constructor(networks: NetworkTable) {
    this.#networks = networks;
  }

  get isAnyPublishing(): boolean {
    return this.#publishing.size > 0;
  }

  get(serviceId: string): Service | undefined {
    return this.#services.get(serviceId);
  }

  /** The service as the store has it now. Answers who may try again for an address that it let go. */
  note(service: Service): readonly Owner[] {
    const { id } = service;
    const old = this.#services.get(id);
    this.#services.set(id, service);
    this.#ports.note(id, publishedPortsOf(service));
    if (isIdle(old) && isIdle(service)) return [];
    if (publishesThroughIngress(service)) this.#publishing.add(id);
    else this.#publishing.delete(id);
    const retry = this.#unreserve(old, service);
    this.#reserve(service);
    this.dirty.add(id);
    return [...retry, ...this.#noteAddresses(old, service)];
  }

  forget(serviceId: string): readonly Owner[] {
    const old = this.#services.get(serviceId);
    if (old === undefined) return [];
    const retry = this.#unreserve(old, undefined);
    this.#services.delete(serviceId);
    this.#ports.forget(serviceId);
    this.#publishing.delete(serviceId);
    this.dirty.delete(serviceId);
    const owner: Owner = `service/${serviceId}`;
    const released = networksOf(old).flatMap((networkId) => {
      this.#networks.record(networkId).waiters.remove(owner);
      return this.#networks.release(networkId, owner);
    });
    return [...retry, ...released];
  }

  /** Fixed addresses are kept on a network whose subnets have become known. */
  reserveOn(networkId: string): void {
    const book = this.#networks.book(networkId);
    for (const service of this.#services.values())
      for (const one of attachmentsOf(service.spec?.task))
        if (one.network === networkId)
          for (const address of one.addresses) book?.reserve(address, service.id, true);
  }

  /** A task of the service has come to, or gone from, a network. */
  countTask(serviceId: string, networkId: string, change: 1 | -1): void {
    let live = this.#live.get(serviceId);
    if (live === undefined) this.#live.set(serviceId, (live = new Map<string, number>()));
    const count = (live.get(networkId) ?? 0) + change;
    if (count > 0) {
      live.set(networkId, count);
      return;
    }
    live.delete(networkId);
    if (live.size === 0) this.#live.delete(serviceId);
    // The last one on a network that the service has left: its virtual address there can go.
    if (this.#services.has(serviceId)) this.dirty.add(serviceId);
  }

  /**
   * What the endpoint of a service is to be; what it has stays. A network that the service has left keeps
   * its virtual address as long as tasks are on it.
   */
  endpointOf(service: Service): ServiceEndpoint | undefined {
    const owner: Owner = `service/${service.id}`;
    const addresses: NetworkAddress[] = [];
    let error = '';
    for (const networkId of this.#wantedNetworks(service)) {
      const record = this.#networks.record(networkId);
      const taken = record.book?.takeForService(service.id, this.#networks.nodes.size);
      if (taken?.kind === 'taken') {
        addresses.push({ networkId, ...taken.addresses });
        continue;
      }
      record.waiters.add(owner, '');
      this.#networks.errorsDirty.add(networkId);
      error ||= taken?.kind === 'exhausted' ? taken.text : this.#networks.whyClosed(networkId);
    }
    const chosen = choosePorts(service, this.#ports);
    error ||= chosen.error;
    if (addresses.length + chosen.ports.length === 0 && error === '') return undefined;
    const endpoint = ServiceEndpoint.create({
      virtualAddresses: addresses,
      ports: chosen.ports,
      error,
    });
    this.#ports.note(service.id, publishedPortsOf({ ...service, endpoint }));
    return endpoint;
  }

  #wantedNetworks(service: Service): readonly string[] {
    if (!hasVirtualAddresses(service)) return [];
    const asked = attachmentsOf(service.spec?.task).map(({ network }) => network);
    const kept = (service.endpoint?.virtualAddresses ?? [])
      .map(({ networkId }) => networkId)
      .filter((id) => !asked.includes(id) && this.#live.get(service.id)?.has(id) === true);
    return [...asked, ...kept];
  }

  #reserve({ id, spec }: Service): void {
    for (const { network, addresses } of attachmentsOf(spec?.task))
      for (const address of addresses) this.#networks.book(network)?.reserve(address, id, true);
  }

  /** What it keeps no longer is free for others. */
  #unreserve(old: Service | undefined, now: Service | undefined): readonly Owner[] {
    if (old === undefined) return [];
    const kept = attachmentsOf(now?.spec?.task);
    return attachmentsOf(old.spec?.task).flatMap(({ network, addresses }) => {
      const still = kept.find((one) => one.network === network)?.addresses ?? [];
      return addresses
        .filter((address) => !still.includes(address))
        .flatMap((address) => this.#networks.unreserve(network, address, old.id));
    });
  }

  #noteAddresses(old: Service | undefined, service: Service): readonly Owner[] {
    const owner: Owner = `service/${service.id}`;
    const present = service.endpoint?.virtualAddresses ?? [];
    const retry: Owner[] = [];
    for (const networkId of new Set([...networksOf(old), ...networksOf(service)])) {
      this.#networks.record(networkId).waiters.remove(owner);
      if (!present.some((one) => one.networkId === networkId))
        retry.push(...this.#networks.release(networkId, owner));
    }
    for (const { networkId, address, addressV6 } of present)
      this.#networks.book(networkId)?.occupy(owner, { address, addressV6 });
    return retry;
  }
}

/** Has nothing of the allocator's, and needs nothing. */
function isIdle(service: Service | undefined): boolean {
  return service === undefined || (service.endpoint === undefined && !needsAddresses(service));
}

/** Every network on which the service may hold an address. */
function networksOf(service: Service | undefined): readonly string[] {
  if (service === undefined) return [];
  const asked = attachmentsOf(service.spec?.task).map(({ network }) => network);
  const given = (service.endpoint?.virtualAddresses ?? []).map(({ networkId }) => networkId);
  return [...new Set([...asked, ...given])];
}
