import test from 'ava';
import { ClusterError } from '#lib';
import {
  ContainerSpec,
  Mount,
  MountKind,
  PortConfig,
  PublishMode,
  TaskSpec,
  TaskState,
} from '#proto';
import { AgentWorld, assigned } from '#test/_support/agent-world';

const { READY, RUNNING, COMPLETE, SHUTDOWN, FAILED, REJECTED, REMOVE } = TaskState;

async function worldWith(...ids: readonly string[]): Promise<AgentWorld> {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign(ids.map((id) => assigned(id)));
  for (const id of ids) await world.reaches(id, RUNNING);
  return world;
}

test('an assigned task is pulled, created, started and reported running', async (t) => {
  const world = await worldWith('t1');
  const container = world.container('t1');
  t.is(container?.phase, 'running');
  const status = world.manager.statuses.get('t1');
  t.is(status?.containers[0]?.pid, container?.pid);
  t.is(status?.address, '10.200.0.2');
  t.true((status?.runningAtMs ?? 0) > 0);
  t.is(world.infos.length, 1);
});

test('an unwanted task is stopped, reported and its container removed', async (t) => {
  const world = await worldWith('t1');
  world.manager.desire('t1', REMOVE);
  await world.reaches('t1', SHUTDOWN);
  await world.until('no container', () => world.runtime.peek().length === 0);
  t.deepEqual(world.runtime.logIds, ['t1.main']);
  world.manager.assign([], ['t1']);
  await world.until('nothing left', () => world.agent.tasks().length === 0);
  t.deepEqual(world.runtime.logIds, []);
  t.deepEqual(world.networks.peek(), []);
  t.deepEqual(await world.files.listTasks(), []);
});

test('an agent that was killed adopts its containers with the same pids', async (t) => {
  const world = await worldWith('t1', 't2');
  const before = world.runtime.peek();
  await world.crash();
  await world.clock.advance(60_000);
  t.deepEqual(world.runtime.peek(), before);
  t.is(world.manager.statuses.get('t1')?.state, RUNNING);
});

test('an exit while the agent was dead is reported when it is back', async (t) => {
  const world = await worldWith('t1', 't2');
  world.agent.abandon();
  world.manager.hangUp();
  world.runtime.exit('t1.main', 3);
  await world.clock.advance(5_000);
  await world.crash();
  await world.reaches('t1', FAILED);
  t.is(world.manager.statuses.get('t1')?.error, 'non-zero exit (3)');
  t.is(world.manager.statuses.get('t1')?.containers[0]?.exitCode, 3);
  t.is(world.manager.statuses.get('t2')?.state, RUNNING);
});

test('an exit that nobody told is found by looking', async (t) => {
  const world = await worldWith('t1');
  world.runtime.isDeaf = true;
  world.runtime.exit('t1.main', 1);
  await world.reaches('t1', FAILED, 40_000);
  t.pass();
});

test('a manager that is away stops nothing', async (t) => {
  const world = await worldWith('t1', 't2');
  const before = world.runtime.peek();
  world.manager.isDown = true;
  world.manager.hangUp();
  await world.clock.advance(3_600_000);
  t.deepEqual(world.runtime.peek(), before);
  world.manager.isDown = false;
  await world.until('a session', () => world.agent.isConnected, 5_000);
});

test('an exit during an outage is reported after it', async (t) => {
  const world = await worldWith('t1');
  world.manager.isDown = true;
  world.manager.hangUp();
  world.runtime.exit('t1.main', 0);
  await world.clock.advance(10_000);
  t.is(world.manager.statuses.get('t1')?.state, RUNNING);
  world.manager.isDown = false;
  await world.reaches('t1', COMPLETE, 5_000);
});

test('statuses that were not accepted are sent again', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.isAccepting = false;
  world.manager.assign([assigned('t1')]);
  await world.until('a batch', () => world.manager.batches.length > 0);
  world.manager.isAccepting = true;
  await world.reaches('t1', RUNNING, 20_000);
  t.pass();
});

