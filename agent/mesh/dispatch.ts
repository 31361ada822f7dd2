/** From a virtual address or a published port to the backends of its service, as elements. Pure. */
import type { Backend, BackendPool, PoolReader } from './backend-pool.ts';
import { affinityParts, choicePart, doorMaps, drawPart } from './structure.ts';
import type { Door, Family, Part } from './structure.ts';
import type { TableContents } from './table-contents.ts';

/** One way to reach a service. */
export interface Entrance {
  readonly door: Door;
  readonly family: Family;
  /** As the door's maps have it: an address, `PROTOCOL . PORT` or both; the protocol as a number. */
  readonly key: string;
  /** Port of the tasks; undefined = the one that was asked for. */
  readonly targetPort: number | undefined;
  /** 0 = each connection to any task. */
  readonly affinitySeconds: number;
}

class OpenEntrance implements PoolReader {
  readonly entrance: Entrance;
  readonly #pool: BackendPool;
  readonly #contents: TableContents;
  readonly #began: (entrance: Entrance) => void;
  /** What is used of the table: the chains of the present count, and those of affinity. */
  #chains: readonly Part[] = [];
  readonly #affinity: readonly Part[];

  constructor(
    entrance: Entrance,
    pool: BackendPool,
    contents: TableContents,
    began: (entrance: Entrance) => void,
  ) {
    this.#began = began;
    this.entrance = entrance;
    this.#pool = pool;
    this.#contents = contents;
    const { door, family, key, affinitySeconds } = entrance;
    this.#affinity = affinitySeconds > 0 ? affinityParts(door, family, key, affinitySeconds) : [];
  }

  open(): void {
    const { key, targetPort } = this.entrance;
    if (targetPort !== undefined) this.#contents.set(this.#maps().targets, key, String(targetPort));
    for (const part of this.#affinity) this.#contents.use(part);
    this.#pool.follow(this);
    for (const [number, backend] of this.#pool.backends.entries()) {
      this.joined(backend);
      this.numberChanged(number, backend);
    }
    this.countChanged();
  }

  close(): void {
    this.#pool.unfollow(this);
    for (const [number, backend] of this.#pool.backends.entries()) {
      this.left(backend);
      this.numberChanged(number, undefined);
    }
    this.#lead(0);
    this.#contents.delete(this.#maps().targets, this.entrance.key);
    if (this.entrance.door === 'vip')
      this.#contents.delete(`idle${this.entrance.family}`, this.entrance.key);
    for (const part of this.#affinity) this.#contents.release(part);
  }

  numberChanged(number: number, backend: Backend | undefined): void {
    const { key } = this.entrance;
    const maps = this.#maps();
    const map = this.#hasAffinity ? maps.marks : maps.backends;
    const value = this.#hasAffinity ? (b: Backend) => String(b.mark) : (b: Backend) => b.address;
    if (backend === undefined) this.#contents.delete(map, `${key} . ${number}`);
    else this.#contents.set(map, `${key} . ${number}`, value(backend));
  }

  joined(backend: Backend): void {
    if (!this.#hasAffinity) return;
    const key = `${this.entrance.key} . ${backend.mark}`;
    this.#contents.set(this.#maps().byMark, key, backend.address);
  }

  left(backend: Backend): void {
    if (!this.#hasAffinity) return;
    this.#contents.delete(this.#maps().byMark, `${this.entrance.key} . ${backend.mark}`);
  }

  countChanged(): void {
    const { door, family, key } = this.entrance;
    const count = this.#pool.backends.length;
    this.#lead(count);
    if (door !== 'vip') return;
    if (count === 0) this.#contents.set(`idle${family}`, key);
    else this.#contents.delete(`idle${family}`, key);
  }

  /** Leads the key to the chains of a count. */
  #lead(count: number): void {
    const { door, family, key } = this.entrance;
    const maps = this.#maps();
    if (this.#chains.length === 0 && count > 0) this.#began(this.entrance);
    for (const part of this.#chains) this.#contents.release(part);
    this.#chains = [];
    if (count === 0) {
      this.#contents.delete(maps.chains, key);
      this.#contents.delete(maps.draws, key);
      return;
    }
    const part = (this.#hasAffinity ? drawPart : choicePart)(door, family, count);
    this.#chains = [part];
    this.#contents.use(part);
    const [, affinity] = this.#affinity;
    if (affinity === undefined) {
      this.#contents.set(maps.chains, key, `goto ${part.name}`);
      return;
    }
    this.#contents.set(maps.draws, key, `jump ${part.name}`);
    this.#contents.set(maps.chains, key, `goto ${affinity.name}`);
  }

  get #hasAffinity(): boolean {
    return this.#affinity.length > 0;
  }

  #maps() {
    return doorMaps(this.entrance.door, this.entrance.family);
  }
}

/** An entrance that a service has, or waits for while another service has it. */
export type Claim = { readonly entrance: Entrance };

/**
 * All entrances of this host. The managers give each key to one service at a time; should two have it
 * for a moment, the first keeps it until it lets go.
 */
export class Dispatch {
  readonly #contents: TableContents;
  readonly #began: (entrance: Entrance) => void;
  /** By map and key, in the order they came; the first is open. */
  readonly #claims = new Map<string, OpenEntrance[]>();

  /** `began`: the entrance has led nowhere, and leads to tasks from now on. */
  constructor(contents: TableContents, began: (entrance: Entrance) => void) {
    this.#contents = contents;
    this.#began = began;
  }

  claim(entrance: Entrance, pool: BackendPool): Claim {
    const claim = new OpenEntrance(entrance, pool, this.#contents, this.#began);
    const claims = this.#claims.get(keyOf(entrance)) ?? [];
    claims.push(claim);
    this.#claims.set(keyOf(entrance), claims);
    if (claims.length === 1) claim.open();
    return claim;
  }

  release({ entrance }: Claim): void {
    const claims = this.#claims.get(keyOf(entrance)) ?? [];
    const at = claims.findIndex((claim) => claim.entrance === entrance);
    const [gone] = at < 0 ? [] : claims.splice(at, 1);
    if (claims.length === 0) this.#claims.delete(keyOf(entrance));
    if (gone === undefined || at > 0) return;
    gone.close();
    claims[0]?.open();
  }
}

function keyOf({ door, family, key }: Entrance): string {
  return `${doorMaps(door, family).chains} ${key}`;
}
