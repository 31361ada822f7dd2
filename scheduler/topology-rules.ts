/**
 * All rules of a group of alike tasks that look at other tasks: topology spread, affinity, anti-affinity, and
 * what standing tasks keep away. Made once for a group; every task that is placed is told to it, so that
 * it holds what a new one would count.
 */
import type { Task } from '#proto';
import { RequiredAffinity, antiRules, closedDomains, worthRules } from './affinity-rules.ts';
import type { TermRule, WorthRule } from './affinity-rules.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Domain, Domains } from './domains.ts';
import { valueUnder } from './node-affinity.ts';
import type { NodeRecord } from './node-record.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import type { Requirements } from './requirements.ts';
import { SpreadRule } from './spread-rule.ts';
import { TaskKind, kindIdOf } from './task-kind.ts';

type MaybeDomain = Domain | undefined;

/** Where a node is, as far as the rules can tell: nodes at the same place are alike to them. */
export interface Place {
  /** In the order of the rules; undefined where the node lacks the key. */
  readonly hard: readonly MaybeDomain[];
  readonly soft: readonly MaybeDomain[];
  readonly affinity: readonly MaybeDomain[];
  readonly anti: readonly MaybeDomain[];
  readonly worth: readonly MaybeDomain[];
  /** A standing task keeps this kind away. */
  readonly isClosed: boolean;
}

const nowhere: readonly MaybeDomain[] = [];

function domainsOf(
  rules: readonly { readonly domains: Domains }[],
  record: NodeRecord,
): readonly MaybeDomain[] {
  return rules.length === 0 ? nowhere : rules.map(({ domains }) => domains.of(record));
}

/** Equal for places that are the same to all rules. */
export function idOf({ isClosed, hard, soft, affinity, anti, worth }: Place): string {
  let id = isClosed ? 'closed' : '';
  for (const domains of [hard, soft, affinity, anti, worth])
    for (const domain of domains) id += `/${domain?.ordinal ?? ''}`;
  return id;
}

const spreadWords = "node(s) didn't match pod topology spread constraints";

export class TopologyRules {
  readonly soft: readonly SpreadRule[];
  readonly #hard: readonly SpreadRule[];
  readonly #affinity: RequiredAffinity;
  readonly #anti: readonly TermRule[];
  readonly #worth: readonly WorthRule[];
  readonly #closed: ReturnType<typeof closedDomains>;

