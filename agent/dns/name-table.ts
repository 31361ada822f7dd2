/** What the names on this node's networks stand for. Pure; kept up from the view's changes. */
import { EndpointMode } from '#proto';
import type { Endpoint, Network, NetworkService } from '#proto';
import type { Change, ViewChanges } from '../network-view/view.ts';
import { addressBytes, canonical, pointedAt } from './address.ts';
import { RecordType, ResponseCode } from './message.ts';
import type { AddressRecord, Answer, AnswerRecord } from './message.ts';

/**
 * How long askers may remember an answer, s. An address that a task had is given to another later
 * than that.
 */
export const ttlSeconds = 1;

interface Addressed {
  readonly v4: AddressRecord | undefined;
  readonly v6: AddressRecord | undefined;
}

interface Serving extends Addressed {
  readonly slot: number;
}

interface NamedService extends Addressed {
  readonly service: NetworkService;
}

/** One network's names. */
class Zone {
  isIngress = false;
  isInternal = false;
  /** For the order in which networks are asked. */
  name = '';
  readonly services = new Map<string, NamedService>();
  /** By name or alias, lower-cased: services. */
  readonly byName = new Map<string, Set<string>>();
  /** By service: its tasks that serve, by id. */
  readonly serving = new Map<string, Map<string, Serving>>();
  /** By address: what stands for it. */
  readonly pointers = new Map<string, { readonly serviceId: string; readonly slot: number }>();

  get isEmpty(): boolean {
    return this.name === '' && this.services.size + this.pointers.size === 0;
  }
}

/** Who asks: the networks whose names it sees, and the task when it is one. */
export interface Asker {
  readonly taskId: string;
  /** All of its networks are internal: it may not ask what lies outside. */
  readonly isInternal: boolean;
  readonly networkIds: readonly string[];
}

function addressed(address: string, addressV6: string): Addressed {
  const v4 = addressBytes(address);
  const v6 = addressBytes(addressV6);
  return {
    v4: v4?.length === 4 ? { type: RecordType.A, address: v4 } : undefined,
    v6: v6?.length === 16 ? { type: RecordType.AAAA, address: v6 } : undefined,
  };
}

const namesOf = ({ name, aliases }: NetworkService): ReadonlySet<string> =>
  new Set([name, ...aliases].map((each) => each.toLowerCase()).filter((each) => each !== ''));

/** How an asker's name is understood: "tasks.web", "3.web", "web". */
const qualified = /^(tasks|[1-9]\d{0,9})\.([^.]+)$/;

/** What is asked for of services: all that stands behind their name, one slot, or their tasks. */
type Part = 'service' | 'tasks' | number;

export class NameTable {
  readonly #nodeId: string;
  readonly #zones = new Map<string, Zone>();
  /** This node's tasks, by address on a network; and the networks of each. */
  readonly #taskAt = new Map<string, string>();
  readonly #networksOf = new Map<string, Set<string>>();
  /** The node's own addresses, and gateways: who asks from there is the host itself. */
  readonly #hostAt = new Map<string, string>();
  /** So that answers begin with another address each time. */
  #turn = 0;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  apply({ networks, hosts, services, endpoints }: ViewChanges): void {
    for (const change of networks) this.#setNetwork(change);
    for (const { old, now } of hosts) {
      if ((now ?? old)?.nodeId !== this.#nodeId) continue;
      this.#setHostAddresses(old?.networkId, addressesOf(old?.addresses), 'delete');
      this.#setHostAddresses(now?.networkId, addressesOf(now?.addresses), 'set');
    }
    for (const change of services) this.#setService(change);
    for (const change of endpoints) this.#setEndpoint(change);
  }