test('a full set replaces what was known', async (t) => {
  const world = await worldWith('t1', 't2');
  world.manager.isDown = true;
  world.manager.hangUp();
  world.manager.tasks.delete('t1');
  world.manager.tasks.set('t3', assigned('t3'));
  world.manager.isDown = false;
  await world.reaches('t3', RUNNING);
  await world.until('t1 to go', () => world.agent.tasks().length === 2);
  t.deepEqual(
    world.runtime.peek().map(({ id }) => id),
    ['t2.main', 't3.main'],
  );
});

test('a missing assignment message leads to a new session', async (t) => {
  const world = await worldWith('t1');
  t.is(world.manager.sessions, 1);
  world.manager.skipSequence();
  world.manager.assign([assigned('t2')]);
  await world.reaches('t2', RUNNING);
  t.is(world.manager.sessions, 2);
});

test('messages that come twice are taken once', async (t) => {
  const world = await worldWith('t1');
  const stop = { ...assigned('t1'), desiredState: SHUTDOWN };
  world.manager.assign([stop]);
  world.manager.repeatLast();
  world.manager.repeatLast();
  await world.reaches('t1', SHUTDOWN);
  t.is(world.manager.sessions, 1);
  t.deepEqual(world.manager.states.get('t1')?.filter((state) => state === SHUTDOWN).length, 1);
});

test('containers of unknown tasks stay until the managers have told all tasks', async (t) => {
  const world = await worldWith('t1', 't2');
  world.agent.abandon();
  await world.storage.clear();
  world.manager.tasks.delete('t1');
  world.manager.isDown = true;
  world.manager.hangUp();
  world.restart();
  await world.clock.advance(60_000);
  t.is(world.runtime.peek().length, 2);
  const survivor = world.container('t2');
  world.manager.isDown = false;
  await world.until('t1 to go', () => world.runtime.peek().length === 1);
  await world.clock.advance(60_000);
  t.deepEqual(world.runtime.peek(), [survivor]);
  t.is(world.manager.statuses.get('t2')?.state, RUNNING);
});

test('after a restart of the host its running tasks have failed', async (t) => {
  const world = await worldWith('t1', 't2');
  await world.clock.advance(1_000);
  world.agent.abandon();
  world.manager.hangUp();
  world.runtime.reboot();
  world.networks.reboot();
  await world.crash();
  for (const id of ['t1', 't2']) {
    await world.reaches(id, FAILED);
    t.regex(world.manager.statuses.get(id)?.error ?? '', /the host .* restarted/);
  }
  await world.until('leftovers to go', () => world.runtime.peek().length === 0);
  t.deepEqual(world.networks.peek(), []);
});

test('a task that was ready when its host restarted is made ready again', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1', { desiredState: READY })]);
  await world.reaches('t1', READY);
  await world.clock.advance(1_000);
  world.agent.abandon();
  world.manager.hangUp();
  world.runtime.reboot();
  world.networks.reboot();
  await world.crash();
  world.manager.desire('t1', RUNNING);
  await world.reaches('t1', RUNNING);
  t.is(world.networks.peek().length, 1);
});

test('a task desired ready waits, created and not started', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1', { desiredState: READY })]);
  await world.reaches('t1', READY);
  await world.clock.advance(60_000);
  t.is(world.container('t1')?.phase, 'created');
  world.manager.desire('t1', RUNNING);
  await world.reaches('t1', RUNNING);
});

test('a container that ignores its signal is killed after its grace', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1', {}, ['SIM_STOP_AFTER_MS=never'])]);
  await world.reaches('t1', RUNNING);
  const beganMs = world.clock.monotonic();
  world.manager.desire('t1', SHUTDOWN);
  await world.reaches('t1', SHUTDOWN);
  const tookMs = world.clock.monotonic() - beganMs;
  t.true(tookMs >= 10_000 && tookMs < 10_200, `${tookMs} ms`);
  t.is(world.manager.statuses.get('t1')?.containers[0]?.exitCode, 137);
});