  constructor(view: ClusterView, task: Task, requirements: Requirements) {
    const kind = new TaskKind(kindIdOf(task), task);
    const nodeOf = (id: string): NodeRecord | undefined => view.node(id);
    const spreads = task.spec?.placement?.topologySpread ?? [];
    const rules = spreads.map((spread) => new SpreadRule(spread, kind));
    this.#hard = rules.filter(({ isHard }) => isHard);
    this.soft = rules.filter(({ isHard }) => !isHard);
    countSpread(view, this.#hard, requirements);
    countSpread(view, this.soft, requirements);
    this.#affinity = new RequiredAffinity(kind, view.kinds, nodeOf);
    this.#anti = antiRules(kind, view.kinds, nodeOf);
    this.#worth = worthRules(kind, view.kinds, nodeOf);
    this.#closed = closedDomains(kind, view.kinds, nodeOf);
  }

  /** Whether places that are allowed may differ in how good they are. */
  get doScore(): boolean {
    return this.soft.length + this.#worth.length > 0;
  }

  /** Whether one place is better than another because of tasks that stand there. */
  get haveWorth(): boolean {
    return this.#worth.length > 0;
  }

  /** The domains of the place in spreads, hard and soft, by which the group's tasks count themselves. */
  selfSpread(place: Place): readonly MaybeDomain[] {
    const hard = place.hard.filter((_, at) => this.#hard[at]?.isSelfCounting === true);
    return [...hard, ...place.soft.filter((_, at) => this.soft[at]?.isSelfCounting === true)];
  }

  locate(record: NodeRecord): Place {
    const { node } = record;
    const isClosed = this.#closed.some(({ key, values }) => {
      const value = valueUnder(node, key);
      return value !== undefined && values.has(value);
    });
    const hard = domainsOf(this.#hard, record);
    const soft = domainsOf(this.soft, record);
    const affinity = domainsOf(this.#affinity.terms, record);
    const anti = domainsOf(this.#anti, record);
    const worth = domainsOf(this.#worth, record);
    return { hard, soft, affinity, anti, worth, isClosed };
  }

  /** Whether no task of the group may ever stand at the place, whatever is placed elsewhere. */
  isFull({ isClosed, hard, affinity, anti }: Place): boolean {
    if (isClosed || hard.includes(undefined) || affinity.includes(undefined)) return true;
    for (const domain of anti) if (domain !== undefined && domain.count > 0) return true;
    return false;
  }

  /** Whether one more task may stand at the place. */
  allows(place: Place): boolean {
    if (place.isClosed) return false;
    for (let at = 0; at < this.#hard.length; at++) {
      const domain = place.hard[at];
      if (domain === undefined || this.#hard[at]?.allows(domain) !== true) return false;
    }
    if (!this.#isNear(place)) return false;
    for (const domain of place.anti) if (domain !== undefined && domain.count > 0) return false;
    return true;
  }

  /** The first reason against `allows`, in the order of Kubernetes. */
  refuse(place: Place): Refusal | undefined {
    for (let at = 0; at < this.#hard.length; at++) {
      const domain = place.hard[at];
      if (domain === undefined)
        return refusal('topology-spread', `${spreadWords} (missing required label)`);
      const rule = this.#hard[at];
      if (rule === undefined || rule.allows(domain)) continue;
      const skew = { need: rule.skewWith(domain), have: rule.maxSkew, capacity: rule.maxSkew };
      const shortages = [{ name: 'skew', ...skew }];
      return { ...refusal('topology-spread', spreadWords, true), shortages };
    }
    if (!this.#isNear(place))
      return refusal('service-affinity', "node(s) didn't match pod affinity rules");
    if (place.anti.some((domain) => domain !== undefined && domain.count > 0))
      return refusal('service-affinity', "node(s) didn't match pod anti-affinity rules", true);
    if (!place.isClosed) return undefined;
    const words = "node(s) didn't satisfy existing pods anti-affinity rules";
    return refusal('service-affinity', words, true);
  }

  /** A task of the group stands at the place now. */
  placed(place: Place): void {
    for (const [at, rule] of this.#hard.entries()) rule.placed(place.hard[at]);
    for (const [at, rule] of this.soft.entries()) rule.placed(place.soft[at]);
    this.#affinity.placed(place.affinity);
    for (const [at, { isSelf }] of this.#anti.entries()) {
      const domain = place.anti[at];
      if (isSelf && domain !== undefined) domain.count++;
    }
    for (const [at, { growth }] of this.#worth.entries()) {
      const domain = place.worth[at];
      if (domain !== undefined) domain.count += growth;
    }
  }

  /** The sum of what the domains of the place are worth; any number. */
  worthOf(place: Place): number {
    let sum = 0;
    for (const domain of place.worth) if (domain !== undefined) sum += domain.count;
    return sum;
  }

  #isNear({ affinity }: Place): boolean {
    if (affinity.length === 0) return true;
    let isThere = true;
    for (const domain of affinity) {
      if (domain === undefined) return false;
      if (domain.count === 0) isThere = false;
    }
    return isThere || this.#affinity.mayBegin;
  }
}

/** Nodes that lack a key of any of the rules are left out of all of them. */
function countSpread(
  view: ClusterView,
  rules: readonly SpreadRule[],
  requirements: Requirements,
): void {
  if (rules.length === 0) return;
  const counts = rules.map(({ selection }) =>
    selection === undefined ? undefined : view.kinds.countsOf([selection], true),
  );
  for (const record of view.nodes()) {
    if (rules.some(({ domains }) => valueUnder(record.node, domains.key) === undefined)) continue;
    for (const [at, rule] of rules.entries()) {
      if (!rule.includes(record, requirements)) continue;
      const domain = rule.domains.of(record);
      if (domain !== undefined) rule.count(domain, counts[at]?.get(record.id) ?? 0);
    }
  }
  for (const rule of rules) rule.settle();
}

/** Whether the task has rules about other tasks of its own. */
export function looksAtOthers(task: Task): boolean {
  const placement = task.spec?.placement;
  if (placement === undefined) return false;
  const { affinity, antiAffinity, topologySpread } = placement;
  return affinity !== undefined || antiAffinity !== undefined || topologySpread.length > 0;
}

/** Whether any rule about other tasks applies to the task: its own, or that of a task which stands. */
export function hasTopology(view: ClusterView, task: Task): boolean {
  if (looksAtOthers(task)) return true;
  if (!view.kinds.hasTerms) return false;
  for (const _ of view.kinds.termsSelecting(new TaskKind(kindIdOf(task), task))) return true;
  return false;
}
