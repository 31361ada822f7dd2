import { assert, cidrEnd, cidrSize, formatIpAddress, parseCidr, parseIpAddress } from '#lib';
import type { Cidr } from '#lib';
import type { SubnetConfig } from '#proto';

/** Addresses further in are given only where they are asked for by name. */
const offsetMax = 1 << 24;

/**
 * Who has which address of one subnet. Addresses are numbered by their distance from its beginning. What is
 * given without a wish is the next free one after the last that was given, so that one that was just
 * let go rests before it comes again.
 */
export class AddressBook {
  readonly cidr: Cidr;
  /** The first and the last that are given without being asked for by name. */
  readonly #first: number;
  readonly #last: number;
  /** How many there are between them, the gateway not counted. */
  readonly capacity: number;
  readonly #gateway: number;
  readonly #owners = new Map<number, string>();
  /** Kept for the tasks of one service each. */
  readonly #reserved = new Map<number, string>();
  /** How many between first and last are owned or reserved. */
  #busyCount = 0;
  #cursor: number;

  /** `config` as allocated: with its subnet and gateway. */
  constructor(config: SubnetConfig) {
    const cidr = parseCidr(config.subnet);
    const gateway = parseIpAddress(config.gateway);
    assert(cidr !== undefined && gateway !== undefined, `${config.subnet} is not allocated`);
    this.cidr = cidr;
    const range = parseCidr(config.ipRange) ?? cidr;
    // The first address is the subnet's own; the last one of IPv4 reaches everybody on it.
    const size = cidrSize(cidr);
    const end = cidr.family === 4 && size > 2n ? size - 2n : size - 1n;
    const rangeEnd = cidrEnd(range) - cidr.base;
    this.#first = Math.max(1, this.#cut(range.base - cidr.base));
    this.#last = this.#cut(rangeEnd < end ? rangeEnd : end);
    this.#gateway = this.#cut(gateway.value - cidr.base);
    this.#cursor = this.#first - 1;
    const isGatewayInside = this.#isInside(this.#gateway);
    this.capacity = Math.max(0, this.#last - this.#first + 1 - Number(isGatewayInside));
  }

  get freeCount(): number {
    return this.capacity - this.#busyCount;
  }

  get usedCount(): number {
    return this.#busyCount;
  }

  format(offset: number): string {
    return formatIpAddress({ family: this.cidr.family, value: this.cidr.base + BigInt(offset) });
  }

  /** undefined when it is not in this subnet, or too far in. */
  offsetOf(address: string): number | undefined {
    const parsed = parseIpAddress(address);
    if (parsed === undefined || parsed.family !== this.cidr.family) return undefined;
    const offset = parsed.value - this.cidr.base;
    if (offset < 0n || offset >= cidrSize(this.cidr)) return undefined;
    return offset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(offset) : undefined;
  }

  ownerOf(offset: number): string | undefined {
    return offset === this.#gateway ? 'gateway' : this.#owners.get(offset);
  }

  /** The service whose tasks alone may have it. */
  reservedFor(offset: number): string | undefined {
    return this.#reserved.get(offset);
  }

  /** The next free one; undefined when there is none. */
  takeNext(owner: string): number | undefined {
    if (this.freeCount <= 0) return undefined;
    const count = this.#last - this.#first + 1;
    let offset = this.#cursor;
    for (let step = 0; step < count; step++) {
      offset = offset >= this.#last ? this.#first : offset + 1;
      if (offset === this.#gateway || this.#isBusy(offset)) continue;
      this.#cursor = offset;
      this.#own(offset, owner);
      return offset;
    }
    return undefined;
  }

  /** This one if it is free and may be given without a wish, else the next free one. */
  takeNear(offset: number, owner: string): number | undefined {
    const isGood = this.#isInside(offset) && offset !== this.#gateway && !this.#isBusy(offset);
    if (!isGood) return this.takeNext(owner);
    this.#own(offset, owner);
    return offset;
  }

  /** Notes an owner, whatever the reservations say. False when another has it. */
  take(offset: number, owner: string): boolean {
    const present = this.ownerOf(offset);
    if (present !== undefined) return present === owner;
    this.#own(offset, owner);
    return true;
  }

  /** Those that come next come after this one. */
  continueAfter(offset: number): void {
    if (this.#isInside(offset)) this.#cursor = offset;
  }

  /** False when it was not the owner's. */
  release(offset: number, owner: string): boolean {
    if (this.#owners.get(offset) !== owner) return false;
    const wasBusy = this.#isBusy(offset);
    this.#owners.delete(offset);
    this.#count(offset, wasBusy);
    return true;
  }

  /** Keeps an address for the tasks of a service. False when it is kept for another already. */
  reserve(offset: number, serviceId: string): boolean {
    const present = this.#reserved.get(offset);
    if (present !== undefined) return present === serviceId;
    const wasBusy = this.#isBusy(offset);
    this.#reserved.set(offset, serviceId);
    this.#count(offset, wasBusy);
    return true;
  }

  unreserve(offset: number, serviceId: string): void {
    if (this.#reserved.get(offset) !== serviceId) return;
    const wasBusy = this.#isBusy(offset);
    this.#reserved.delete(offset);
    this.#count(offset, wasBusy);
  }

  /** In a stable order, for comparison. */
  owners(): readonly (readonly [number, string])[] {
    return [...this.#owners].toSorted(([a], [b]) => a - b);
  }

  #own(offset: number, owner: string): void {
    const wasBusy = this.#isBusy(offset);
    this.#owners.set(offset, owner);
    this.#count(offset, wasBusy);
  }

  #count(offset: number, wasBusy: boolean): void {
    if (!this.#isInside(offset) || offset === this.#gateway) return;
    this.#busyCount += Number(this.#isBusy(offset)) - Number(wasBusy);
  }

  #isBusy(offset: number): boolean {
    return this.#owners.has(offset) || this.#reserved.has(offset);
  }

  #isInside(offset: number): boolean {
    return offset >= this.#first && offset <= this.#last;
  }

  #cut(offset: bigint): number {
    return offset > BigInt(offsetMax) ? offsetMax : Number(offset);
  }
}