test('an image that cannot be found rejects the task', async (t) => {
  const world = new AgentWorld();
  world.runtime.images.pullError = (name) =>
    new ClusterError('IMAGE_NOT_FOUND', `image ${name} not found: check the name and tag`);
  await world.begin();
  world.manager.assign([assigned('t1')]);
  await world.reaches('t1', REJECTED);
  t.is(world.manager.statuses.get('t1')?.error, 'image web:1 not found: check the name and tag');
  t.deepEqual(world.runtime.peek(), []);
});

test('a registry that is away is tried again', async (t) => {
  const world = new AgentWorld();
  let failures = 2;
  world.runtime.images.pullError = () =>
    failures-- > 0 ? new ClusterError('REGISTRY_UNAVAILABLE', 'no answer') : undefined;
  await world.begin();
  world.manager.assign([assigned('t1')]);
  await world.until('word of it', () => world.manager.statuses.get('t1')?.error === 'no answer');
  t.is(world.manager.statuses.get('t1')?.state, TaskState.PREPARING);
  await world.reaches('t1', RUNNING);
  t.is(world.manager.statuses.get('t1')?.error, '');
  t.is(world.runtime.images.pullCount, 3);
});

test('a registry that stays away rejects the task in the end', async (t) => {
  const world = new AgentWorld();
  world.runtime.images.pullError = () => new ClusterError('REGISTRY_UNAVAILABLE', 'no answer');
  await world.begin();
  world.manager.assign([assigned('t1')]);
  await world.reaches('t1', REJECTED);
  t.is(world.runtime.images.pullCount, 4);
});

test('tasks of the same image share one pull, and a stop ends it', async (t) => {
  const world = new AgentWorld();
  world.runtime.images.pullMs = [60_000, 60_000];
  await world.begin();
  world.manager.assign([assigned('t1'), assigned('t2')]);
  await world.until('the pull', () => world.runtime.images.pullCount > 0);
  world.manager.desire('t1', SHUTDOWN);
  await world.reaches('t1', SHUTDOWN, 1_000);
  await world.reaches('t2', RUNNING, 120_000);
  t.is(world.runtime.images.pullCount, 1);
});

test('a bind mount of a path that is not there rejects the task', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  const mounts = [Mount.create({ kind: MountKind.BIND, source: '/no/where', target: '/data' })];
  const containers = [ContainerSpec.create({ image: 'web:1', mounts })];
  world.manager.assign([assigned('t1', { spec: TaskSpec.create({ containers }) })]);
  await world.reaches('t1', REJECTED);
  t.is(
    world.manager.statuses.get('t1')?.error,
    'invalid bind mount source, source path not found: /no/where',
  );
});

test('a command that cannot be started fails the task', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1', {}, ['SIM_START_ERROR=no such file'])]);
  await world.reaches('t1', FAILED);
  t.is(world.manager.statuses.get('t1')?.error, 'no such file');
});

test('init containers run one after the other before the others', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  const of = (name: string, ...env: readonly string[]) =>
    ContainerSpec.create({ name, image: 'web:1', env });
  const spec = TaskSpec.create({
    initContainers: [of('i1', 'SIM_EXIT_AFTER_MS=500'), of('i2', 'SIM_EXIT_AFTER_MS=500')],
    containers: [of('a'), of('b')],
  });
  world.manager.assign([assigned('t1', { spec })]);
  await world.until('i1 to run', () => world.container('t1', 'i1')?.phase === 'running');
  t.is(world.container('t1', 'i2')?.phase, 'created');
  await world.until('i2 to run', () => world.container('t1', 'i2')?.phase === 'running');
  t.is(world.container('t1', 'i1')?.phase, 'exited');
  t.is(world.container('t1', 'a')?.phase, 'created');
  await world.reaches('t1', RUNNING);
  t.is(world.container('t1', 'a')?.phase, 'running');
  t.is(world.container('t1', 'b')?.phase, 'running');
  world.runtime.exit('t1.b', 5);
  await world.reaches('t1', FAILED);
  t.is(world.manager.statuses.get('t1')?.error, 'container b: non-zero exit (5)');
  await world.until('no container', () => world.runtime.peek().length === 0);
});

