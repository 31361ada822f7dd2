import { assert, doCidrsOverlap, formatCidr, formatIpAddress, parseCidr } from '#lib';
import type { Cidr } from '#lib';
import { NetworkAllocation, NetworkDriver, SubnetConfig } from '#proto';
import type { Cluster, Network } from '#proto';
import { poolSettings } from './pool-settings.ts';
import type { PoolSettings } from './pool-settings.ts';
import { SubnetPool, TakenSubnets } from './subnet-pools.ts';

/** Below are the numbers that other programs give to networks of theirs. */
const vniMin = 4097;
const vniMax = (1 << 24) - 1;
/** Routes that a refusal names. */
const shownMax = 5;

export type Segment =
  | { readonly kind: 'chosen'; readonly allocation: NetworkAllocation }
  | { readonly kind: 'refused'; readonly error: string };

/** The first address of a subnet that a thing on it may have. */
function firstAddress({ family, base }: Cidr): string {
  return formatIpAddress({ family, value: base + 1n });
}

/** The numbers and subnets of all networks, and what a new network gets. */
export class Segments {
  readonly #settings: PoolSettings;
  readonly #v4: SubnetPool;
  readonly #v6: SubnetPool;
  readonly #taken = new TakenSubnets();
  readonly #vnis = new Map<number, string>();
  readonly #byNetwork = new Map<string, NetworkAllocation>();
  /** What networks without an allocation ask for: no subnet is cut out of it for others. */
  readonly #claims = new Map<string, readonly Cidr[]>();
  #vniCursor = vniMin - 1;

  constructor(cluster: Cluster | undefined) {
    this.#settings = poolSettings(cluster);
    this.#v4 = new SubnetPool(this.#settings.v4, this.#settings.v4Length);
    this.#v6 = new SubnetPool([this.#settings.v6], this.#settings.v6Length);
  }

  /** Notes what a network without an allocation asks for. */
  claim({ id, spec }: Network): void {
    this.forget(id);
    const asked = cidrsOf(spec?.subnets ?? []);
    if (asked.length > 0) this.#claims.set(id, asked);
  }

  /** Notes what a network has, in the place of what it had. */
  note(networkId: string, allocation: NetworkAllocation): void {
    this.forget(networkId);
    this.#byNetwork.set(networkId, allocation);
    if (allocation.vni !== 0) {
      this.#vnis.set(allocation.vni, networkId);
      this.#vniCursor = Math.max(this.#vniCursor, allocation.vni);
    }
    for (const cidr of cidrsOf(allocation.subnets)) this.#taken.add(cidr);
  }

  /** What is cut next comes after these. */
  continueAfter(allocation: NetworkAllocation): void {
    for (const cidr of cidrsOf(allocation.subnets))
      (cidr.family === 4 ? this.#v4 : this.#v6).continueAfter(cidr);
  }

  forget(networkId: string): void {
    this.#claims.delete(networkId);
    const allocation = this.#byNetwork.get(networkId);
    if (allocation === undefined) return;
    this.#byNetwork.delete(networkId);
    if (this.#vnis.get(allocation.vni) === networkId) this.#vnis.delete(allocation.vni);
    for (const cidr of cidrsOf(allocation.subnets)) this.#taken.remove(cidr);
  }

  /**
   * What a network without an allocation gets. Out of `blocks`, routes of nodes, no subnet is cut; one
   * that goes everywhere is in nobody's way.
   */
  choose(network: Network, blocks: Iterable<Cidr>): Segment {
    const { spec } = network;
    const isOverlay = spec?.driver !== NetworkDriver.BRIDGE;
    const vni = isOverlay ? this.#nextVni() : 0;
    if (vni === undefined) return { kind: 'refused', error: 'every VXLAN number is in use' };
    const subnets: SubnetConfig[] = [];
    const blocked = [...this.#claims.values()].flat();
    blocked.push(...blocks);
    const inTheWay = (cidr: Cidr): Cidr | undefined =>
      this.#taken.inTheWayOf(cidr) ?? blocked.find((block) => doCidrsOverlap(block, cidr));
    for (const family of spec?.isIpv6 === true ? ([4, 6] as const) : ([4] as const)) {
      const asked = spec?.subnets.find(({ subnet }) => parseCidr(subnet)?.family === family);
      if (asked !== undefined) {
        const cidr = parseCidr(asked.subnet);
        assert(cidr !== undefined, `network ${network.id} asks for ${asked.subnet}`);
        const other = this.#taken.inTheWayOf(cidr);
        if (other !== undefined)
          return { kind: 'refused', error: `${asked.subnet} overlaps ${formatCidr(other)}` };
        subnets.push({ ...asked, gateway: asked.gateway || firstAddress(cidr) });
        continue;
      }
      const cidr = this.#poolFor(network, family).next(inTheWay);
      if (cidr === undefined) return { kind: 'refused', error: this.#exhaustion(family, blocked) };
      subnets.push(SubnetConfig.create({ subnet: formatCidr(cidr), gateway: firstAddress(cidr) }));
    }
    return { kind: 'chosen', allocation: NetworkAllocation.create({ vni, subnets }) };
  }

  #poolFor(network: Network, family: 4 | 6): SubnetPool {
    if (family === 6) return this.#v6;
    const { v4, ingressLength } = this.#settings;
    return network.isIngress ? new SubnetPool(v4, ingressLength) : this.#v4;
  }

  #exhaustion(family: 4 | 6, blocked: readonly Cidr[]): string {
    const { v4, v4Length, v6, v6Length } = this.#settings;
    const pools = (family === 4 ? v4 : [v6]).map(formatCidr).join(', ');
    const length = family === 4 ? v4Length : v6Length;
    const inPools = blocked.filter((block) =>
      (family === 4 ? v4 : [v6]).some((pool) => doCidrsOverlap(pool, block)),
    );
    const shown = inPools.slice(0, shownMax).map(formatCidr).join(', ');
    const routes = shown === '' ? '' : ` (routes of nodes take ${shown})`;
    return (
      `no subnet of /${length} is left in ${pools}${routes}, ${this.#byNetwork.size} in use:` +
      ' remove a network, or give --subnet'
    );
  }

  #nextVni(): number | undefined {
    for (let step = 0; step <= this.#vnis.size; step++) {
      this.#vniCursor = this.#vniCursor >= vniMax ? vniMin : this.#vniCursor + 1;
      if (!this.#vnis.has(this.#vniCursor)) return this.#vniCursor;
    }
    return undefined;
  }
}

export function cidrsOf(subnets: readonly SubnetConfig[]): readonly Cidr[] {
  return subnets.flatMap(({ subnet }) => parseCidr(subnet) ?? []);
}
