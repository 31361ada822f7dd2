import { formatCidr, parseCidr } from '#lib';
import type { Cidr } from '#lib';

/** Where the nodes have routes to: most have the same ones, so each is kept once. */
export class NodeRoutes {
  readonly #byNode = new Map<string, readonly string[]>();
  readonly #counts = new Map<string, number>();
  /** By their text; a route that takes everything is not among them. */
  readonly #blocks = new Map<string, Cidr>();

  /** Answers whether what is blocked has changed. */
  note(nodeId: string, routes: readonly string[]): boolean {
    const before = this.#byNode.get(nodeId) ?? [];
    if (before.length === routes.length && before.every((one, at) => one === routes[at]))
      return false;
    const known = this.#blocks.size;
    let isFreed = false;
    for (const route of new Set(routes)) this.#count(route, 1);
    const grown = this.#blocks.size > known;
    for (const route of new Set(before)) isFreed = this.#count(route, -1) || isFreed;
    if (routes.length === 0) this.#byNode.delete(nodeId);
    else this.#byNode.set(nodeId, routes);
    return grown || isFreed;
  }

  blocks(): Iterable<Cidr> {
    return this.#blocks.values();
  }

  /** Answers whether a block went. */
  #count(route: string, change: 1 | -1): boolean {
    const count = (this.#counts.get(route) ?? 0) + change;
    if (count > 0) {
      this.#counts.set(route, count);
      const cidr = count === 1 && change === 1 ? parseCidr(route) : undefined;
      if (cidr !== undefined && cidr.length > 0) this.#blocks.set(formatCidr(cidr), cidr);
      return false;
    }
    this.#counts.delete(route);
    const cidr = parseCidr(route);
    return cidr !== undefined && this.#blocks.delete(formatCidr(cidr));
  }
}
