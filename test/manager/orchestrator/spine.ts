import test from 'ava';
import { TaskState } from '#proto';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

test('a service gets its tasks in two commits after its own and they come to run', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(3);
  world.lead();
  await world.clock.advance(10);
  const before = world.commitCount;
  await world.createService(aServiceOf('web', { replicas: 30 }));
  const isAssigned = (): boolean => {
    const tasks = world.tasks('web');
    return tasks.length === 30 && tasks.every(({ nodeId }) => nodeId !== '');
  };
  await world.clock.until(isAssigned, 100, 'all tasks assigned');
  t.is(world.commitCount - before, 3);
  await world.untilRunning('web', 30);
  const perNode = Map.groupBy(world.running('web'), ({ nodeId }) => nodeId);
  t.deepEqual(
    [...perNode.values()].map(({ length }) => length),
    [10, 10, 10],
  );
  t.deepEqual(
    world
      .running('web')
      .map(({ slot }) => slot)
      .toSorted((a, b) => a - b),
    Array.from({ length: 30 }, (_, at) => at + 1),
  );
});

test('scaling fills the lowest free slots and takes tasks away again', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(3);
  world.lead();
  await world.createService(aServiceOf('web', { replicas: 3 }));
  await world.untilRunning('web', 3);
  const first = world.running('web').map(({ id }) => id);
  await world.changeService('web', (service) => ({
    ...service,
    spec: aServiceOf('web', { replicas: 10 }).spec,
  }));
  await world.untilRunning('web', 10);
  t.true(first.every((id) => world.running('web').some((task) => task.id === id)));
  await world.changeService('web', (service) => ({
    ...service,
    spec: aServiceOf('web', { replicas: 1 }).spec,
  }));
  await world.untilRunning('web', 1);
  await world.clock.advance(1_000);
  t.is(world.tasks('web').length, 1);
});

test('a removed service goes with its last task, within a few commits', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(3);
  world.lead();
  await world.createService(aServiceOf('web', { replicas: 30 }));
  await world.untilRunning('web', 30);
  await world.changeService('web', (service) => ({ ...service, isRemoving: true }));
  const startedAt = world.clock.now();
  await world.clock.until(() => world.service('web') === undefined, 1_000, 'the service is gone');
  t.is(world.tasks('web').length, 0);
  // One commit each to remove, to report, to delete; and the agents' own 5 ms.
  t.true(world.clock.now() - startedAt < 20);
});

test('a task that fails is replaced after a second, then after two, then after four', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(1);
  world.agents.fate = () => ({ afterMs: 1, state: TaskState.FAILED });
  world.lead();
  await world.createService(aServiceOf('web'));
  await world.clock.advance(8_500);
  const starts = world
    .tasks('web')
    .map((task) => task.meta?.createdAtMs ?? 0)
    .toSorted((a, b) => a - b);
  const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
  t.is(gaps.length, 4);
  // The replacement is made at once and runs after the delay, so each waited for the one before.
  const expected = [0, 1_000, 2_000, 4_000];
  for (const [index, gap] of gaps.entries()) {
    const delay = expected[index] ?? 0;
    t.true(gap >= delay * 0.9 && gap <= delay + 100, `gap ${index} is ${gap} ms`);
  }
});
