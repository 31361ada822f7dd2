/**
 * How good a node is for a task: numbers of 0 to 100, each with a weight. Pure; the rules are Kubernetes' and
 * use whole numbers as it does.
 */
import type { Resources } from '#proto';
import { unsetCpuNano, unsetMemoryBytes } from './resources.ts';
import type { Demand, Reserved } from './resources.ts';

export const scoreMax = 100;

/**
 * How tasks are to lie: `even` by their number, as Swarm does it; `spread` where the most is left; `binpack`
 * where the least is left, so that other nodes stay free.
 */
export const strategies = ['even', 'spread', 'binpack'] as const;
export type Strategy = (typeof strategies)[number];

/** 0 switches a score off; at most 100. */
export interface Weights {
  /** Few taints that ask to be avoided. */
  readonly taints: number;
  /** Preferred terms of the node affinity. */
  readonly nodeAffinity: number;
  /** Soft topology spreads. */
  readonly topologySpread: number;
  /** Preferred terms of affinities, the group's own and those of tasks that stand. */
  readonly serviceAffinity: number;
  /** What is left on the node (`spread`), or what is taken (`binpack`). */
  readonly resources: number;
  /** Processor and memory taken to the same part. */
  readonly balance: number;
  /** Few tasks of the same service. */
  readonly service: number;
  /** Images of the task that the node has already. */
  readonly imageLocality: number;
}

export interface ScoringConfig {
  readonly strategy: Strategy;
  readonly weights: Weights;
}

export const defaultScoring: ScoringConfig = {
  strategy: 'even',
  weights: {
    taints: 3,
    nodeAffinity: 2,
    topologySpread: 2,
    serviceAffinity: 2,
    resources: 1,
    balance: 1,
    service: 1,
    imageLocality: 1,
  },
};

/** `score` as a part of the greatest there is, 0 to 100; `isReversed`: the less the better. */
export function normalised(score: number, max: number, isReversed = false): number {
  if (max === 0) return isReversed ? scoreMax : 0;
  const part = Math.trunc((score * scoreMax) / max);
  return isReversed ? scoreMax - part : part;
}

/** `score` between the least and the greatest there is, 0 to 100; 0 where all are equal. */
export function normalisedBetween(score: number, min: number, max: number): number {
  return max === min ? 0 : Math.trunc((scoreMax * (score - min)) / (max - min));
}

/** A soft spread's sum, the less the better; 100 for all where nothing stands anywhere. */
export function normalisedSpread(score: number, min: number, max: number): number {
  return max === 0 ? scoreMax : Math.trunc((scoreMax * (max + min - score)) / max);
}

/** What one soft spread adds for a domain with so many tasks, of so many domains. */
export function spreadScore(taskCount: number, domainCount: number, maxSkew: number): number {
  return taskCount * Math.log(domainCount + 2) + (maxSkew - 1);
}

/** A resource with what would be taken of it, and how much it matters. */
export interface Use {
  readonly requested: number;
  readonly allocatable: number;
  readonly weight: number;
}

function weighted(uses: readonly Use[], scoreOf: (use: Use) => number): number {
  let sum = 0;
  let weights = 0;
  for (const use of uses) {
    if (use.allocatable === 0) continue;
    sum += use.weight * scoreOf(use);
    weights += use.weight;
  }
  return weights === 0 ? 0 : Math.trunc(sum / weights);
}

/** The more is left, the better. */
export function leastAllocated(uses: readonly Use[]): number {
  return weighted(uses, ({ requested, allocatable }) =>
    requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * scoreMax) / allocatable),
  );
}

/** The more is taken, the better. */
export function mostAllocated(uses: readonly Use[]): number {
  return weighted(uses, ({ requested, allocatable }) =>
    Math.trunc((Math.min(requested, allocatable) * scoreMax) / allocatable),
  );
}

/** The closer the taken parts are to each other, the better. */
export function balancedAllocation(uses: readonly Use[]): number {
  const parts = uses
    .filter(({ allocatable }) => allocatable > 0)
    .map(({ requested, allocatable }) => Math.min(1, requested / allocatable));
  return Math.trunc((1 - deviation(parts)) * scoreMax);
}

function deviation(parts: readonly number[]): number {
  const [first = 0, second = 0] = parts;
  if (parts.length < 2) return 0;
  if (parts.length === 2) return Math.abs(first - second) / 2;
  const mean = parts.reduce((sum, part) => sum + part, 0) / parts.length;
  return Math.sqrt(parts.reduce((sum, part) => sum + (part - mean) ** 2, 0) / parts.length);
}

/** Processor, memory, and the devices that the task asks for. */
function usesOf(
  demand: Demand,
  scored: Pick<Reserved, 'cpuNano' | 'memoryBytes' | 'generic'>,
  capacity: Resources | undefined,
  asked: { readonly cpuNano: number; readonly memoryBytes: number },
): readonly Use[] {
  const uses: Use[] = [
    {
      requested: scored.cpuNano + asked.cpuNano,
      allocatable: capacity?.cpuNano ?? 0,
      weight: 1,
    },
    {
      requested: scored.memoryBytes + asked.memoryBytes,
      allocatable: capacity?.memoryBytes ?? 0,
      weight: 1,
    },
  ];
  for (const [kind, count] of demand.generic ?? []) {
    const requested = (scored.generic.get(kind) ?? 0) + count;
    uses.push({ requested, allocatable: capacity?.generic[kind] ?? 0, weight: 1 });
  }
  return uses;
}

/** The resource scores of one node with one more task on it, weighted and summed. */
export function resourceScore(
  scoring: ScoringConfig,
  demand: Demand,
  reserved: Reserved,
  capacity: Resources | undefined,
): number {
  if (scoring.strategy === 'even') return 0;
  const { resources, balance } = resourceScores(scoring.strategy, demand, reserved, capacity);
  return scoring.weights.resources * resources + scoring.weights.balance * balance;
}

/** The same one by one, 0 to 100 each. */
export function resourceScores(
  strategy: Strategy,
  demand: Demand,
  reserved: Reserved,
  capacity: Resources | undefined,
): { readonly resources: number; readonly balance: number } {
  const counted = {
    cpuNano: demand.cpuNano || unsetCpuNano,
    memoryBytes: demand.memoryBytes || unsetMemoryBytes,
  };
  const uses = usesOf(demand, reserved.scored, capacity, counted);
  const resources = strategy === 'binpack' ? mostAllocated(uses) : leastAllocated(uses);
  // A task that reserves nothing does not change how far apart the parts are.
  const isBestEffort = demand.cpuNano + demand.memoryBytes === 0 && demand.generic === undefined;
  const balance = isBestEffort ? 0 : balancedAllocation(usesOf(demand, reserved, capacity, demand));
  return { resources, balance };
}