  /** Who asks from this address; undefined when nobody on our networks has it. */
  askerAt(address: string): Asker | undefined {
    // Most come as they are known; IPv6 perhaps with an interface, or written another way.
    const isKnown = this.#taskAt.has(address) || this.#hostAt.has(address);
    const key = isKnown ? address : canonical(address);
    if (key === undefined) return undefined;
    const taskId = this.#taskAt.get(key);
    const networkId = this.#hostAt.get(key);
    if (taskId === undefined)
      return networkId === undefined
        ? undefined
        : { taskId: '', isInternal: false, networkIds: [networkId] };
    const networkIds = [...(this.#networksOf.get(taskId) ?? [])];
    const isInternal = networkIds.every((id) => {
      const zone = this.#zones.get(id);
      return zone !== undefined && (zone.isInternal || zone.isIngress);
    });
    return { taskId, isInternal, networkIds };
  }

  /** The answer for this asker; undefined when the name is none of its networks'. */
  answer(networkIds: readonly string[], name: string, type: number): Answer | undefined {
    const zones = networkIds
      .map((id) => this.#zones.get(id))
      .filter((zone) => zone !== undefined && !zone.isIngress) as Zone[];
    zones.sort((a, b) => (a.name < b.name ? -1 : 1));
    const address = pointedAt(name);
    const answers = zones.map(
      (zone): Found => (address === undefined ? forwards(zone, name) : backwards(zone, address)),
    );
    const found = answers.find((records) => typeof records === 'object');
    if (found === undefined)
      return answers.includes('none') ? own(ResponseCode.NXDOMAIN, []) : undefined;
    const wanted = found.filter((record) => type === record.type || type === RecordType.ANY);
    return own(ResponseCode.NOERROR, this.#rotated(wanted));
  }

  #rotated(records: readonly AnswerRecord[]): readonly AnswerRecord[] {
    if (records.length < 2) return records;
    const by = this.#turn++ % records.length;
    return [...records.slice(by), ...records.slice(0, by)];
  }

  #zone(id: string): Zone {
    let zone = this.#zones.get(id);
    if (zone === undefined) this.#zones.set(id, (zone = new Zone()));
    return zone;
  }

  #tidy(id: string): void {
    if (this.#zones.get(id)?.isEmpty === true) this.#zones.delete(id);
  }

  #setNetwork({ old, now }: Change<Network>): void {
    const id = now?.id ?? old?.id ?? '';
    const zone = this.#zone(id);
    zone.name = now?.spec?.name ?? '';
    zone.isIngress = now?.isIngress === true;
    zone.isInternal = now?.spec?.isInternal === true;
    this.#setHostAddresses(id, gatewaysOf(old), 'delete');
    this.#setHostAddresses(id, gatewaysOf(now), 'set');
    this.#tidy(id);
  }

  #setHostAddresses(
    networkId: string | undefined,
    addresses: readonly string[],
    how: 'set' | 'delete',
  ): void {
    for (const address of addresses) {
      const key = canonical(address);
      if (key === undefined || networkId === undefined) continue;
      if (how === 'set') this.#hostAt.set(key, networkId);
      else if (this.#hostAt.get(key) === networkId) this.#hostAt.delete(key);
    }
  }

  #setService({ old, now }: Change<NetworkService>): void {
    const networkId = now?.networkId ?? old?.networkId ?? '';
    const serviceId = now?.serviceId ?? old?.serviceId ?? '';
    const zone = this.#zone(networkId);
    if (old !== undefined) {
      for (const name of namesOf(old)) {
        const ids = zone.byName.get(name);
        ids?.delete(serviceId);
        if (ids?.size === 0) zone.byName.delete(name);
      }
      zone.services.delete(serviceId);
      for (const key of keysOf(old)) zone.pointers.delete(key);
    }
    if (now !== undefined) {
      for (const name of namesOf(now)) {
        const ids = zone.byName.get(name);
        if (ids === undefined) zone.byName.set(name, new Set([serviceId]));
        else ids.add(serviceId);
      }
      zone.services.set(serviceId, { service: now, ...addressed(now.address, now.addressV6) });
      for (const key of keysOf(now)) zone.pointers.set(key, { serviceId, slot: 0 });
    }
    this.#tidy(networkId);
  }

