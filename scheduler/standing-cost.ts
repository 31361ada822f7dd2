/**
 * How badly a task stands on a node by the scheduler's own rules, the weightiest first: what rebalancing compares. Each
 * level is the task's share of a sum over the cluster that falls with every move that lowers it, so that moves
 * end and none is taken back: the squares of the tasks in each domain, on each node, of what is reserved.
 */
import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { preferenceFor } from './node-affinity.ts';
import type { NodeRecord } from './node-record.ts';
import { withSoftSpreads } from './preference.ts';
import type { Requirements } from './requirements.ts';
import { unsetCpuNano, unsetMemoryBytes } from './resources.ts';
import type { ScoringConfig } from './scores.ts';
import { countUnpreferred } from './toleration.ts';
import { TopologyRules, hasTopology } from './topology-rules.ts';

export const costLevels = [
  'taints',
  'nodeAffinity',
  'topologySpread',
  'serviceAffinity',
  'service',
  'load',
] as const;
export type CostLevel = (typeof costLevels)[number];

/** One number a level, the less the better. */
export type StandingCost = readonly number[];

/** Of a node without the key of a spread: worse than any number of tasks. */
const keylessCount = 1e9;
/** Of a node with `spread`: parts of its capacity that differ by less are the same. */
const loadStep = 0.1;

/** What a task would cost on each node; the view must not count the task. */
export class StandingCosts {
  readonly #view: ClusterView;
  readonly #task: Task;
  readonly #requirements: Requirements;
  readonly #scoring: ScoringConfig;
  readonly #rules: TopologyRules | undefined;

  constructor(view: ClusterView, task: Task, requirements: Requirements, scoring: ScoringConfig) {
    this.#view = view;
    this.#task = task;
    this.#requirements = requirements;
    this.#scoring = scoring;
    const preferences = task.spec?.placement?.preferences ?? [];
    this.#rules =
      preferences.length > 0 || hasTopology(view, task)
        ? new TopologyRules(view, withSoftSpreads(task, preferences), requirements)
        : undefined;
  }

  of(record: NodeRecord): StandingCost {
    const { tolerations, nodeWish } = this.#requirements;
    const isPacked = this.#scoring.strategy === 'binpack';
    const { spread, worth } = this.#ofPlace(record);
    const service = this.#view.service(this.#task.serviceId);
    return [
      record.softTaints.length === 0 ? 0 : countUnpreferred(record.softTaints, tolerations),
      nodeWish.preferred.length === 0 ? 0 : -preferenceFor(record.node, nodeWish),
      spread,
      -worth,
      isPacked ? 0 : (service?.taskCounts.get(record.id) ?? 0),
      isPacked ? 0 : this.#loadOf(record),
    ];
  }

  #ofPlace(record: NodeRecord): { readonly spread: number; readonly worth: number } {
    const rules = this.#rules;
    if (rules === undefined) return { spread: 0, worth: 0 };
    const place = rules.locate(record);
    let spread = 0;
    for (const domain of rules.selfSpread(place)) spread += domain?.count ?? keylessCount;
    return { spread, worth: rules.haveWorth ? rules.worthOf(place) : 0 };
  }

  /** Tasks, or with `spread` the part that would be taken, of the resource of which most would be. */
  #loadOf({ taskCount, reserved, node }: NodeRecord): number {
    if (this.#scoring.strategy === 'even') return taskCount;
    const { cpuNano, memoryBytes } = this.#requirements.demand;
    const has = node.description?.resources;
    const part = (taken: number, capacity = 0): number => (capacity === 0 ? 1 : taken / capacity);
    const cpu = part(reserved.scored.cpuNano + (cpuNano || unsetCpuNano), has?.cpuNano);
    const memory = part(
      reserved.scored.memoryBytes + (memoryBytes || unsetMemoryBytes),
      has?.memoryBytes,
    );
    return Math.max(cpu, memory);
  }
}

/** The first level at which `to` is better by enough, where none before it is worse; undefined: it is not better. */
export function gainOf(
  from: StandingCost,
  to: StandingCost,
  { strategy }: ScoringConfig,
): CostLevel | undefined {
  for (const [at, level] of costLevels.entries()) {
    const difference = (from[at] ?? 0) - (to[at] ?? 0);
    const isLoadPart = level === 'load' && strategy === 'spread';
    if (isLoadPart) return difference >= loadStep ? level : undefined;
    if (difference > 0) return level;
    if (difference < 0) return undefined;
  }
  return undefined;
}

/** Whether `to` is worse at a level before those of the node's own load. */
export function isWorsePlace(from: StandingCost, to: StandingCost): boolean {
  for (let at = 0; at < costLevels.indexOf('service'); at++) {
    const difference = (from[at] ?? 0) - (to[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
