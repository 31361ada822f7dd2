import type { Owner } from './network-book.ts';

/** Who waits for an address of one network: for any, or for one that is somebody else's now. */
export class Waiters {
  /** In the order in which they came. */
  readonly #any = new Set<Owner>();
  /** Theirs is kept for them, but room for their nodes is missing. */
  readonly #forRoom = new Set<Owner>();
  readonly #fixed = new Map<string, Set<Owner>>();
  readonly #addressOf = new Map<Owner, string>();

  get anyCount(): number {
    return this.#any.size + this.#forRoom.size;
  }

  get isEmpty(): boolean {
    return this.anyCount + this.#fixed.size === 0;
  }

  /** `address`: the one it waits for; '' = any. */
  add(owner: Owner, address: string): void {
    if (address === '') {
      this.#any.add(owner);
      return;
    }
    this.#addressOf.set(owner, address);
    const owners = this.#fixed.get(address);
    if (owners === undefined) this.#fixed.set(address, new Set([owner]));
    else owners.add(owner);
  }

  /** It waits for no address of its own, but until there is room for one of its node. */
  addForRoom(owner: Owner): void {
    this.#forRoom.add(owner);
  }

  remove(owner: Owner): void {
    this.#any.delete(owner);
    this.#forRoom.delete(owner);
    const address = this.#addressOf.get(owner);
    if (address === undefined) return;
    this.#addressOf.delete(owner);
    const owners = this.#fixed.get(address);
    owners?.delete(owner);
    if (owners?.size === 0) this.#fixed.delete(address);
  }

  /** Takes out those who wait for this address. */
  takeFixed(address: string): Iterable<Owner> {
    const owners = this.#fixed.get(address) ?? [];
    this.#fixed.delete(address);
    for (const owner of owners) this.#addressOf.delete(owner);
    return owners;
  }

  /** Takes out as many of those who wait for any address, and all who wait for room alone. */
  takeAny(count: number): readonly Owner[] {
    const taken: Owner[] = [];
    for (const owner of this.#any) {
      if (taken.length >= count) break;
      taken.push(owner);
    }
    for (const owner of taken) this.#any.delete(owner);
    taken.push(...this.#forRoom);
    this.#forRoom.clear();
    return taken;
  }

  takeAll(): readonly Owner[] {
    const all = [
      ...this.#any,
      ...this.#forRoom,
      ...[...this.#fixed.values()].flatMap((owners) => [...owners]),
    ];
    this.#any.clear();
    this.#forRoom.clear();
    this.#fixed.clear();
    this.#addressOf.clear();
    return all;
  }
}