  #setEndpoint({ old, now }: Change<Endpoint>): void {
    if (old !== undefined) this.#dropEndpoint(old);
    if (now !== undefined) this.#addEndpoint(now);
    this.#tidy(now?.networkId ?? old?.networkId ?? '');
  }

  #dropEndpoint(endpoint: Endpoint): void {
    const { networkId, serviceId, taskId } = endpoint;
    const zone = this.#zone(networkId);
    const serving = zone.serving.get(serviceId);
    serving?.delete(taskId);
    if (serving?.size === 0) zone.serving.delete(serviceId);
    for (const key of keysOf(endpoint)) {
      if (endpoint.isServing) zone.pointers.delete(key);
      if (this.#taskAt.get(key) === taskId) this.#taskAt.delete(key);
    }
    const networkIds = this.#networksOf.get(taskId);
    networkIds?.delete(networkId);
    if (networkIds?.size === 0) this.#networksOf.delete(taskId);
  }

  #addEndpoint(endpoint: Endpoint): void {
    const { networkId, serviceId, taskId, slot, isServing } = endpoint;
    const zone = this.#zone(networkId);
    const keys = keysOf(endpoint);
    if (isServing) {
      let serving = zone.serving.get(serviceId);
      if (serving === undefined) zone.serving.set(serviceId, (serving = new Map()));
      serving.set(taskId, { slot, ...addressed(endpoint.address, endpoint.addressV6) });
      for (const key of keys) zone.pointers.set(key, { serviceId, slot });
    }
    if (endpoint.nodeId !== this.#nodeId) return;
    for (const key of keys) this.#taskAt.set(key, taskId);
    const networkIds = this.#networksOf.get(taskId);
    if (networkIds === undefined) this.#networksOf.set(taskId, new Set([networkId]));
    else networkIds.add(networkId);
  }
}

const own = (code: ResponseCode, records: readonly AnswerRecord[]): Answer => ({
  code,
  records,
  ttlSeconds,
  isOwn: true,
});

const addressesOf = (
  addresses: { readonly address: string; readonly addressV6: string } | undefined,
): readonly string[] => (addresses === undefined ? [] : [addresses.address, addresses.addressV6]);

/** The gateways of a network, on which its names are answered. */
export const gatewaysOf = (network: Network | undefined): readonly string[] =>
  (network?.allocation?.subnets ?? []).map(({ gateway }) => gateway).filter((one) => one !== '');

function keysOf(object: { readonly address: string; readonly addressV6: string }): string[] {
  return addressesOf(object)
    .map(canonical)
    .filter((key) => key !== undefined);
}

/** `none`: it is the network's to say that there is no such name. */
type Found = readonly AnswerRecord[] | 'none' | undefined;

/** All records of the name. */
function forwards(zone: Zone, name: string): Found {
  const plain = zone.byName.get(name);
  if (plain !== undefined) return recordsOf(zone, plain, 'service');
  const [, prefix = '', base = ''] = qualified.exec(name) ?? [];
  const services = zone.byName.get(base);
  if (services === undefined) return undefined;
  if (prefix === 'tasks') return recordsOf(zone, services, 'tasks');
  const records = recordsOf(zone, services, Number(prefix));
  return records.length === 0 ? 'none' : records;
}

function recordsOf(zone: Zone, serviceIds: Iterable<string>, part: Part): readonly AnswerRecord[] {
  const records: AnswerRecord[] = [];
  const add = ({ v4, v6 }: Addressed): void => {
    if (v4 !== undefined) records.push(v4);
    if (v6 !== undefined) records.push(v6);
  };
  for (const id of serviceIds) {
    const named = zone.services.get(id);
    const isVirtual = named?.service.mode === EndpointMode.VIP && named.v4 !== undefined;
    if (part === 'service' && named !== undefined && isVirtual) add(named);
    else
      for (const task of zone.serving.get(id)?.values() ?? [])
        if (typeof part !== 'number' || task.slot === part) add(task);
  }
  return records;
}

/** The name of an address. */
function backwards(zone: Zone, address: string): Found {
  const pointer = zone.pointers.get(address);
  const name = zone.services.get(pointer?.serviceId ?? '')?.service.name ?? '';
  if (pointer === undefined || name === '') return undefined;
  const target = pointer.slot === 0 ? name : `${pointer.slot}.${name}`;
  return [{ type: RecordType.PTR, target }];
}
