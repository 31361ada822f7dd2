/**
 * Found by the simulated cluster, seed 66: a task that could not be prepared was replaced at once,
 * because its delay only held back its start; some 30 tasks a second for an image that is not there.
 */
import test from 'ava';
import { RestartPolicy, TaskState } from '#proto';
import { OrchestrationWorld, aServiceOf } from '#test/_support/orchestration';

test('tasks that are rejected before they run are replaced with growing delays', async (t) => {
  const world = new OrchestrationWorld();
  world.agents.prepareMs = 1e9;
  await world.addNodes(1);
  world.lead();
  const restart = RestartPolicy.create({ delayMs: 1_000, delayMaxMs: 60_000 });
  const service = aServiceOf('web', { task: { restart } });
  await world.createService(service);
  const seen = new Set<string>();
  for (let step = 0; step < 1_000; step++) {
    await world.clock.advance(20);
    for (const task of world.tasks(service.id)) {
      seen.add(task.id);
      if (task.status?.state === TaskState.ASSIGNED)
        await world.endTask(task.id, TaskState.REJECTED);
    }
  }
  // 20 s: at 0, 0, 1, 3, 7 and 15 s.
  t.true(seen.size >= 5 && seen.size <= 7, `${seen.size} tasks`);
});
