import type { Network, Node } from '#proto';
import type { ReadTransaction } from '../store/types.ts';
import { NodeRoutes } from './node-routes.ts';
import { NetworkBook } from './network-book.ts';
import type { Owner } from './network-book.ts';
import { Segments } from './segments.ts';
import type { Segment } from './segments.ts';
import { Waiters } from './waiters.ts';

export interface NetworkRecord {
  /** As the store has it; undefined while only somebody's wish to be on it is known. */
  network: Network | undefined;
  /** From the moment its subnets are chosen. */
  book: NetworkBook | undefined;
  readonly waiters: Waiters;
  /** Nodes that are to get an address on it. */
  readonly nodesWanted: Set<string>;
  /** Nodes whose address on it is to be taken back. */
  readonly nodesGone: Set<string>;
  /** Why it has no subnets. */
  refusal: string;
}

/** All networks with their books, and which of them have something to be decided. */
export class NetworkTable {
  readonly segments: Segments;
  readonly #records = new Map<string, NetworkRecord>();
  readonly routes = new NodeRoutes();
  /** Ids of nodes there are. */
  readonly nodes = new Set<string>();
  /** Without an allocation, and not known to be refused one. */
  readonly unallocated = new Set<string>();
  readonly refused = new Set<string>();
  /** Where something was let go, or subnets were given: who waits may try again. */
  readonly eased = new Set<string>();
  /** Whose nodes change. */
  readonly nodesDirty = new Set<string>();
  /** Whose error may have to be written. */
  readonly errorsDirty = new Set<string>();
  ingressId = '';

  constructor(tx: ReadTransaction) {
    const [cluster] = tx.list('cluster');
    this.segments = new Segments(cluster);
    for (const node of tx.list('node')) {
      this.nodes.add(node.id);
      this.routes.note(node.id, node.description?.routes ?? []);
    }
    for (const network of tx.list('network')) {
      this.note(network);
      if (network.allocation !== undefined && network.spec?.subnets.length === 0)
        this.segments.continueAfter(network.allocation);
    }
  }

  record(networkId: string): NetworkRecord {
    let record = this.#records.get(networkId);
    if (record === undefined) {
      record = {
        network: undefined,
        book: undefined,
        waiters: new Waiters(),
        nodesWanted: new Set(),
        nodesGone: new Set(),
        refusal: '',
      };
      this.#records.set(networkId, record);
    }
    return record;
  }

  book(networkId: string): NetworkBook | undefined {
    return this.#records.get(networkId)?.book;
  }

  /** The network as the store has it now. Answers whether it has come to have a book. */
  note(network: Network): boolean {
    const record = this.record(network.id);
    record.network = network;
    if (network.isIngress) this.ingressId = network.id;
    if (network.allocation === undefined) {
      record.book = undefined;
      this.segments.claim(network);
      if (!this.refused.has(network.id)) this.unallocated.add(network.id);
      return false;
    }
    const isNew = record.book === undefined;
    if (isNew) this.open(record, network);
    this.#noteHosts(record, network);
    return isNew;
  }

  /** Its subnets are known: addresses can be given. */
  open(record: NetworkRecord, network: Network): NetworkBook {
    const book = new NetworkBook(network);
    record.book = book;
    record.refusal = '';
    this.unallocated.delete(network.id);
    this.refused.delete(network.id);
    if (network.allocation !== undefined) this.segments.note(network.id, network.allocation);
    this.eased.add(network.id);
    this.errorsDirty.add(network.id);
    if (network.isIngress) for (const nodeId of this.nodes) this.wantNode(network.id, nodeId);
    return book;
  }

  /** What a network without an allocation gets. */
  choose(network: Network): Segment {
    return this.segments.choose(network, this.routes.blocks());
  }

