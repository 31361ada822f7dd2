/**
 * Which nodes could take a task, the best first, and the scores that say so: what `place` decides by, for
 * people. The order is that of `place`.
 */
import { isBetter } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Group } from './group.ts';
import { Meter } from './meter.ts';
import { nodesFor, rulesFor } from './node-order.ts';
import type { PlaceOptions } from './place.ts';
import { requirementsOf } from './requirements.ts';
import { defaultScoring, normalisedBetween, normalisedSpread, resourceScores } from './scores.ts';
import type { Weights } from './scores.ts';
import type { TopologyRules } from './topology-rules.ts';
import {
  candidatesOf,
  fewScore,
  fixedParts,
  isAhead,
  isByScore,
  leaves,
  rangeOfSpreads,
  rangeOfWorths,
  softDomainCounts,
} from './weigh.ts';
import type { Branch } from './weigh.ts';
import type { Task } from '#proto';

/** One part of a node's score. */
export interface ScorePart {
  readonly name: keyof Weights;
  /** 0 to 100. */
  readonly score: number;
  readonly weight: number;
}

export interface RankedNode {
  readonly nodeId: string;
  /** Empty where the numbers of tasks decide alone. */
  readonly parts: readonly ScorePart[];
  /** The sum of score times weight. */
  readonly score: number;
  /** Tasks of the service on the node, the task itself not among them. */
  readonly serviceTaskCount: number;
  readonly taskCount: number;
  /** Tasks of this spec kept failing here of late: taken last. */
  readonly isFaulty: boolean;
}

/** The nodes that could take the task, which the view must not count, the best first. O(nodes x log nodes). */
export function rank(view: ClusterView, task: Task, options: PlaceOptions): readonly RankedNode[] {
  const { nowMs, scoring = defaultScoring } = options;
  const { serviceId, specVersion } = task;
  const requirements = requirementsOf(task);
  const group: Group = { serviceId, specVersion, tasks: [task], requirements, scoring, nowMs };
  const rules = rulesFor(view, group);
  if (rules === undefined) return byCounts(view, group);
  const rows = scored(view, group, rules);
  rows.sort((a, b) => (isAhead(a.candidate, a.score, b.candidate, b.score) ? -1 : 1));
  return rows.map(({ candidate, parts, score }) => ranked(candidate, parts, score));
}

function ranked(candidate: Candidate, parts: readonly ScorePart[], score: number): RankedNode {
  const { record, serviceTaskCount, isLast } = candidate;
  const { id: nodeId, taskCount } = record;
  return { nodeId, parts, score, serviceTaskCount, taskCount, isFaulty: isLast };
}

/** The first is the scheduler's own choice: a spread preference goes before the numbers of tasks. */
function byCounts(view: ClusterView, group: Group): readonly RankedNode[] {
  const candidates = [...candidatesOf(view, group)].sort((a, b) => (isBetter(a, b) ? -1 : 1));
  let first: string | undefined;
  for (const record of nodesFor(view, group, new Meter(Infinity))) {
    first = record?.id;
    break;
  }
  const rows = candidates.map((candidate) => ranked(candidate, [], 0));
  return rows.sort((a, b) => Number(b.nodeId === first) - Number(a.nodeId === first));
}

interface Row {
  readonly candidate: Candidate;
  readonly parts: readonly ScorePart[];
  readonly score: number;
}

function scored(view: ClusterView, group: Group, rules: TopologyRules): Row[] {
  const { scoring, requirements } = group;
  const { weights, strategy } = scoring;
  const candidates = candidatesOf(view, group);
  const branches = leaves(candidates, rules);
  for (const branch of branches) branch.isOpen = rules.allows(branch.place);
  const fixed = isByScore(group, rules) ? fixedParts(view, group, candidates) : undefined;
  const ofPlace = placeScores(branches, rules);
  return branches
    .filter(({ isOpen }) => isOpen)
    .map((branch) => {
      const { record, serviceTaskCount } = branch.top;
      const scores: Partial<Record<keyof Weights, number>> = ofPlace(branch);
      const own = fixed?.get(record.id);
      if (own !== undefined) {
        Object.assign(scores, own);
        const has = record.node.description?.resources;
        if (strategy !== 'even')
          Object.assign(
            scores,
            resourceScores(strategy, requirements.demand, record.reserved, has),
          );
        if (strategy !== 'binpack') scores.service = fewScore(scoring, serviceTaskCount);
      }
      const parts = (Object.keys(weights) as (keyof Weights)[]).flatMap((name): ScorePart[] => {
        const score = scores[name];
        return score === undefined ? [] : [{ name, score, weight: weights[name] }];
      });
      const score = parts.reduce((sum, part) => sum + part.score * part.weight, 0);
      return { candidate: branch.top, parts, score };
    });
}

/** The scores that follow from where a node is. */
function placeScores(
  branches: readonly Branch[],
  rules: TopologyRules,
): (branch: Branch) => Partial<Record<keyof Weights, number>> {
  const domainCounts = softDomainCounts(branches, rules);
  const spreads = rules.soft.length > 0 ? rangeOfSpreads(branches, rules, domainCounts) : undefined;
  const worths = rules.haveWorth ? rangeOfWorths(branches, rules) : undefined;
  return ({ spread, worth }) => ({
    ...(spreads === undefined
      ? {}
      : { topologySpread: spread < 0 ? 0 : normalisedSpread(spread, spreads.min, spreads.max) }),
    ...(worths === undefined
      ? {}
      : { serviceAffinity: normalisedBetween(worth, worths.min, worths.max) }),
  });
}
