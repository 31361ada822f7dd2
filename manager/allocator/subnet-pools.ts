import BTreeModule from 'sorted-btree';
import { assert, bitsOf, cidrEnd, cidrSize, doCidrsOverlap } from '#lib';
import type { Cidr } from '#lib';

type Ranges = InstanceType<typeof BTreeModule.default<bigint, Cidr>>;

function byValue(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Blocks of which none overlaps another, so that one look finds who is in the way of a new one. */
export class TakenSubnets {
  readonly #v4: Ranges = new BTreeModule.default<bigint, Cidr>(undefined, byValue);
  readonly #v6: Ranges = new BTreeModule.default<bigint, Cidr>(undefined, byValue);

  add(cidr: Cidr): void {
    this.#of(cidr).set(cidr.base, cidr);
  }

  remove(cidr: Cidr): void {
    this.#of(cidr).delete(cidr.base);
  }

  /** The last one that overlaps it. */
  inTheWayOf(cidr: Cidr): Cidr | undefined {
    const found = this.#of(cidr).getPairOrNextLower(cidrEnd(cidr))?.[1];
    return found !== undefined && doCidrsOverlap(found, cidr) ? found : undefined;
  }

  #of({ family }: Cidr): Ranges {
    return family === 4 ? this.#v4 : this.#v6;
  }
}

/** Subnets of one length, cut out of pools; the next free one after the last that was cut. */
export class SubnetPool {
  readonly #pools: readonly Cidr[];
  readonly #length: number;
  /** Where to go on: a pool, and a base in it. */
  #at = 0;
  #base: bigint;

  constructor(pools: readonly Cidr[], length: number) {
    const [first] = pools;
    assert(first !== undefined, 'a pool of no subnets');
    this.#pools = pools;
    this.#length = length;
    this.#base = first.base;
  }

  /**
   * The next subnet that nothing of what `inTheWay` knows overlaps; undefined when all are taken. What is
   * in the way is jumped over, however large it is.
   */
  next(inTheWay: (cidr: Cidr) => Cidr | undefined): Cidr | undefined {
    // Once round: the rest of the pool it stands in, the others, the beginning of its own.
    for (let round = 0; round <= this.#pools.length; round++) {
      const pool = this.#pools[this.#at];
      assert(pool !== undefined, 'the cursor stands in a pool');
      const found = this.#search(pool, inTheWay);
      if (found !== undefined) {
        this.#base = cidrEnd(found) + 1n;
        return found;
      }
      this.#at = (this.#at + 1) % this.#pools.length;
      this.#base = this.#pools[this.#at]?.base ?? 0n;
    }
    return undefined;
  }

  /** What is cut next comes after this one, if it is of these pools. */
  continueAfter(cidr: Cidr): void {
    const at = this.#pools.findIndex((pool) => doCidrsOverlap(pool, cidr));
    if (at < 0) return;
    this.#at = at;
    this.#base = cidrEnd(cidr) + 1n;
  }

  #search(pool: Cidr, inTheWay: (cidr: Cidr) => Cidr | undefined): Cidr | undefined {
    const { family } = pool;
    const length = Math.max(pool.length, this.#length);
    const size = 1n << BigInt(bitsOf(family) - length);
    const end = pool.base + cidrSize(pool);
    for (let base = alignUp(this.#base, size); base < end; ) {
      const cidr: Cidr = { family, base, length };
      const other = inTheWay(cidr);
      if (other === undefined) return cidr;
      base = alignUp(cidrEnd(other) + 1n, size);
    }
    return undefined;
  }
}

function alignUp(value: bigint, size: bigint): bigint {
  return ((value + size - 1n) / size) * size;
}
