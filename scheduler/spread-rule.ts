/** One topology spread of a group of alike tasks: how its tasks stand in the domains, and what one more does. */
import { SpreadAction } from '#proto';
import type { TopologySpread } from '#proto';
import { Domains } from './domains.ts';
import type { Domain } from './domains.ts';
import { isWished, nodeKey } from './node-affinity.ts';
import type { NodeRecord } from './node-record.ts';
import type { Requirements } from './requirements.ts';
import type { TaskKind } from './task-kind.ts';
import { TaskSelection } from './task-selection.ts';
import { untolerated } from './toleration.ts';

export class SpreadRule {
  readonly isHard: boolean;
  readonly maxSkew: number;
  readonly domains: Domains;
  /** Undefined: no task is counted. */
  readonly selection: TaskSelection | undefined;
  /** Whether one more task of the group counts itself. */
  readonly isSelfCounting: boolean;
  readonly #spread: TopologySpread;
  readonly #eligible = new Set<Domain>();
  #min = 0;
  #minCount = 0;

  constructor(spread: TopologySpread, kind: TaskKind) {
    this.#spread = spread;
    this.isHard = spread.action === SpreadAction.DO_NOT_SCHEDULE;
    this.maxSkew = spread.maxSkew;
    this.domains = new Domains(nodeKey(spread.topologyKey));
    this.selection = TaskSelection.ofSpread(spread.selector, spread.matchLabelKeys, kind);
    this.isSelfCounting = this.selection?.selects(kind) === true;
  }

  /** Whether tasks on the node count, as far as the policies of this spread go. */
  includes(record: NodeRecord, requirements: Requirements): boolean {
    if (!this.#spread.isNodeAffinityIgnored && !isWished(record.node, requirements.nodeWish))
      return false;
    if (!this.#spread.areTaintsHonoured) return true;
    return untolerated(record.hardTaints, requirements.tolerations) === undefined;
  }

  /** Makes the domain one of those that the least is taken of, with so many more tasks. */
  count(domain: Domain, taskCount: number): void {
    this.#eligible.add(domain);
    domain.count += taskCount;
  }

  /** To be called when all nodes are counted. */
  settle(): void {
    this.#min = Infinity;
    for (const { count } of this.#eligible) this.#min = Math.min(this.#min, count);
    this.#minCount = 0;
    for (const { count } of this.#eligible) if (count === this.#min) this.#minCount++;
  }

  /** Tasks of the least domain; 0 while there are fewer domains than there should be. */
  get least(): number {
    const isFew = this.#eligible.size < Math.max(1, this.#spread.minDomains);
    return isFew ? 0 : this.#min;
  }

  /** How far ahead of the least domain one more task would bring this one. */
  skewWith(domain: Domain): number {
    return domain.count + (this.isSelfCounting ? 1 : 0) - this.least;
  }

  allows(domain: Domain): boolean {
    return this.skewWith(domain) <= this.maxSkew;
  }

  /** One more task of the group stands in the domain. */
  placed(domain: Domain | undefined): void {
    if (!this.isSelfCounting || domain === undefined) return;
    const wasLeast = domain.count === this.#min && this.#eligible.has(domain);
    domain.count++;
    if (wasLeast && --this.#minCount === 0) this.settle();
  }
}
