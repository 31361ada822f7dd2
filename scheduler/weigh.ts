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
import { preferenceFor } from './node-affinity.ts';
import type { NodeRecord } from './node-record.ts';
import { normalised, normalisedBetween, normalisedSpread, scoreMax } from './scores.ts';
import { resourceScore, spreadScore } from './scores.ts';
import type { Place, TopologyRules } from './topology-rules.ts';

/** Nodes at one place, the best first. */
interface Branch {
  readonly place: Place;
  readonly heap: Heap<Candidate>;
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
): Iterable<NodeRecord> {
  const { requirements, serviceId } = group;
  const candidates = candidatesOf(view, group);
  const isScored = isByScore(group, rules);
  const fixed = isScored ? fixedScores(group, candidates) : undefined;
  if (fixed !== undefined) for (const one of candidates) one.score = scoreOf(group, one, fixed);
  let branches = branchesOf(candidates, rules);
  const domainCounts = rules.soft.map(
    (_, at) => new Set(branches.map(({ place }) => place.soft[at]?.ordinal)).size,
  );
  for (;;) {
    const service = view.service(serviceId);
    const open: Branch[] = [];
    let hasEmpty = false;
    for (const branch of branches) {
      const { heap, place } = branch;
      if (!rules.allows(place)) continue;
      let top = heap.peek();
      while (top !== undefined && !hasRoom(top.record, requirements, service)) {
        heap.drop();
        top = heap.peek();
      }
      if (top === undefined) hasEmpty = true;
      else open.push(branch);
    }
    if (hasEmpty) branches = branches.filter(({ heap }) => heap.size > 0);
    const best = bestOf(open, group, rules, domainCounts);
    const top = best?.heap.peek();
    if (best === undefined || top === undefined) return;
    yield top.record;
    rules.placed(best.place);
    top.serviceTaskCount++;
    if (fixed !== undefined) top.score = scoreOf(group, top, fixed);
    best.heap.sinkTop();
  }
}

/** Whether scores decide before the numbers of tasks do. */
export function isByScore({ requirements, scoring }: Group, rules: TopologyRules): boolean {
  return rules.doScore || requirements.nodeWish.preferred.length > 0 || scoring.strategy !== 'even';
}

function candidatesOf(view: ClusterView, group: Group): readonly Candidate[] {
  const { requirements, serviceId } = group;
  const service = view.service(serviceId);
  const candidates: Candidate[] = [];
  for (const record of view.nodes())
    if (suits(record, requirements) && hasRoom(record, requirements, service))
      candidates.push(candidateOf(record, group, service));
  return candidates;
}

function fixedScores(group: Group, candidates: readonly Candidate[]): FixedScores {
  const { weights } = group.scoring;
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
      weights.taints * normalised(unpreferredCount, taintMax, true) +
        weights.nodeAffinity * normalised(preferences[at] ?? 0, preferenceMax),
    ]),
  );
}

function scoreOf({ scoring, requirements }: Group, one: Candidate, fixed: FixedScores): number {
  const { record, serviceTaskCount } = one;
  const { demand } = requirements;
  const own = resourceScore(scoring, demand, record.reserved, record.node.description?.resources);
  const few = scoring.strategy === 'binpack' ? 0 : Math.trunc(scoreMax / (1 + serviceTaskCount));
  return (fixed.get(record.id) ?? 0) + own + scoring.weights.service * few;
}

function branchesOf(candidates: readonly Candidate[], rules: TopologyRules): Branch[] {
  const byPlace = new Map<string, { place: Place; candidates: Candidate[] }>();
  for (const candidate of candidates) {
    const place = rules.locate(candidate.record);
    const present = byPlace.get(place.id);
    if (present === undefined) byPlace.set(place.id, { place, candidates: [candidate] });
    else present.candidates.push(candidate);
  }
  return [...byPlace.values()].map((one) => ({
    place: one.place,
    heap: new Heap(one.candidates, isBetter),
    spread: 0,
    worth: 0,
  }));
}

/** The branch whose best node is the best of all; `open` are those that may take a task now. */
function bestOf(
  open: readonly Branch[],
  group: Group,
  rules: TopologyRules,
  domainCounts: readonly number[],
): Branch | undefined {
  const topologyScore = rules.doScore ? scorePlaces(open, group, rules, domainCounts) : () => 0;
  let best: Branch | undefined;
  let bestTop: Candidate | undefined;
  let bestScore = 0;
  for (const branch of open) {
    const top = branch.heap.peek();
    if (top === undefined) continue;
    const score = top.score + topologyScore(branch);
    if (bestTop !== undefined) {
      if (top.isLast !== bestTop.isLast) {
        if (top.isLast) continue;
      } else if (score < bestScore || (score === bestScore && !hasFewer(top, bestTop))) continue;
    }
    best = branch;
    bestTop = top;
    bestScore = score;
  }
  return best;
}

/** Soft spreads and affinities of all open branches, and how to read one's weighted sum. */
function scorePlaces(
  open: readonly Branch[],
  group: Group,
  rules: TopologyRules,
  domainCounts: readonly number[],
): (branch: Branch) => number {
  const { weights } = group.scoring;
  let spreadMin = Infinity;
  let spreadMax = 0;
  let worthMin = Infinity;
  let worthMax = -Infinity;
  for (const branch of open) {
    branch.worth = rules.worthOf(branch.place);
    worthMin = Math.min(worthMin, branch.worth);
    worthMax = Math.max(worthMax, branch.worth);
    branch.spread = softSpread(branch.place, rules, domainCounts);
    // Nodes that lack a key are as bad as it gets, and do not count for the others.
    if (branch.spread < 0) continue;
    spreadMin = Math.min(spreadMin, branch.spread);
    spreadMax = Math.max(spreadMax, branch.spread);
  }
  const hasSoft = rules.soft.length > 0;
  const { haveWorth } = rules;
  return ({ spread, worth }) => {
    const even = !hasSoft || spread < 0 ? 0 : normalisedSpread(spread, spreadMin, spreadMax);
    const liked = haveWorth ? normalisedBetween(worth, worthMin, worthMax) : 0;
    return weights.topologySpread * even + weights.serviceAffinity * liked;
  };
}

/** The sum of the soft spreads; -1 where the place lacks a key. */
function softSpread(place: Place, rules: TopologyRules, domainCounts: readonly number[]): number {
  let sum = 0;
  for (const [at, rule] of rules.soft.entries()) {
    const domain = place.soft[at];
    if (domain === undefined) return -1;
    sum += spreadScore(domain.count, domainCounts[at] ?? 0, rule.maxSkew);
  }
  return Math.round(sum);
}
