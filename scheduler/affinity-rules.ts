/** Affinity and anti-affinity of a group of alike tasks, their own and that of tasks which stand already. */
import type { ConstraintKey } from './constraint.ts';
import { Domains } from './domains.ts';
import type { Domain } from './domains.ts';
import type { KindIndex, NodeCounts } from './kind-index.ts';
import { valueUnder } from './node-affinity.ts';
import type { NodeRecord } from './node-record.ts';
import { TaskSelection } from './task-selection.ts';
import type { KindTerm, TaskKind } from './task-kind.ts';

/** What a required affinity of a standing task is worth to a task that it selects. */
export const hardAffinityWeight = 1;

export type NodeOf = (id: string) => NodeRecord | undefined;

/** A term's domains, with the number of tasks that it selects. */
export interface TermRule {
  readonly domains: Domains;
  /** Whether tasks of the group select themselves by it. */
  readonly isSelf: boolean;
}

function fill(domains: Domains, counts: NodeCounts, nodeOf: NodeOf, weight = 1): void {
  for (const [nodeId, count] of counts) {
    const record = nodeOf(nodeId);
    const domain = record === undefined ? undefined : domains.of(record);
    if (domain !== undefined) domain.count += weight * count;
  }
}

/** Required affinity: all terms at once must be met by the same tasks. */
export class RequiredAffinity {
  readonly terms: readonly TermRule[];
  /** Whether a task of the group meets all of its own terms. */
  readonly #isSelf: boolean;
  #isAnyThere = false;

  constructor(kind: TaskKind, index: KindIndex, nodeOf: NodeOf) {
    const terms = kind.terms.filter(({ role }) => role === 'required');
    const selections = terms.map(({ selection }) => selection);
    const isSelf = TaskSelection.selectsAll(selections, kind);
    this.#isSelf = isSelf;
    const counts = terms.length === 0 ? undefined : index.countsOf(selections, false);
    this.terms = terms.map(({ topologyKey }) => {
      const domains = new Domains(topologyKey);
      if (counts !== undefined) fill(domains, counts, nodeOf);
      for (const { count } of domains.all()) if (count > 0) this.#isAnyThere = true;
      return { domains, isSelf };
    });
  }

  /** The first of a series may begin anywhere where there is a domain. */
  get mayBegin(): boolean {
    return this.#isSelf && !this.#isAnyThere;
  }

  placed(domains: readonly (Domain | undefined)[]): void {
    if (!this.#isSelf) return;
    for (const domain of domains) {
      if (domain === undefined) continue;
      domain.count++;
      this.#isAnyThere = true;
    }
  }
}

/** Required anti-affinity of the group itself. */
export function antiRules(kind: TaskKind, index: KindIndex, nodeOf: NodeOf): readonly TermRule[] {
  return kind.terms
    .filter(({ role }) => role === 'anti-required')
    .map(({ topologyKey, selection }) => {
      const domains = new Domains(topologyKey);
      fill(domains, index.countsOf([selection], false), nodeOf);
      return { domains, isSelf: selection.selects(kind) };
    });
}

/** Domains that standing tasks with an anti-affinity keep free of tasks of this kind. */
export function closedDomains(
  kind: TaskKind,
  index: KindIndex,
  nodeOf: NodeOf,
): readonly { readonly key: ConstraintKey; readonly values: ReadonlySet<string> }[] {
  const closed: { key: ConstraintKey; values: Set<string> }[] = [];
  for (const { term, counts } of index.termsSelecting(kind)) {
    if (term.role !== 'anti-required') continue;
    const values = new Set<string>();
    for (const nodeId of counts.keys()) {
      const record = nodeOf(nodeId);
      const value = record === undefined ? undefined : valueUnder(record.node, term.topologyKey);
      if (value !== undefined) values.add(value);
    }
    if (values.size > 0) closed.push({ key: term.topologyKey, values });
  }
  return closed;
}

/** What a term adds to a domain for every task that it selects, or that has it and selects the group. */
function worth({ role, weight }: KindTerm): number {
  switch (role) {
    case 'preferred':
      return weight;
    case 'anti-preferred':
      return -weight;
    case 'required':
      return hardAffinityWeight;
    case 'anti-required':
      return 0;
  }
}

/** A domain's worth, and how it grows with every task of the group in it. */
export interface WorthRule {
  readonly domains: Domains;
  readonly growth: number;
}

/** How much the group likes each domain: by its own preferred terms and those of standing tasks. */
export function worthRules(kind: TaskKind, index: KindIndex, nodeOf: NodeOf): readonly WorthRule[] {
  const rules: WorthRule[] = [];
  for (const term of kind.terms) {
    const isSelf = term.selection.selects(kind);
    const domains = new Domains(term.topologyKey);
    const isPreference = term.role === 'preferred' || term.role === 'anti-preferred';
    if (isPreference) fill(domains, index.countsOf([term.selection], false), nodeOf, worth(term));
    // A task of the group that stands is liked (or not), and likes in turn.
    const growth = isSelf ? worth(term) * (isPreference ? 2 : 1) : 0;
    if (isPreference || growth !== 0) rules.push({ domains, growth });
  }
  for (const { term, counts } of index.termsSelecting(kind)) {
    if (worth(term) === 0) continue;
    const domains = new Domains(term.topologyKey);
    fill(domains, counts, nodeOf, worth(term));
    rules.push({ domains, growth: 0 });
  }
  return rules;
}
