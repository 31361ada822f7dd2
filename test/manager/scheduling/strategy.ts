import test from 'ava';
import { ClusterSpec, SchedulingSpec, SchedulingStrategy } from '#proto';
import { aCluster } from '#test/_support/objects';
import { OrchestrationWorld, aServiceOf } from '#test/_support/orchestration';

function specOf(strategy: SchedulingStrategy): ClusterSpec {
  // Only how much is taken counts.
  const scoreWeights = { balance: 0 };
  return ClusterSpec.create({ scheduling: SchedulingSpec.create({ strategy, scoreWeights }) });
}

function nodesOf(world: OrchestrationWorld, service: string): readonly string[] {
  return [...new Set(world.running(service).map(({ nodeId }) => nodeId))];
}

test("the leader places by the cluster's strategy, and by a new one from then on", async (t) => {
  const world = new OrchestrationWorld();
  await world.write((tx) =>
    tx.create('cluster', { ...aCluster(), spec: specOf(SchedulingStrategy.BINPACK) }),
  );
  world.lead();
  await world.addNodes(3);
  await world.createService(aServiceOf('packed', { replicas: 6 }));
  await world.untilRunning('packed', 6);
  t.is(nodesOf(world, 'packed').length, 1);
  await world.write((tx) => {
    for (const cluster of tx.list('cluster'))
      tx.update('cluster', { ...cluster, spec: specOf(SchedulingStrategy.EVEN) });
  });
  await world.createService(aServiceOf('even', { replicas: 6 }));
  await world.untilRunning('even', 6);
  t.is(nodesOf(world, 'even').length, 3);
  t.is(nodesOf(world, 'packed').length, 1, 'what runs stays');
  await world.resign();
});
