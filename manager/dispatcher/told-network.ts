import type { Endpoint, Network, NetworkHost, NetworkService } from '#proto';
import { PartWriter } from './network-parts.ts';
import type { Part } from './network-parts.ts';

/** The objects of a network that are told, each under its id: nodes, tasks, services. */
interface Tables {
  readonly hosts: Map<string, NetworkHost>;
  readonly endpoints: Map<string, Endpoint>;
  readonly services: Map<string, NetworkService>;
}
type TableName = keyof Tables;

const removedLists = {
  hosts: 'removedHosts',
  endpoints: 'removedEndpoints',
  services: 'removedServices',
} as const;

/**
 * One network as its nodes are told of it, and what of it changed since they were told last. One
 * message serves all nodes of the network, so the messages are made once.
 */
export class ToldNetwork {
  readonly id: string;
  readonly #tables: Tables = { hosts: new Map(), endpoints: new Map(), services: new Map() };
  readonly #changed = {
    hosts: new Set<string>(),
    endpoints: new Set<string>(),
    services: new Set<string>(),
  };
  #isChanged = false;
  #network: Network | undefined;
  #full: readonly Part[] | undefined;

  constructor(id: string) {
    this.id = id;
  }

  get network(): Network | undefined {
    return this.#network;
  }

  get hosts(): ReadonlyMap<string, NetworkHost> {
    return this.#tables.hosts;
  }

  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#tables.endpoints;
  }

  get services(): ReadonlyMap<string, NetworkService> {
    return this.#tables.services;
  }

  /** Nothing is known of it. */
  get isEmpty(): boolean {
    const { hosts, endpoints, services } = this.#tables;
    return this.#network === undefined && hosts.size + endpoints.size + services.size === 0;
  }

  setNetwork(network: Network | undefined): void {
    this.#network = network;
    this.#isChanged = true;
    this.#full = undefined;
  }

  /** Replaces one object; undefined takes it away. */
  set<T extends TableName>(
    table: T,
    id: string,
    object: (Tables[T] extends Map<string, infer O> ? O : never) | undefined,
  ): void {
    const map = this.#tables[table] as Map<string, typeof object>;
    if (object === undefined) map.delete(id);
    else map.set(id, object);
    this.#changed[table].add(id);
    this.#full = undefined;
  }

  /** Everything, in messages of increments: none when there is no such network. */
  full(): readonly Part[] {
    if (this.#network === undefined) return [];
    if (this.#full === undefined) {
      const writer = new PartWriter();
      writer.add('networks', this.#network);
      for (const name of ['hosts', 'services', 'endpoints'] as const)
        for (const object of this.#tables[name].values()) writer.add(name, object);
      this.#full = writer.parts;
    }
    return this.#full;
  }

  /** What changed so far is told by full sets alone. */
  forgetChanges(): void {
    for (const ids of Object.values(this.#changed)) ids.clear();
    this.#isChanged = false;
  }

  /** What changed since the last call. */
  takeChanges(): readonly Part[] {
    const writer = new PartWriter();
    const names = ['hosts', 'services', 'endpoints'] as const;
    for (const name of names)
      for (const id of this.#changed[name])
        if (!this.#tables[name].has(id)) writer.add(removedLists[name], `${this.id}/${id}`);
    if (this.#isChanged && this.#network !== undefined) writer.add('networks', this.#network);
    for (const name of names) {
      for (const id of this.#changed[name]) {
        const object = this.#tables[name].get(id);
        if (object !== undefined) writer.add(name, object);
      }
      this.#changed[name].clear();
    }
    this.#isChanged = false;
    return writer.parts;
  }
}
