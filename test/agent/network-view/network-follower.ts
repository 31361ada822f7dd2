import test from 'ava';
import { Endpoint, Network, NetworkChanges } from '#proto';
import { AgentWorld, assigned } from '#test/_support/agent-world';

const at = (taskId: string) => Endpoint.create({ networkId: 'n', taskId, address: '10.0.0.9' });

const full = (...taskIds: readonly string[]) =>
  NetworkChanges.create({
    sequence: 1,
    isFull: true,
    networks: [Network.create({ id: 'n' })],
    endpoints: taskIds.map(at),
  });

async function begun(...taskIds: readonly string[]): Promise<AgentWorld> {
  const world = new AgentWorld();
  world.manager.networks = full(...taskIds);
  await world.begin();
  await world.until('the full set is applied', () => world.manager.networksApplied.length > 0);
  return world;
}

test('increments follow the full set, and what is applied is told', async (t) => {
  const world = await begun('a');
  t.deepEqual(world.consumer.taskIds, ['a']);
  world.manager.sendNetworks(NetworkChanges.create({ sequence: 2, endpoints: [at('b')] }));
  await world.until('told', () => world.manager.networksApplied.at(-1) === 2);
  t.deepEqual(world.manager.networksApplied, [1, 2]);
  t.deepEqual(world.consumer.taskIds, ['a', 'b']);
});

test('a full set in parts reaches the consumers as one', async (t) => {
  const world = new AgentWorld();
  world.manager.networks = { ...full('a'), isContinued: true };
  await world.begin();
  const rest = { ...full('b'), networks: [], sequence: 2 };
  world.manager.sendNetworks(rest);
  await world.until('told', () => world.manager.networksApplied.at(-1) === 2);
  t.is(world.consumer.changes.length, 1);
  t.deepEqual(world.consumer.taskIds, ['a', 'b']);
});

test('nothing is told as applied while a consumer is at it; then the latest, once', async (t) => {
  const world = await begun();
  world.consumer.isHeld = true;
  for (const [index, id] of ['a', 'b', 'c'].entries())
    world.manager.sendNetworks(NetworkChanges.create({ sequence: 2 + index, endpoints: [at(id)] }));
  await world.until('handed over', () => world.consumer.waiting.length === 3);
  await world.clock.advance(1_000);
  t.deepEqual(world.manager.networksApplied, [1]);
  for (const gate of world.consumer.waiting) gate.resolve();
  await world.until('told', () => world.manager.networksApplied.length > 1);
  t.deepEqual(world.manager.networksApplied, [1, 4]);
});

test('what a consumer could not apply is told with the next change that it could', async (t) => {
  const world = await begun();
  world.consumer.isHeld = true;
  world.manager.sendNetworks(NetworkChanges.create({ sequence: 2, endpoints: [at('a')] }));
  await world.until('handed over', () => world.consumer.waiting.length === 1);
  world.consumer.isHeld = false;
  world.consumer.waiting[0]?.reject(new Error('no such device'));
  await world.clock.advance(1_000);
  t.deepEqual(world.manager.networksApplied, [1]);
  world.manager.sendNetworks(NetworkChanges.create({ sequence: 3, endpoints: [at('b')] }));
  await world.until('told', () => world.manager.networksApplied.at(-1) === 3);
});

test('of the set that a session begins with, each consumer hears when those before have it', async (t) => {
  const world = new AgentWorld();
  world.manager.networks = full('a');
  world.consumer.isHeld = true;
  await world.begin();
  await world.until('handed over', () => world.later.calls.length === 1);
  await world.clock.advance(1_000);
  t.deepEqual(world.later.calls, [{ mustWait: true, isSettled: false }]);
  // One that fails holds nobody up.
  world.consumer.waiting[0]?.reject(new Error('no such device'));
  await world.until('settled', () => world.later.calls[0]?.isSettled === true);
  world.manager.sendNetworks(NetworkChanges.create({ sequence: 2, endpoints: [at('b')] }));
  await world.until('handed over', () => world.later.calls.length === 2);
  t.false(world.later.calls[1]?.mustWait);
});

test('a message that is missing makes the agent open its session anew', async (t) => {
  const world = await begun('a');
  world.manager.sendNetworks(NetworkChanges.create({ sequence: 3, endpoints: [at('c')] }));
  await world.until('another session', () => world.manager.sessions === 2);
  await world.until('told anew', () => world.manager.networksApplied.length === 2);
  t.deepEqual(world.consumer.taskIds, ['a']);
  t.deepEqual(world.manager.networksApplied, [1, 1]);
});

test('what an older session asked for is not told in a newer one', async (t) => {
  const world = await begun('a');
  world.consumer.isHeld = true;
  world.manager.sendNetworks(NetworkChanges.create({ sequence: 2, endpoints: [at('b')] }));
  await world.until('handed over', () => world.consumer.waiting.length === 1);
  world.manager.hangUp();
  await world.until('another session', () => world.manager.sessions === 2);
  await world.until('handed over', () => world.consumer.waiting.length === 2);
  world.consumer.waiting[0]?.resolve();
  await world.clock.advance(1_000);
  t.deepEqual(world.manager.networksApplied, [1]);
  world.consumer.waiting[1]?.resolve();
  await world.until('told', () => world.manager.networksApplied.length === 2);
  t.deepEqual(world.manager.networksApplied, [1, 1]);
});

test('an agent that starts without managers knows its networks', async (t) => {
  const world = await begun('a', 'b');
  await world.clock.advance(5_000);
  world.agent.abandon();
  world.manager.isDown = true;
  world.manager.hangUp();
  const before = world.consumer.changes.length;
  world.restart();
  await world.until('the networks are back', () => world.consumer.changes.length > before);
  t.deepEqual(world.consumer.taskIds, ['a', 'b']);
  t.deepEqual(
    world.consumer.changes.at(-1)?.networks.map(({ now }) => now?.id),
    ['n'],
  );
});

test('a node that leaves takes its networks down and forgets them', async (t) => {
  const world = await begun('a');
  world.manager.assign([assigned('a')]);
  await world.clock.resolve(world.agent.drainAll(30_000), 60_000);
  t.deepEqual(world.consumer.taskIds, []);
  t.is(await world.storage.loadNetworks(), undefined);
});
