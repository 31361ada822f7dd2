import { PlannedMove, RebalanceResponse, RebalanceStatus } from '#proto';
import type { RebalanceRequest } from '#proto';
import { Scene } from '../explaining/index.ts';
import { gainWords, planMoves } from '../rebalancing/index.ts';
import { clusterOf } from './cluster.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';

/** Plans moves, and asks the leader to make them. */
export function rebalancingHandlers({
  store,
  clock,
  log,
  images,
}: ControlOptions): Pick<ControlHandlers, 'rebalance'> {
  return {
    async rebalance({ isPlanOnly }: RebalanceRequest, { signal }) {
      await store.readBarrier(signal);
      const scene = await Scene.of({ image: store.image(), images }, clock, signal);
      const { moves, isWhole } = planMoves(scene);
      const planned = moves.map(({ task, toNodeId, gain }) =>
        PlannedMove.create({
          taskId: task.id,
          taskName: scene.taskName(task),
          fromNodeId: task.nodeId,
          fromHostname: scene.nodeName(task.nodeId),
          toNodeId,
          toHostname: scene.nodeName(toNodeId),
          gain,
          reason: gainWords[gain],
        }),
      );
      if (isPlanOnly) {
        const status = clusterOf(scene.image).rebalance;
        return RebalanceResponse.create({ moves: planned, isWhole, status });
      }
      const { value: status } = await store.update((tx) => {
        const cluster = clusterOf(tx);
        const present = cluster.rebalance;
        // One that goes on goes on: asking twice is asking once.
        if (present !== undefined && present.requestedAtMs > 0 && present.finishedAtMs === 0)
          return present;
        const rebalance = RebalanceStatus.create({ requestedAtMs: clock.now() });
        tx.update('cluster', { ...cluster, rebalance });
        return rebalance;
      });
      log.info('rebalancing asked for', { moves: moves.length });
      return RebalanceResponse.create({ moves: planned, isWhole, status });
    },
  };
}
