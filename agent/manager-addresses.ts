import type { Random } from '#lib';
import { ClusterError } from '#lib';

/** Addresses kept at most; further ones are ignored. A cluster has a handful of managers. */
const addressesMax = 64;

/**
 * Which manager to try next: the one a follower named as the leader, else the one that worked last,
 * else each known one in turn, from a random place so that agents spread.
 */
export class ManagerAddresses {
  readonly #random: Random;
  #known: readonly string[] = [];
  #next = 0;
  #hint = '';

  constructor(initial: readonly string[], random: Random) {
    this.#random = random;
    this.update(initial);
  }

  get known(): readonly string[] {
    return this.#known;
  }

  /** Replaces the list; an empty one is ignored, because an agent with no address is lost. */
  update(addresses: readonly string[]): void {
    const unique = [...new Set(addresses)].filter((address) => address !== '');
    if (unique.length === 0) return;
    const current = this.#known[this.#next];
    this.#known = unique.slice(0, addressesMax);
    const kept = current === undefined ? -1 : this.#known.indexOf(current);
    this.#next = kept >= 0 ? kept : this.#random.below(this.#known.length);
  }

  /** The address to try now. UNAVAILABLE when none is known. */
  pick(): string {
    const address = this.#hint === '' ? this.#known[this.#next] : this.#hint;
    if (address === undefined)
      throw new ClusterError('UNAVAILABLE', 'no manager address is known: join the cluster first');
    return address;
  }

  /** The session with `address` ended: follow the leader it named, or go on to the next one. */
  failed(address: string, error: unknown): void {
    const leader =
      error instanceof ClusterError && error.code === 'NOT_LEADER'
        ? (error.details['leaderAddress'] ?? '')
        : '';
    if (leader !== '' && leader !== address) {
      this.#hint = leader;
      return;
    }
    this.#hint = '';
    const at = this.#known.indexOf(address);
    if (at >= 0) this.#next = at;
    if (this.#known.length > 0) this.#next = (this.#next + 1) % this.#known.length;
  }

  /** The session with `address` stands: the next one starts there too. */
  worked(address: string): void {
    this.#hint = '';
    const at = this.#known.indexOf(address);
    if (at >= 0) this.#next = at;
    else this.#hint = address;
  }
}
