/**
 * Who may reach the tasks of this host on isolated networks: for each service that has tasks here, the
 * set of the addresses of those it allows, and of its own. Pure.
 */
import type { Endpoint, Network, NetworkService } from '#proto';
import { serviceKey } from '../network-view/view.ts';
import { bareAddress, bareAddresses } from './addresses.ts';
import type { BareAddress } from './addresses.ts';
import { families, guardParts } from './structure.ts';
import type { Part } from './structure.ts';
import type { TableContents } from './table-contents.ts';

interface Guarded {
  readonly networkId: string;
  /** Services whose tasks are let in: its own first. */
  readonly allowedIds: readonly string[];
  readonly parts: readonly Part[];
}

export class Isolation {
  readonly #contents: TableContents;
  readonly #nodeId: string;
  /** CIDRs by isolated network. */
  readonly #subnets = new Map<string, readonly string[]>();
  /** By service key, then task. */
  readonly #endpoints = new Map<string, Map<string, Endpoint>>();
  readonly #allowed = new Map<string, readonly string[]>();
  readonly #guarded = new Map<string, Guarded>();
  /** Keys of the guarded services that let a service in, by that one's key. */
  readonly #letIn = new Map<string, Set<string>>();

  constructor(contents: TableContents, nodeId: string) {
    this.#contents = contents;
    this.#nodeId = nodeId;
  }

  setNetwork(id: string, network: Network | undefined): void {
    const subnets = network?.spec?.isIsolated
      ? (network.allocation?.subnets ?? []).map(({ subnet }) => subnet)
      : undefined;
    if (this.#subnets.get(id)?.join() === subnets?.join()) return;
    const keys = [...this.#endpoints.keys()].filter((key) => key.startsWith(`${id}/`));
    for (const key of keys) this.#endGuard(key);
    if (subnets === undefined) this.#subnets.delete(id);
    else this.#subnets.set(id, subnets);
    for (const key of keys) this.#beginGuard(key);
  }

  setService(key: string, service: NetworkService | undefined): void {
    const ids = service?.allowFromIds ?? [];
    if ((this.#allowed.get(key) ?? []).join() === ids.join()) return;
    this.#endGuard(key);
    if (ids.length === 0) this.#allowed.delete(key);
    else this.#allowed.set(key, ids);
    this.#beginGuard(key);
  }

  setEndpoint(old: Endpoint | undefined, now: Endpoint | undefined): void {
    if (old !== undefined) this.#removeEndpoint(old);
    if (now !== undefined) this.#addEndpoint(now);
  }

  #addEndpoint(endpoint: Endpoint): void {
    const key = serviceKey(endpoint.networkId, endpoint.serviceId);
    const endpoints = this.#endpoints.get(key) ?? new Map<string, Endpoint>();
    endpoints.set(endpoint.taskId, endpoint);
    this.#endpoints.set(key, endpoints);
    for (const guarded of this.#letIn.get(key) ?? [])
      for (const address of addressesOf(endpoint))
        this.#contents.set(...allowedKey(guarded, address));
    if (endpoint.nodeId !== this.#nodeId) return;
    if (this.#guarded.has(key)) this.#guard(key, endpoint);
    else this.#beginGuard(key);
  }

  #removeEndpoint(endpoint: Endpoint): void {
    const key = serviceKey(endpoint.networkId, endpoint.serviceId);
    const endpoints = this.#endpoints.get(key);
    endpoints?.delete(endpoint.taskId);
    if (endpoints?.size === 0) this.#endpoints.delete(key);
    for (const { family, address } of addressesOf(endpoint)) {
      for (const guarded of this.#letIn.get(key) ?? [])
        this.#contents.delete(...allowedKey(guarded, { family, address }));
      this.#contents.delete(`guarded${family}`, address);
    }
    if (this.#guarded.has(key) && this.#localOf(key).length === 0) this.#endGuard(key);
  }

  /** Begins to guard a service when its network is isolated and it has tasks here. */
  #beginGuard(key: string): void {
    const networkId = key.slice(0, key.indexOf('/'));
    const subnets = this.#subnets.get(networkId);
    const local = this.#localOf(key);
    if (subnets === undefined || local.length === 0 || this.#guarded.has(key)) return;
    const own = key.slice(networkId.length + 1);
    const allowedIds = [...new Set([own, ...(this.#allowed.get(key) ?? [])])];
    const parts = families.flatMap((family) => {
      const ofFamily = subnets.filter((subnet) => familyOf(subnet) === family);
      return guardParts(family, nameOf(key), ofFamily);
    });
    for (const part of parts) this.#contents.use(part);
    this.#guarded.set(key, { networkId, allowedIds, parts });
    for (const id of allowedIds) {
      const from = serviceKey(networkId, id);
      const guards = this.#letIn.get(from) ?? new Set();
      guards.add(key);
      this.#letIn.set(from, guards);
      for (const endpoint of this.#endpoints.get(from)?.values() ?? [])
        for (const address of addressesOf(endpoint))
          this.#contents.set(...allowedKey(key, address));
    }
    for (const endpoint of local) this.#guard(key, endpoint);
  }

  /** Ends to guard a service, whether it was guarded or not. */
  #endGuard(key: string): void {
    const guarded = this.#guarded.get(key);
    if (guarded === undefined) return;
    for (const endpoint of this.#localOf(key))
      for (const { family, address } of addressesOf(endpoint))
        this.#contents.delete(`guarded${family}`, address);
    for (const id of guarded.allowedIds) {
      const from = serviceKey(guarded.networkId, id);
      for (const endpoint of this.#endpoints.get(from)?.values() ?? [])
        for (const address of addressesOf(endpoint))
          this.#contents.delete(...allowedKey(key, address));
      const guards = this.#letIn.get(from);
      guards?.delete(key);
      if (guards?.size === 0) this.#letIn.delete(from);
    }
    for (const part of guarded.parts) this.#contents.release(part);
    this.#guarded.delete(key);
  }

  #guard(key: string, endpoint: Endpoint): void {
    for (const { family, address } of addressesOf(endpoint))
      this.#contents.set(`guarded${family}`, address, `goto guard${family}_${nameOf(key)}`);
  }

  #localOf(key: string): readonly Endpoint[] {
    const endpoints = this.#endpoints.get(key)?.values() ?? [];
    return [...endpoints].filter(({ nodeId }) => nodeId === this.#nodeId);
  }
}

const addressesOf = ({ address, addressV6 }: Endpoint): readonly BareAddress[] =>
  bareAddresses(address, addressV6);
const nameOf = (key: string): string => key.replaceAll(/[^0-9A-Za-z]/g, '_');
const familyOf = (subnet: string) => bareAddress(subnet.split('/')[0] ?? '')?.family;

function allowedKey(guardedKey: string, { family, address }: BareAddress): [string, string] {
  return [`allowed${family}_${nameOf(guardedKey)}`, address];
}
