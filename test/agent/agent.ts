import test from 'ava';
import { TaskState } from '#proto';
import { AgentWorld, assigned } from '#test/_support/agent-world';

test('an assigned task is pulled, created, started and reported running', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1')]);
  await world.reaches('t1', TaskState.RUNNING);
  const container = world.container('t1');
  t.is(container?.phase, 'running');
  const status = world.manager.statuses.get('t1');
  t.is(status?.containers[0]?.pid, container?.pid);
  t.is(status?.address, '10.200.0.2');
  t.is(world.infos.length, 1);
});

test('an unwanted task is stopped, reported and its container removed', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1')]);
  await world.reaches('t1', TaskState.RUNNING);
  world.manager.desire('t1', TaskState.REMOVE);
  await world.reaches('t1', TaskState.SHUTDOWN);
  await world.until('no container', () => world.runtime.peek().length === 0);
  t.deepEqual(world.runtime.logIds, ['t1.main']);
  world.manager.assign([], ['t1']);
  await world.until('nothing left', () => world.agent.tasks().length === 0);
  t.deepEqual(world.runtime.logIds, []);
  t.deepEqual(world.networks.peek(), []);
  t.deepEqual(await world.files.listTasks(), []);
});

test('an agent that was killed adopts its containers with the same pids', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1'), assigned('t2', { slot: 2 })]);
  await world.reaches('t1', TaskState.RUNNING);
  await world.reaches('t2', TaskState.RUNNING);
  const before = world.runtime.peek();
  await world.crash();
  await world.clock.advance(60_000);
  t.deepEqual(world.runtime.peek(), before);
  t.is(world.manager.statuses.get('t1')?.state, TaskState.RUNNING);
});