  forget(networkId: string): void {
    if (this.ingressId === networkId) this.ingressId = '';
    this.segments.forget(networkId);
    this.#records.delete(networkId);
    for (const set of [this.unallocated, this.refused, this.nodesDirty, this.errorsDirty])
      set.delete(networkId);
    // A subnet has come free.
    this.#retryRefused();
  }

  /** A node that is new, or has changed. */
  noteNode({ id: nodeId, description }: Node): void {
    if (this.routes.note(nodeId, description?.routes ?? [])) this.#retryRefused();
    if (this.nodes.has(nodeId)) return;
    this.nodes.add(nodeId);
    if (this.ingressId !== '') this.wantNode(this.ingressId, nodeId);
  }

  removeNode(nodeId: string): void {
    if (this.routes.note(nodeId, [])) this.#retryRefused();
    this.nodes.delete(nodeId);
    for (const [networkId, record] of this.#records) {
      record.nodesWanted.delete(nodeId);
      // Room was kept for it, perhaps.
      this.ease(networkId);
      if (record.book?.hasNode(nodeId) !== true) continue;
      record.nodesGone.add(nodeId);
      this.nodesDirty.add(networkId);
    }
  }

  /** The node is to have an address on the network. */
  wantNode(networkId: string, nodeId: string): void {
    const record = this.record(networkId);
    const { book } = record;
    if (!this.nodes.has(nodeId) || book?.isOverlay === false || book?.hasNode(nodeId) === true)
      return;
    record.nodesWanted.add(nodeId);
    this.nodesDirty.add(networkId);
  }

  /** The network for people: its name where it is known. */
  nameOf(networkId: string): string {
    return `network ${this.#records.get(networkId)?.network?.spec?.name ?? networkId}`;
  }

  /** Why there is no address to be had on a network without a book. */
  whyClosed(networkId: string): string {
    const record = this.#records.get(networkId);
    const why = record?.network === undefined ? 'does not exist' : 'has no subnet yet';
    const refusal = record?.refusal ?? '';
    return `${this.nameOf(networkId)}${refusal === '' ? ` ${why}` : `: ${refusal}`}`;
  }

  /** There may be room for somebody who waits. */
  ease(networkId: string): void {
    const record = this.#records.get(networkId);
    if (record === undefined || (record.waiters.isEmpty && record.nodesWanted.size === 0)) return;
    this.eased.add(networkId);
  }

  /** What an owner had is free again. Answers those who wait for just that. */
  release(networkId: string, owner: Owner): readonly Owner[] {
    const record = this.#records.get(networkId);
    const freed = record?.book?.release(owner);
    if (record === undefined || freed === undefined) return [];
    this.ease(networkId);
    return [
      ...record.waiters.takeFixed(freed.address),
      ...record.waiters.takeFixed(freed.addressV6),
    ];
  }

  /** An address is kept for the service no longer. Answers those who wait for just that. */
  unreserve(networkId: string, address: string, serviceId: string): readonly Owner[] {
    const record = this.#records.get(networkId);
    if (record?.book === undefined) return [];
    record.book.reserve(address, serviceId, false);
    this.ease(networkId);
    return [...record.waiters.takeFixed(address)];
  }

  #retryRefused(): void {
    for (const id of this.refused) this.unallocated.add(id);
    this.refused.clear();
  }

  #noteHosts(record: NetworkRecord, { id, hosts }: Network): void {
    const { book } = record;
    if (book === undefined) return;
    for (const [nodeId, addresses] of Object.entries(hosts)) {
      book.occupy(`node/${nodeId}`, addresses);
      record.nodesWanted.delete(nodeId);
      if (this.nodes.has(nodeId)) continue;
      record.nodesGone.add(nodeId);
      this.nodesDirty.add(id);
    }
    for (const nodeId of [...book.nodeIds()])
      if (!Object.hasOwn(hosts, nodeId)) {
        book.release(`node/${nodeId}`);
        this.eased.add(id);
        if (record.network?.isIngress === true) this.wantNode(id, nodeId);
      }
  }
}
