import { assert } from '#lib';
import { HostAddresses, NetworkDriver } from '#proto';
import type { Network } from '#proto';
import { AddressBook } from './address-book.ts';

/** Who may have an address: "task/ID", "service/ID" or "node/ID". */
export type Owner = `task/${string}` | `service/${string}` | `node/${string}`;

export interface Wish {
  /** A fixed address, of either family; '' = any. */
  readonly address: string;
  /** The service the owner is of, for what is kept for it. */
  readonly serviceId: string;
}

export type Taken =
  | { readonly kind: 'taken'; readonly addresses: HostAddresses }
  /** Nothing is free; `text` has the numbers. */
  | { readonly kind: 'exhausted'; readonly text: string }
  /** The one that was asked for is somebody else's. */
  | { readonly kind: 'occupied'; readonly address: string; readonly owner: string };

export const anyAddress: Wish = { address: '', serviceId: '' };

/** The addresses of one network that has its subnets, and who has them. */
export class NetworkBook {
  readonly networkId: string;
  readonly isOverlay: boolean;
  readonly #name: string;
  readonly #v4: AddressBook;
  readonly #v6: AddressBook | undefined;
  readonly #held = new Map<Owner, HostAddresses>();
  /** Nodes with an address on it. */
  readonly #nodes = new Set<string>();
  /** Tasks with an address that have no node yet. */
  readonly #homeless = new Set<string>();

  constructor(network: Network) {
    this.networkId = network.id;
    this.#name = network.spec?.name ?? network.id;
    this.isOverlay = network.spec?.driver !== NetworkDriver.BRIDGE;
    const books = (network.allocation?.subnets ?? []).map((config) => new AddressBook(config));
    const v4 = books.find(({ cidr }) => cidr.family === 4);
    assert(v4 !== undefined, `network ${network.id} has no IPv4 subnet`);
    this.#v4 = v4;
    this.#v6 = books.find(({ cidr }) => cidr.family === 6);
  }

  addressesOf(owner: Owner): HostAddresses | undefined {
    return this.#held.get(owner);
  }

  hasNode(nodeId: string): boolean {
    return this.#nodes.has(nodeId);
  }

  nodeIds(): Iterable<string> {
    return this.#nodes;
  }

