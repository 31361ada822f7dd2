/** How long one task waits for its node while other things happen all the time. */
import test from 'ava';
import { ResourceRequirements, Resources, TaskState } from '#proto';
import type { TaskSpec } from '#proto';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';
import { nodeOf, taskOf } from '#test/_support/placement';

/** A node that comes and goes, with a task on it, every 10 ms; ends when it is told to. */
function churn(world: OrchestrationWorld): () => void {
  let isOver = false;
  let at = 0;
  const step = (): void => {
    if (isOver) return;
    const id = `churn-${at++ % 10}`;
    void world.store.update((tx) => {
      if (tx.get('task', id) !== undefined) tx.remove('task', id);
      if (tx.get('node', id) !== undefined) tx.remove('node', id);
      tx.create('node', nodeOf(id, { cpus: 0 }));
      tx.create('task', taskOf(id, { service: id, nodeId: id, state: TaskState.RUNNING }));
    });
    world.clock.after(10, step);
  };
  step();
  return () => {
    isOver = true;
  };
}

const asks = (cpus: number): Partial<TaskSpec> => ({
  resources: ResourceRequirements.create({
    reservations: Resources.create({ cpuNano: cpus * 1e9 }),
  }),
});

async function latencies(world: OrchestrationWorld, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const id = `web${at}`;
    await world.createService(aServiceOf(id, { task: asks(0.01) }));
    const startedAt = world.clock.now();
    await world.untilRunning(id, 1, 5_000);
    times.push(world.clock.now() - startedAt);
  }
  return times;
}

test('nodes and tasks that come and go all the time do not hold a single task up', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  const end = churn(world);
  const times = await latencies(world, 10);
  end();
  t.true(Math.max(...times) < 150, `${times.join(', ')} ms`);
});

test('nor do they where other tasks wait that they could help', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  await world.createService(aServiceOf('big', { replicas: 3, task: asks(100) }));
  await world.clock.advance(1_000);
  const end = churn(world);
  const times = await latencies(world, 10);
  end();
  t.true(Math.max(...times) < 150, `${times.join(', ')} ms`);
  t.is(world.running('big').length, 0);
});
