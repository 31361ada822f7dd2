/** What the scheduler says of nodes and changes, as the API has it. */
import { NodeVerdict, PlacementChange, PlacementHint, PlacementScore } from '#proto';
import { PlacementShortage } from '#proto';
import type { Hint, Meter, Pause, RankedNode, RefusedNode } from '#scheduler';
import { pause } from '#scheduler';
import type { Scene } from './scene.ts';

const names = new Intl.Collator('en', { numeric: true });

/** Nodes that one answer tells of at most. */
export const nodesMax = 1_000;

/** What a look at a node's name takes: comparing two of them by their numbers is the dearest of it. */
const namedUnits = 20;
/** Nodes that are sorted in one go; the sorted parts are put together in slices. */
const sortedAtOnce = 250;

/** By the nodes' names, host2 before host10; `nodesMax` of them at most. In slices. */
export function* refusedVerdicts(
  scene: Scene,
  refused: readonly RefusedNode[],
  meter: Meter,
): Generator<Pause, readonly NodeVerdict[]> {
  let parts: (readonly Named[])[] = [];
  for (let at = 0; at < refused.length; at += sortedAtOnce) {
    const part = refused.slice(at, at + sortedAtOnce);
    const named = part.map((one) => ({ one, name: scene.nodeName(one.nodeId) }));
    parts.push(named.sort(byName));
    if (meter.isDue(part.length * namedUnits * Math.ceil(Math.log2(sortedAtOnce)))) yield pause;
  }
  while (parts.length > 1) {
    const pairs: (readonly Named[])[] = [];
    for (let at = 0; at < parts.length; at += 2) {
      pairs.push(yield* together(parts[at] ?? [], parts[at + 1] ?? [], meter));
    }
    parts = pairs;
  }
  return (parts[0] ?? []).map(({ one, name }) => refusedVerdict(name, one));
}

interface Named {
  readonly one: RefusedNode;
  readonly name: string;
}

const byName = (a: Named, b: Named): number => names.compare(a.name, b.name);

/** The first of two sorted lists; in slices. */
function* together(
  left: readonly Named[],
  right: readonly Named[],
  meter: Meter,
): Generator<Pause, readonly Named[]> {
  const both: Named[] = [];
  let [fromLeft, fromRight] = [0, 0];
  while (both.length < nodesMax) {
    const [a, b] = [left[fromLeft], right[fromRight]];
    const isLeft = b === undefined || (a !== undefined && byName(a, b) <= 0);
    const next = isLeft ? a : b;
    if (next === undefined) break;
    both.push(next);
    if (isLeft) fromLeft++;
    else fromRight++;
    if (meter.isDue(namedUnits)) yield pause;
  }
  return both;
}

function refusedVerdict(hostname: string, { nodeId, refusal }: RefusedNode): NodeVerdict {
  const { filter, reasons, isResolvable } = refusal;
  const shortages = refusal.shortages.map(({ name, need, have, capacity }) =>
    PlacementShortage.create({ name, need, have: Math.max(0, have), capacity }),
  );
  return NodeVerdict.create({ nodeId, hostname, filter, reasons, shortages, isResolvable });
}

export function rankedVerdict(scene: Scene, ranked: RankedNode): NodeVerdict {
  const { nodeId, parts, score, serviceTaskCount, taskCount, isFaulty } = ranked;
  const hostname = scene.nodeName(nodeId);
  const scores = parts.map((part) => PlacementScore.create(part));
  return NodeVerdict.create({
    nodeId,
    hostname,
    scores,
    score,
    serviceTaskCount,
    taskCount,
    isFaulty,
  });
}

export function hintMessage({ changes, placed }: Hint): PlacementHint {
  return PlacementHint.create({
    changes: changes.map(({ text, command }) => PlacementChange.create({ text, command })),
    placed,
  });
}
