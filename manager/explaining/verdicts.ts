/** What the scheduler says of nodes and changes, as the API has it. */
import { NodeVerdict, PlacementChange, PlacementHint, PlacementScore } from '#proto';
import { PlacementShortage } from '#proto';
import type { Hint, RankedNode, RefusedNode } from '#scheduler';
import type { Scene } from './scene.ts';

const names = new Intl.Collator('en', { numeric: true });

/** Nodes that one answer tells of at most. */
export const nodesMax = 1_000;

/** By the nodes' names, host2 before host10. */
export function refusedVerdicts(
  scene: Scene,
  refused: readonly RefusedNode[],
): readonly NodeVerdict[] {
  return refused
    .map((one) => refusedVerdict(scene, one))
    .sort((a, b) => names.compare(a.hostname, b.hostname));
}

function refusedVerdict(scene: Scene, { nodeId, refusal }: RefusedNode): NodeVerdict {
  const { filter, reasons, isResolvable } = refusal;
  const shortages = refusal.shortages.map(({ name, need, have, capacity }) =>
    PlacementShortage.create({ name, need, have: Math.max(0, have), capacity }),
  );
  const hostname = scene.nodeName(nodeId);
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
