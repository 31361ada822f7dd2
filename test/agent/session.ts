import test from 'ava';
import { ClusterError } from '#lib';
import { TaskState } from '#proto';
import { AgentWorld, assigned } from '#test/_support/agent-world';

test('heartbeats come a little more often than the told period', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  const before = world.manager.heartbeats;
  await world.clock.advance(100_000);
  const beats = world.manager.heartbeats - before;
  t.true(beats >= 100 && beats <= 112, `${beats} in 100 s`);
  t.is(world.manager.sessions, 1);
});

test('a manager that falls silent is left within three periods', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  await world.clock.advance(10_000);
  world.manager.isMute = true;
  const beganMs = world.clock.monotonic();
  await world.until('another session', () => world.manager.sessions === 2);
  const tookMs = world.clock.monotonic() - beganMs;
  t.true(tookMs < 4_000, `${tookMs} ms`);
});

test('a manager that does not answer the hello is given up', async (t) => {
  const world = new AgentWorld();
  world.manager.isWelcoming = false;
  world.agent.start();
  await world.until('a second try', () => world.manager.sessions >= 2, 5_000);
  world.manager.isWelcoming = true;
  await world.until('a session', () => world.agent.isConnected, 20_000);
  t.pass();
});

test('tries are spread: quick at first, at most 2 s apart in the end', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.isDown = true;
  const tries: number[] = [];
  const open = world.manager.openSession.bind(world.manager);
  world.manager.openSession = (handlers) => {
    tries.push(world.clock.monotonic());
    return open(handlers);
  };
  const lostMs = world.clock.monotonic();
  world.manager.hangUp();
  await world.clock.advance(60_000);
  t.true((tries[0] ?? Infinity) - lostMs <= 100);
  const pauses = tries.slice(1).map((atMs, index) => atMs - (tries[index] ?? 0));
  t.true(
    pauses.every((pauseMs) => pauseMs <= 2_010),
    String(pauses),
  );
  t.true(tries.length >= 30 && tries.length < 80, String(tries.length));
});

test('a leader that is named is asked at once, but not for ever', async (t) => {
  const world = new AgentWorld();
  world.manager.isDown = true;
  const details = { leaderAddress: 'm2:7377' };
  world.manager.openError = new ClusterError('NOT_LEADER', 'ask m2:7377', { details });
  let tries = 0;
  const open = world.manager.openSession.bind(world.manager);
  world.manager.openSession = (handlers) => {
    tries++;
    return open(handlers);
  };
  world.agent.start();
  await world.until('the first try', () => tries > 0);
  await world.clock.advance(10);
  t.is(tries, 4);
  await world.clock.advance(60_000);
  t.true(tries < 200, String(tries));
});

test('a task is not reported before the full set was taken', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1')]);
  await world.reaches('t1', TaskState.RUNNING);
  world.manager.isWelcoming = false;
  world.manager.hangUp();
  world.runtime.exit('t1.main', 1);
  await world.clock.advance(1_000);
  t.is(world.manager.statuses.get('t1')?.state, TaskState.RUNNING);
  world.manager.isWelcoming = true;
  await world.reaches('t1', TaskState.FAILED, 30_000);
});
