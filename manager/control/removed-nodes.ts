import { RemovedNode } from '#proto';
import type { Cluster } from '#proto';
import { clusterDefaults } from './cluster.ts';

/** How long after its last certificate ran out a removed node's id is remembered. */
const removedGraceMs = 7 * 24 * 3_600_000;

/** The cluster that refuses these nodes until no certificate of theirs can be valid any more. */
export function withRemoved(cluster: Cluster, nodeIds: readonly string[], nowMs: number): Cluster {
  const presentLifeMs = cluster.spec?.certificateLifeMs || clusterDefaults.certificateLifeMs;
  const lifeMs = Math.max(presentLifeMs, cluster.certificateLifeMaxMs);
  const untilMs = nowMs + lifeMs + removedGraceMs;
  const kept = cluster.removedNodes.filter((removed) => removed.untilMs > nowMs);
  const added = nodeIds.map((nodeId) => RemovedNode.create({ nodeId, untilMs }));
  return { ...cluster, removedNodes: [...kept, ...added] };
}