  /**
   * How many tasks and services could get an address now, `nodeCount` being the nodes there are, of which
   * `wantedCount` get theirs first.
   */
  roomFor(nodeCount: number, wantedCount: number): number {
    const kept = this.#keptForNodes(nodeCount - wantedCount);
    return Math.min(this.#free(), this.#v4.freeCount - kept) - wantedCount;
  }

  /**
   * Addresses for a task without a node, with room kept for one of the node that it comes to: a task that
   * is placed does not find that its node cannot have one.
   */
  takeForTask(taskId: string, wish: Wish, nodeCount: number): Taken {
    const owner: Owner = `task/${taskId}`;
    const missing = this.isOverlay ? Math.max(0, nodeCount - this.#nodes.size) : 0;
    const kept = Math.min(this.#homeless.size + 1, missing);
    const wanted = wish.address === '' ? 1 : 0;
    if (this.#v4.freeCount - wanted < kept) return this.#exhausted(kept);
    const taken = this.take(owner, wish);
    if (taken.kind === 'taken') this.#homeless.add(taskId);
    return taken;
  }

  /** A virtual address, which is none of those that are kept for nodes. */
  takeForService(serviceId: string, nodeCount: number): Taken {
    const owner: Owner = `service/${serviceId}`;
    const kept = this.#keptForNodes(nodeCount);
    if (!this.#held.has(owner) && this.#v4.freeCount <= kept) return this.#exhausted(kept);
    return this.take(owner);
  }

  take(owner: Owner, wish: Wish = anyAddress): Taken {
    const present = this.#held.get(owner);
    if (present !== undefined) return { kind: 'taken', addresses: present };
    const fixed = wish.address === '' ? undefined : this.#fixed(owner, wish);
    if (fixed?.kind === 'occupied') return fixed;
    const v4 = fixed?.v4 ?? this.#v4.takeNext(owner);
    if (v4 === undefined) {
      if (fixed?.v6 !== undefined) this.#v6?.release(fixed.v6, owner);
      return this.#exhausted(0);
    }
    const v6 = fixed?.v6 ?? this.#v6?.takeNear(v4, owner);
    if (this.#v6 !== undefined && v6 === undefined) {
      this.#v4.release(v4, owner);
      return this.#exhausted(0);
    }
    const addresses = HostAddresses.create({
      address: this.#v4.format(v4),
      addressV6: v6 === undefined ? '' : (this.#v6?.format(v6) ?? ''),
    });
    this.#hold(owner, addresses);
    return { kind: 'taken', addresses };
  }

  /** Notes what the store says that an owner has. Answers an address that another has as well. */
  occupy(owner: Owner, addresses: HostAddresses): string | undefined {
    const present = this.#held.get(owner);
    if (present?.address === addresses.address && present.addressV6 === addresses.addressV6)
      return undefined;
    if (present !== undefined) this.release(owner);
    this.#hold(owner, addresses);
    const isGood = (book: AddressBook | undefined, address: string): boolean => {
      const offset = address === '' ? undefined : book?.offsetOf(address);
      return offset === undefined || book?.take(offset, owner) === true;
    };
    if (!isGood(this.#v4, addresses.address)) return addresses.address;
    return isGood(this.#v6, addresses.addressV6) ? undefined : addresses.addressV6;
  }

  /** Whether a task has a node yet. Answers whether room was kept for one, and is no more. */
  notePlace(taskId: string, isPlaced: boolean): boolean {
    if (isPlaced || !this.#held.has(`task/${taskId}`)) return this.#homeless.delete(taskId);
    this.#homeless.add(taskId);
    return false;
  }

  /** What the owner had; undefined when it was nothing. */
  release(owner: Owner): HostAddresses | undefined {
    const held = this.#held.get(owner);
    if (held === undefined) return undefined;
    this.#held.delete(owner);
    const let4 = this.#v4.offsetOf(held.address);
    if (let4 !== undefined) this.#v4.release(let4, owner);
    const let6 = held.addressV6 === '' ? undefined : this.#v6?.offsetOf(held.addressV6);
    if (let6 !== undefined) this.#v6?.release(let6, owner);
    if (owner.startsWith('node/')) this.#nodes.delete(owner.slice(5));
    else if (owner.startsWith('task/')) this.#homeless.delete(owner.slice(5));
    return held;
  }

  /** Keeps an address for the tasks of a service, or lets it go. */
  reserve(address: string, serviceId: string, isKept: boolean): void {
    for (const book of [this.#v4, this.#v6]) {
      const offset = book?.offsetOf(address);
      if (book === undefined || offset === undefined) continue;
      if (isKept) book.reserve(offset, serviceId);
      else book.unreserve(offset, serviceId);
    }
  }

  /** What is given next comes after what this owner has. */
  continueAfter(owner: Owner): void {
    const held = this.#held.get(owner);
    const offset = held === undefined ? undefined : this.#v4.offsetOf(held.address);
    if (offset !== undefined) this.#v4.continueAfter(offset);
  }

  /** Why nothing is given any more, with numbers. */
  exhaustion(nodeCount: number): string {
    return this.#exhausted(this.#keptForNodes(nodeCount)).text;
  }

  /** In a stable order, for comparison. */
  owners(): readonly (readonly [Owner, HostAddresses])[] {
    return [...this.#held].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  #fixed(
    owner: Owner,
    { address, serviceId }: Wish,
  ):
    | { readonly kind: 'fixed'; readonly v4: number | undefined; readonly v6: number | undefined }
    | Extract<Taken, { kind: 'occupied' }> {
    const v4 = this.#v4.offsetOf(address);
    const v6 = v4 === undefined ? this.#v6?.offsetOf(address) : undefined;
    const book = v4 === undefined ? this.#v6 : this.#v4;
    const offset = v4 ?? v6;
    if (book === undefined || offset === undefined)
      return { kind: 'occupied', address, owner: 'outside' };
    const keeper = book.reservedFor(offset);
    if (keeper !== undefined && keeper !== serviceId)
      return { kind: 'occupied', address, owner: `service/${keeper}` };
    const present = book.ownerOf(offset);
    if (present !== undefined) return { kind: 'occupied', address, owner: present };
    book.take(offset, owner);
    return { kind: 'fixed', v4, v6 };
  }

  #hold(owner: Owner, addresses: HostAddresses): void {
    this.#held.set(owner, addresses);
    if (owner.startsWith('node/')) this.#nodes.add(owner.slice(5));
  }

  #free(): number {
    return Math.min(this.#v4.freeCount, this.#v6?.freeCount ?? Infinity);
  }

  #keptForNodes(nodeCount: number): number {
    const missing = this.isOverlay ? Math.max(0, nodeCount - this.#nodes.size) : 0;
    return Math.min(this.#homeless.size, missing);
  }

  #exhausted(kept: number): Extract<Taken, { kind: 'exhausted' }> {
    const book =
      this.#v6 !== undefined && this.#v6.freeCount < this.#v4.freeCount ? this.#v6 : this.#v4;
    const { length, family } = book.cidr;
    const subnet = `${book.format(0)}/${length}`;
    // What is kept for nodes counts as used: it will be, as soon as the tasks have theirs.
    const used = book.usedCount + (family === 4 ? Math.min(kept, book.freeCount) : 0);
    const text = `network ${this.#name}: ${used} of ${book.capacity} addresses of ${subnet} in use`;
    return { kind: 'exhausted', text };
  }
}
