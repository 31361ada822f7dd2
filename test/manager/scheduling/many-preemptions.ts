/** Many alike tasks that push others out at once, on more nodes than one search looks at. */
import test from 'ava';
import { Placement, ResourceRequirements, Resources, TaskState } from '#proto';
import type { Task } from '#proto';
import { ClusterView, defaultScoring, Meter, finish } from '#scheduler';
import { DisruptionBudgets } from '#manager/disruption/index';
import { attempt } from '#manager/scheduling/attempt';
import { Nominations } from '#manager/scheduling/nominations';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';
import { nodeOf, taskOf, tasksOf } from '#test/_support/placement';

test('of many alike tasks not every one asks the nodes anew, and no two stop the same task', (t) => {
  const view = new ClusterView();
  const lows = new Map<string, Task>();
  for (let at = 0; at < 400; at++) {
    const id = `n${at}`;
    const low = taskOf(`low${at}`, {
      service: 'low',
      nodeId: id,
      state: TaskState.RUNNING,
      cpus: 3,
    });
    view.setNode(nodeOf(id));
    view.setTask(low);
    lows.set(id, low);
  }
  let lookCount = 0;
  const attempted = finish(
    attempt(
      {
        view,
        nominations: new Nominations(view),
        scoring: defaultScoring,
        nowMs: 0,
        meter: new Meter(Infinity),
        tasksOfNode: (nodeId) => {
          lookCount++;
          const low = lows.get(nodeId);
          return low === undefined ? [] : [low];
        },
        budgets: () =>
          new DisruptionBudgets({
            node: (id) => view.node(id)?.node,
            service: () => undefined,
            tasksOfService: () => [],
          }),
        mayStopOthers: true,
        going: new Set(),
        offset: () => 0,
        preemptionsLeft: 300,
      },
      tasksOf(300, { service: 'high', priority: 10, cpus: 3 }),
    ),
  );
  t.is(attempted.preemptions.length, 300);
  t.is(new Set(attempted.preemptions.map(({ nodeId }) => nodeId)).size, 300);
  t.is(new Set(attempted.preemptions.flatMap(({ victims }) => victims)).size, 300);
  // Each of them asking anew would be 74,850.
  t.true(lookCount < 5_000, `${lookCount} looks`);
});

const asks = (cpus: number, priority = 0) => ({
  resources: ResourceRequirements.create({
    reservations: Resources.create({ cpuNano: cpus * 1e9 }),
  }),
  placement: Placement.create({ priority }),
});

test('80 tasks push 80 others out of 120 full nodes, each for one and none in vain', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(120);
  world.lead();
  await world.createService(aServiceOf('low', { replicas: 120, task: asks(5) }));
  await world.untilRunning('low', 120);
  await world.createService(aServiceOf('high', { replicas: 80, task: asks(5, 10) }));
  await world.untilRunning('high', 80, 30_000);
  await world.clock.advance(2_000);
  const gone = world.tasks('low').filter(({ preemptedBy }) => preemptedBy !== undefined);
  t.is(gone.length, 80);
  t.is(world.running('low').length, 40);
  t.is(new Set(world.running('high').map(({ nodeId }) => nodeId)).size, 80);
});
