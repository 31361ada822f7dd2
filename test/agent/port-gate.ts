/** RUNNING means that callers are answered; a stop lets those in who wait at the door. */
import test from 'ava';
import { PortConfig, PublishMode, TaskState } from '#proto';
import { listenMaxMs, letInMaxMs } from '#agent/task/gate';
import { AgentWorld, assigned } from '#test/_support/agent-world';

const { RUNNING, STARTING, SHUTDOWN, FAILED } = TaskState;
const port = PortConfig.create({
  publishedPort: 8080,
  targetPort: 80,
  mode: PublishMode.HOST,
});

async function worldOf(ports: ReadonlyMap<string, number>): Promise<AgentWorld> {
  const world = new AgentWorld();
  world.networks.socketsOf = () => ports;
  await world.begin();
  world.manager.assign([assigned('t1', { ports: [port] })]);
  await world.until('it is started', () => world.container('t1')?.phase === 'running');
  return world;
}

test('a task is RUNNING as soon as its server listens', async (t) => {
  const ports = new Map([['81/tcp', 0]]);
  const world = await worldOf(ports);
  await world.clock.advance(listenMaxMs / 2);
  t.is(world.manager.statuses.get('t1')?.state, STARTING);
  ports.set('80/tcp', 0);
  await world.reaches('t1', RUNNING, 500);
  t.is(world.manager.statuses.get('t1')?.message, 'started');
});

test('one whose server never listens is RUNNING in the end, and says so', async (t) => {
  const world = await worldOf(new Map());
  await world.reaches('t1', RUNNING, listenMaxMs + 1_000);
  t.regex(world.manager.statuses.get('t1')?.message ?? '', /nothing listens on 80\/tcp/);
});

test('a server that ends before it listens has failed', async (t) => {
  const world = await worldOf(new Map());
  world.runtime.exit('t1.main', 3);
  await world.reaches('t1', FAILED, 1_000);
  t.is(world.manager.statuses.get('t1')?.error, 'non-zero exit (3)');
});

test('an agent that is restarted meanwhile goes on looking', async (t) => {
  const ports = new Map<string, number>();
  const world = await worldOf(ports);
  await world.crash();
  await world.clock.advance(1_000);
  t.is(world.manager.statuses.get('t1')?.state, STARTING);
  ports.set('80/tcp', 0);
  await world.reaches('t1', RUNNING, 500);
});

test('who waits to be let in delays the stop, for a second at most', async (t) => {
  const ports = new Map([['80/tcp', 0]]);
  const world = await worldOf(ports);
  await world.reaches('t1', RUNNING);
  ports.set('80/tcp', 2);
  world.manager.desire('t1', SHUTDOWN);
  await world.clock.advance(letInMaxMs / 2);
  t.is(world.container('t1')?.phase, 'running');
  ports.set('80/tcp', 0);
  await world.reaches('t1', SHUTDOWN, 300);

  const wedged = new Map([['80/tcp', 0]]);
  const other = await worldOf(wedged);
  await other.reaches('t1', RUNNING);
  wedged.set('80/tcp', 2);
  other.manager.desire('t1', SHUTDOWN);
  await other.reaches('t1', SHUTDOWN, letInMaxMs + 500);
});
