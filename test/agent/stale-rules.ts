/** A node that was away: its rules still lead callers to tasks that were given up meanwhile. */
import test from 'ava';
import { Endpoint, Network, NetworkAddress, NetworkChanges, TaskState } from '#proto';
import { settleMaxMs } from '#agent/network-view/settling';
import { AgentWorld, assigned } from '#test/_support/agent-world';

const { RUNNING, SHUTDOWN } = TaskState;

const networks = (...taskIds: readonly string[]) =>
  NetworkChanges.create({
    sequence: 1,
    isFull: true,
    networks: [Network.create({ id: 'n' })],
    endpoints: taskIds.map((taskId) => Endpoint.create({ networkId: 'n', taskId })),
  });

/** A task serves, and its host loses the managers; when it is back, what it is told takes time. */
async function away(): Promise<AgentWorld> {
  const world = new AgentWorld();
  const { manager } = world;
  manager.networks = networks('a');
  await world.begin();
  manager.assign([assigned('a', { networks: [NetworkAddress.create({ networkId: 'n' })] })]);
  await world.reaches('a', RUNNING);
  manager.isDown = true;
  manager.hangUp();
  await world.clock.advance(10_000);
  manager.networks = networks();
  world.consumer.isHeld = true;
  return world;
}

const phase = (world: AgentWorld) => world.container('a')?.phase;

/** Its session is back, and what the managers assign in it has arrived. */
async function back(world: AgentWorld): Promise<void> {
  world.manager.isDown = false;
  await world.until('told of its networks', () => world.consumer.waiting.length > 0);
  await world.clock.advance(1_000);
}

test('a task that was given up is stopped once no rule leads callers to it', async (t) => {
  const world = await away();
  world.manager.desire('a', SHUTDOWN);
  await back(world);
  t.is(phase(world), 'running');
  world.consumer.waiting[0]?.resolve();
  await world.reaches('a', SHUTDOWN, 100);
});

test('so is one that the managers do not know any more', async (t) => {
  const world = await away();
  world.manager.assign([], ['a']);
  await back(world);
  t.is(phase(world), 'running');
  world.consumer.waiting[0]?.resolve();
  await world.until('it is gone', () => phase(world) === undefined, 1_000);
});

test('after a crash of the agent too: the rules outlive it', async (t) => {
  const world = await away();
  world.agent.abandon();
  world.runtime.hangUp();
  world.manager.desire('a', SHUTDOWN);
  world.restart();
  await back(world);
  t.is(phase(world), 'running');
  for (const gate of world.consumer.waiting) gate.resolve();
  await world.reaches('a', SHUTDOWN, 100);
});

test('rules that cannot be written hold it up for some seconds, no longer', async (t) => {
  const world = await away();
  world.manager.desire('a', SHUTDOWN);
  await back(world);
  await world.clock.advance(settleMaxMs - 1_500);
  t.is(phase(world), 'running');
  await world.reaches('a', SHUTDOWN, 1_000);
});

test('a session that is lost before the rules are written counts for nothing', async (t) => {
  const world = await away();
  world.manager.desire('a', SHUTDOWN);
  await back(world);
  world.manager.hangUp();
  await world.until('told anew', () => world.consumer.waiting.length > 1);
  world.consumer.waiting[0]?.resolve();
  await world.clock.advance(1_000);
  t.is(phase(world), 'running');
  world.consumer.waiting[1]?.resolve();
  await world.reaches('a', SHUTDOWN, 100);
});

test('in a session under way a stop does not wait: the managers saw to the rules before', async (t) => {
  const world = await away();
  await back(world);
  world.consumer.waiting[0]?.resolve();
  await world.clock.advance(100);
  world.manager.sendNetworks(NetworkChanges.create({ sequence: 2 }));
  world.manager.desire('a', SHUTDOWN);
  await world.reaches('a', SHUTDOWN, 100);
  t.true(world.consumer.waiting.length > 1, 'the consumer is still at it');
});
