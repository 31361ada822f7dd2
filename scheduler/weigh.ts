/**
 * Placing a group whose tasks look at other tasks, or whose nodes differ in how good they are. Nodes at the
 * same place, alike to every rule about other tasks, are kept together in a heap by their own score;
 * a placement costs O(places + log nodes), whatever the number of tasks.
 */
import { hasFewer, isBetter } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import type { ClusterView } from './cluster-view.ts';
import { hasRoom, suits } from './filter.ts';
import { candidateOf } from './group.ts';
import type { Group } from './group.ts';
import { Heap } from './heap.ts';
import { locatingUnits, nodeUnits, pause } from './meter.ts';
import type { Meter, Pause } from './meter.ts';
import { preferenceFor } from './node-affinity.ts';
import type { NodeRecord } from './node-record.ts';
import { normalised, normalisedBetween, normalisedSpread, scoreMax } from './scores.ts';
import { resourceScore, spreadScore } from './scores.ts';
import type { ScoringConfig } from './scores.ts';
import { idOf } from './topology-rules.ts';
import type { Place, TopologyRules } from './topology-rules.ts';

/** Nodes at one place, the best first; one with room at least. */
export interface Branch {
  readonly place: Place;
  readonly heap: Heap<Candidate>;
  top: Candidate;
  /** Whether a task may stand here now. */
  isOpen: boolean;
  spread: number;
  worth: number;
}

/** The part of a node's score that placing tasks of the group does not change. */
type FixedScores = ReadonlyMap<string, number>;

/** The nodes to place on, one after the other; the caller assumes a task on each before the next. */
export function* weigh(
  view: ClusterView,
  group: Group,
  rules: TopologyRules,
  meter: Meter,
): Iterable<NodeRecord | Pause> {
  const { requirements, serviceId } = group;
  // The rules have looked at every node to count what stands.
  if (meter.isDue(nodeUnits * view.nodeCount)) yield pause;
  const candidates = candidatesOf(view, group);
  if (meter.isDue(nodeUnits * view.nodeCount)) yield pause;
  const isScored = isByScore(group, rules);
  const fixed = isScored ? fixedScores(view, group, candidates) : undefined;
  if (fixed !== undefined) for (const one of candidates) one.score = scoreOf(group, one, fixed);
  const isSingle = group.tasks.length === 1;
  if (meter.isDue(nodeUnits * candidates.length)) yield pause;
  let branches: Branch[];
  if (isSingle) branches = leaves(candidates, rules);
  else branches = yield* branchesOf(candidates, rules, meter);
  const domainCounts = softDomainCounts(branches, rules);
  for (;;) {
    if (meter.isDue(1 + branches.length)) yield pause;
    const best = bestOf(branches, group, rules, domainCounts);
    if (best === undefined) return;
    const { top, heap, place } = best;
    yield top.record;
    if (isSingle) return;
    rules.placed(place);
    top.serviceTaskCount++;
    if (fixed !== undefined) top.score = scoreOf(group, top, fixed);
    heap.sinkTop();
    // No other node than this one has less room now.
    const service = view.service(serviceId);
    let next = heap.peek();
    while (next !== undefined && !hasRoom(next.record, requirements, service)) {
      heap.drop();
      next = heap.peek();
    }
    if (next !== undefined) best.top = next;
    if (next === undefined || rules.isFull(place))
      branches = branches.filter((branch) => branch !== best);
  }
}

/** In how many domains of each soft spread the branches lie. */
export function softDomainCounts(
  branches: readonly Branch[],
  rules: TopologyRules,
): readonly number[] {
  return rules.soft.map(
    (_, at) => new Set(branches.map(({ place }) => place.soft[at]?.ordinal)).size,
  );
}

/** Whether scores decide before the numbers of tasks do. */
export function isByScore({ requirements, scoring }: Group, rules: TopologyRules): boolean {
  return rules.doScore || requirements.nodeWish.preferred.length > 0 || scoring.strategy !== 'even';
}

export function candidatesOf(view: ClusterView, group: Group): readonly Candidate[] {
  const { requirements, serviceId } = group;
  const service = view.service(serviceId);
  const candidates: Candidate[] = [];
  for (const record of view.nodes())
    if (suits(record, requirements) && hasRoom(record, requirements, service))
      candidates.push(candidateOf(record, group, service));
  return candidates;
}

function fixedScores(
  view: ClusterView,
  group: Group,
  candidates: readonly Candidate[],
): FixedScores {
  const { weights } = group.scoring;
  const scores = new Map<string, number>();
  for (const [id, { taints, nodeAffinity, imageLocality }] of fixedParts(view, group, candidates))
    scores.set(
      id,
      weights.taints * taints +
        weights.nodeAffinity * nodeAffinity +
        weights.imageLocality * (imageLocality ?? 0),
    );
  return scores;
}

/** The parts of a node's score that placing tasks of the group does not change, 0 to 100 each. */
export interface FixedParts {
  readonly taints: number;
  readonly nodeAffinity: number;
  /** Undefined: no node holds any image of the task. */
  readonly imageLocality: number | undefined;
}

function imagesOf({ tasks }: Group): readonly string[] {
  const { containers = [], initContainers = [] } = tasks[0].spec ?? {};
  return [...initContainers, ...containers].map(({ image }) => image);
}

