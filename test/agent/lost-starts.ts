/** Containers whose start their agent did not survive. */
import test from 'ava';
import { TaskState } from '#proto';
import { AgentWorld, assigned } from '#test/_support/agent-world';

const { RUNNING, FAILED } = TaskState;

test('a container whose start an agent did not survive is started by the next one', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1')]);
  await world.until('a container', () => world.container('t1') !== undefined);
  await world.crash();
  t.is(world.container('t1')?.phase, 'lost');
  await world.reaches('t1', RUNNING);
  t.is(world.container('t1')?.labels['tessera.start.attempt'], '2');
  t.false((world.manager.states.get('t1') ?? []).includes(FAILED));
});

test('a container at whose start every agent dies fails its task in the end', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1')]);
  for (let attempt = 1; attempt <= 3; attempt++) {
    const isThisOne = () =>
      world.container('t1')?.phase === 'created' &&
      (world.container('t1')?.labels['tessera.start.attempt'] ?? '1') === String(attempt);
    await world.until(`attempt ${attempt}`, isThisOne);
    await world.crash();
  }
  await world.reaches('t1', FAILED);
  t.is(world.manager.statuses.get('t1')?.error, 'container was lost while it was started, 3 times');
});