test('a port that an old task is about to free is waited for', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  const ports = [
    PortConfig.create({ targetPort: 80, publishedPort: 8080, mode: PublishMode.HOST }),
  ];
  world.manager.assign([assigned('t1', { ports }, ['SIM_STOP_AFTER_MS=2000'])]);
  await world.reaches('t1', RUNNING);
  world.manager.desire('t1', SHUTDOWN);
  world.manager.assign([assigned('t2', { ports })]);
  await world.reaches('t2', RUNNING);
  t.is(world.manager.statuses.get('t2')?.ports[0]?.publishedPort, 8080);
  world.manager.assign([assigned('t3', { ports })]);
  await world.reaches('t3', REJECTED);
  t.is(world.manager.statuses.get('t3')?.error, 'port 8080 is already in use');
});

test('a runtime that does not answer delays tasks and fails none', async (t) => {
  const world = await worldWith('t1');
  world.runtime.isDown = true;
  world.manager.assign([assigned('t2')]);
  world.manager.desire('t1', SHUTDOWN);
  await world.clock.advance(60_000);
  t.is(world.manager.statuses.get('t1')?.state, RUNNING);
  world.runtime.isDown = false;
  await world.reaches('t1', SHUTDOWN);
  await world.reaches('t2', RUNNING);
});

test('a full disk does not keep tasks from running', async (t) => {
  const world = new AgentWorld();
  world.storage.isFull = true;
  await world.begin();
  world.manager.assign([assigned('t1')]);
  await world.reaches('t1', RUNNING);
  const before = world.runtime.peek();
  await world.crash();
  await world.clock.advance(60_000);
  t.deepEqual(world.runtime.peek(), before);
});

test('stopping the agent leaves containers as they are', async (t) => {
  const world = await worldWith('t1');
  const before = world.runtime.peek();
  await world.clock.resolve(world.agent.stop(), 10_000);
  await world.clock.advance(60_000);
  t.deepEqual(world.runtime.peek(), before);
  t.false(world.manager.isOpen);
});

test('a node that leaves says goodbye and leaves nothing behind', async (t) => {
  const world = await worldWith('t1', 't2');
  await world.clock.resolve(world.agent.drainAll(30_000), 40_000);
  t.is(world.manager.goodbyes, 1);
  t.deepEqual(world.runtime.peek(), []);
  t.deepEqual(world.networks.peek(), []);
  t.is(await world.storage.load(), undefined);
});

test('quick steps on the way to running are not reported one by one', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  const signal = new AbortController().signal;
  const pull = world.runtime.images.pull('web:1', undefined, () => undefined, signal);
  await world.clock.resolve(pull, 1_000);
  world.manager.assign(Array.from({ length: 10 }, (_, index) => assigned(`t${index}`)));
  await world.until('all', () => [...world.manager.statuses.values()].length === 10);
  await world.clock.advance(1_000);
  const reports = [...world.manager.states.values()].flat();
  t.deepEqual(new Set(reports), new Set([RUNNING]));
  t.true(world.manager.batches.length <= 10);
});

test('a container that ends before its start is answered is seen to end', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  world.manager.assign([assigned('t1', {}, ['SIM_EXIT_AFTER_MS=0'])]);
  await world.reaches('t1', COMPLETE, 1_000);
  t.is(world.manager.statuses.get('t1')?.containers[0]?.exitCode, 0);
});