/** What stays the same of each candidate's score, 0 to 100 each, by the node's id. */
export function fixedParts(
  view: ClusterView,
  group: Group,
  candidates: readonly Candidate[],
): ReadonlyMap<string, FixedParts> {
  const imageScorer = view.images.scorer(imagesOf(group), view.nodeCount);
  const { nodeWish } = group.requirements;
  const isPreferring = nodeWish.preferred.length > 0;
  const preferences = candidates.map(({ record }) =>
    isPreferring ? preferenceFor(record.node, nodeWish) : 0,
  );
  let preferenceMax = 0;
  for (const preference of preferences) preferenceMax = Math.max(preferenceMax, preference);
  let taintMax = 0;
  for (const { unpreferredCount } of candidates) taintMax = Math.max(taintMax, unpreferredCount);
  return new Map(
    candidates.map(({ record, unpreferredCount }, at) => [
      record.id,
      {
        taints: normalised(unpreferredCount, taintMax, true),
        nodeAffinity: normalised(preferences[at] ?? 0, preferenceMax),
        imageLocality: imageScorer?.(record.id),
      },
    ]),
  );
}

function scoreOf({ scoring, requirements }: Group, one: Candidate, fixed: FixedScores): number {
  const { record, serviceTaskCount } = one;
  const { demand } = requirements;
  const own = resourceScore(scoring, demand, record.reserved, record.node.description?.resources);
  const few = fewScore(scoring, serviceTaskCount);
  return (fixed.get(record.id) ?? 0) + own + scoring.weights.service * few;
}

/** 100 on a node without a task of the service. */
export function fewScore({ strategy }: ScoringConfig, serviceTaskCount: number): number {
  return strategy === 'binpack' ? 0 : Math.trunc(scoreMax / (1 + serviceTaskCount));
}

const noHeap = new Heap<Candidate>([], isBetter);

/** Every node by itself: for one task it does not pay to look which are alike. */
export function leaves(candidates: readonly Candidate[], rules: TopologyRules): Branch[] {
  const branches: Branch[] = [];
  for (const top of candidates) {
    const place = rules.locate(top.record);
    if (!rules.isFull(place))
      branches.push({ place, heap: noHeap, top, isOpen: false, spread: 0, worth: 0 });
  }
  return branches;
}

function* branchesOf(
  candidates: readonly Candidate[],
  rules: TopologyRules,
  meter: Meter,
): Generator<Pause, Branch[]> {
  const byPlace = new Map<string, { place: Place; candidates: Candidate[] }>();
  for (const candidate of candidates) {
    if (meter.isDue(locatingUnits)) yield pause;
    const place = rules.locate(candidate.record);
    if (rules.isFull(place)) continue;
    const id = idOf(place);
    const present = byPlace.get(id);
    if (present === undefined) byPlace.set(id, { place, candidates: [candidate] });
    else present.candidates.push(candidate);
  }
  const branches: Branch[] = [];
  for (const { place, candidates: alike } of byPlace.values()) {
    if (meter.isDue(nodeUnits)) yield pause;
    const heap = new Heap(alike, isBetter);
    const top = heap.peek();
    if (top !== undefined) branches.push({ place, heap, top, isOpen: false, spread: 0, worth: 0 });
  }
  return branches;
}

/** The branch whose best node is the best of all that may take a task now. */
function bestOf(
  branches: readonly Branch[],
  group: Group,
  rules: TopologyRules,
  domainCounts: readonly number[],
): Branch | undefined {
  for (const branch of branches) branch.isOpen = rules.allows(branch.place);
  const { weights } = group.scoring;
  const spreads = rules.soft.length > 0 ? rangeOfSpreads(branches, rules, domainCounts) : undefined;
  const worths = rules.haveWorth ? rangeOfWorths(branches, rules) : undefined;
  let best: Branch | undefined;
  let bestScore = 0;
  for (const branch of branches) {
    if (!branch.isOpen) continue;
    const { top, spread, worth } = branch;
    let score = top.score;
    if (spreads !== undefined && spread >= 0)
      score += weights.topologySpread * normalisedSpread(spread, spreads.min, spreads.max);
    if (worths !== undefined)
      score += weights.serviceAffinity * normalisedBetween(worth, worths.min, worths.max);
    if (best !== undefined && !isAhead(top, score, best.top, bestScore)) continue;
    best = branch;
    bestScore = score;
  }
  return best;
}

export function isAhead(a: Candidate, aScore: number, b: Candidate, bScore: number): boolean {
  if (a.isLast !== b.isLast) return b.isLast;
  return aScore === bScore ? hasFewer(a, b) : aScore > bScore;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

export function rangeOfWorths(branches: readonly Branch[], rules: TopologyRules): Range {
  let min = Infinity;
  let max = -Infinity;
  for (const branch of branches) {
    if (!branch.isOpen) continue;
    branch.worth = rules.worthOf(branch.place);
    if (branch.worth < min) min = branch.worth;
    if (branch.worth > max) max = branch.worth;
  }
  return { min, max };
}

/** Places that lack a key are as bad as it gets, and do not count for the others. */
export function rangeOfSpreads(
  branches: readonly Branch[],
  rules: TopologyRules,
  domainCounts: readonly number[],
): Range {
  let min = Infinity;
  let max = 0;
  for (const branch of branches) {
    if (!branch.isOpen) continue;
    branch.spread = softSpread(branch.place, rules, domainCounts);
    if (branch.spread < 0) continue;
    if (branch.spread < min) min = branch.spread;
    if (branch.spread > max) max = branch.spread;
  }
  return { min, max };
}

/** The sum of the soft spreads; -1 where the place lacks a key. */
function softSpread(place: Place, rules: TopologyRules, domainCounts: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < rules.soft.length; at++) {
    const domain = place.soft[at];
    if (domain === undefined) return -1;
    sum += spreadScore(domain.count, domainCounts[at] ?? 0, rules.soft[at]?.maxSkew ?? 1);
  }
  return Math.round(sum);
}
