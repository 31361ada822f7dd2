/** A task leaves names and rules on every host before its own is told to stop it. */
import test from 'ava';
import { Goodbye, Network, NetworkAddress, NetworkSpec, NodeState } from '#proto';
import { TaskState, TaskStatus } from '#proto';
import type { Task } from '#proto';
import { stopHoldMaxMs } from '#manager/dispatcher/stop-holds';
import { makeTestDispatcher } from '#test/_support/dispatcher';
import type { TestDispatcher } from '#test/_support/dispatcher';
import type { FakeAgent } from '#test/_support/fake-agent';
import { aTask } from '#test/_support/objects';

const network = (id: string) => Network.create({ id, spec: NetworkSpec.create({ name: id }) });

function runningOn(id: string, nodeId: string, networkIds: readonly string[]): Task {
  return aTask({
    id,
    nodeId,
    serviceId: 's1',
    desiredState: TaskState.RUNNING,
    status: TaskStatus.create({ state: TaskState.RUNNING }),
    networks: networkIds.map((networkId) => NetworkAddress.create({ networkId, address: id })),
  });
}

/** Tasks t1 on n1, t2 on n2 and t3 on n3, all on network a; t1 on b too. */
async function made(): Promise<TestDispatcher> {
  const own = await makeTestDispatcher();
  await own.store.update((tx) => {
    for (const id of ['a', 'b']) tx.create('network', network(id));
    tx.create('task', runningOn('t1', 'n1', ['a', 'b']));
    tx.create('task', runningOn('t2', 'n2', ['a']));
    tx.create('task', runningOn('t3', 'n3', ['a']));
    tx.create('task', runningOn('plain', 'n1', []));
  });
  return own;
}

async function joined(own: TestDispatcher): Promise<readonly [FakeAgent, FakeAgent, FakeAgent]> {
  const agents = [await own.join('n1'), await own.join('n2'), await own.join('n3')] as const;
  await own.clock.advance(100);
  return agents;
}

const stop = (own: TestDispatcher, id: string, desiredState: TaskState = TaskState.SHUTDOWN) =>
  own.store.update((tx) => tx.update('task', { ...(tx.get('task', id) as Task), desiredState }));

const isTold = (agent: FakeAgent, id = 't1'): boolean =>
  (agent.tasks.get(id)?.desiredState ?? TaskState.REMOVE) > TaskState.COMPLETE;

/** Until its agent knows that the task is to stop; how long that took, ms. */
async function tookUntilTold(own: TestDispatcher, agent: FakeAgent, id = 't1'): Promise<number> {
  const beganAt = own.clock.monotonic();
  await own.clock.until(() => isTold(agent, id), 10_000, 'the stop is told');
  return own.clock.monotonic() - beganAt;
}

test('a stop is told once every agent of the networks has applied that it is coming', async (t) => {
  const own = await made();
  const agents = await joined(own);
  const [first, second, third] = agents;
  for (const agent of agents) agent.isApplying = false;
  await stop(own, 't1');
  await own.clock.advance(100);
  for (const { view } of agents) t.false(view.endpoints.get('a/t1')?.isServing);
  first.networksApplied();
  third.networksApplied();
  await own.clock.advance(100);
  t.false(isTold(first), 'one has not applied it yet');
  second.networksApplied();
  t.true((await tookUntilTold(own, first)) <= 2);
});

test('agents that apply at once delay a stop by next to nothing', async (t) => {
  const own = await made();
  const [first] = await joined(own);
  await stop(own, 't1');
  t.true((await tookUntilTold(own, first)) <= 3);
});

test('an agent that never says so delays a stop by two seconds and no more', async (t) => {
  const own = await made();
  const [first, second] = await joined(own);
  second.isApplying = false;
  await stop(own, 't1', TaskState.REMOVE);
  await own.clock.advance(stopHoldMaxMs - 10);
  t.false(isTold(first));
  t.true((await tookUntilTold(own, first)) <= 12);
});

test('nothing else waits: other tasks, tasks without networks, tasks that serve nobody', async (t) => {
  const own = await made();
  const [first, second] = await joined(own);
  second.isApplying = false;
  await own.store.update((tx) => {
    const starting = TaskStatus.create({ state: TaskState.STARTING });
    tx.create('task', { ...runningOn('t4', 'n1', ['a']), status: starting });
  });
  await own.clock.advance(10);
  await stop(own, 't1');
  await stop(own, 't4');
  await stop(own, 'plain');
  t.true((await tookUntilTold(own, first, 't4')) <= 2);
  t.true(isTold(first, 'plain'));
  t.false(isTold(first));
});

test('an agent that is lost meanwhile is waited for until it is back and has applied it', async (t) => {
  const own = await made();
  const [first, second] = await joined(own);
  second.isApplying = false;
  await stop(own, 't1');
  await own.clock.advance(100);
  t.false(isTold(first));
  second.hangUp();
  await own.clock.advance(500);
  t.false(isTold(first), 'its host leads callers on as before');
  const again = await own.join('n2');
  t.false(again.view.endpoints.get('a/t1')?.isServing);
  t.true((await tookUntilTold(own, first)) <= 5);
});

test('an agent that was lost before is waited for as well', async (t) => {
  const own = await made();
  const [first, second] = await joined(own);
  second.hangUp();
  await own.clock.advance(500);
  await stop(own, 't1');
  await own.clock.advance(500);
  t.false(isTold(first));
  await own.join('n2');
  t.true((await tookUntilTold(own, first)) <= 5);
});

test('an agent that comes back and does not apply it delays a stop by two seconds in all', async (t) => {
  const own = await made();
  const [first, second] = await joined(own);
  second.isApplying = false;
  await stop(own, 't1');
  const beganAt = own.clock.monotonic();
  second.hangUp();
  await own.clock.advance(500);
  const again = await own.join('n2', { isApplying: false });
  t.false(again.view.endpoints.get('a/t1')?.isServing);
  await own.clock.advance(stopHoldMaxMs - (own.clock.monotonic() - beganAt) - 10);
  t.false(isTold(first));
  t.true((await tookUntilTold(own, first)) <= 12);
});

test('an agent that stays away delays a stop by two seconds and no more', async (t) => {
  const own = await made();
  const [first, second] = await joined(own);
  second.hangUp();
  await stop(own, 't1');
  await own.clock.advance(stopHoldMaxMs - 10);
  t.false(isTold(first));
  t.true((await tookUntilTold(own, first)) <= 12);
});

test('a node that is given up is waited for no more: DOWN, removed, or gone with a goodbye', async (t) => {
  for (const how of ['silent', 'removed', 'goodbye'] as const) {
    const own = await made();
    const [first, second] = await joined(own);
    second.isApplying = false;
    if (how === 'silent') {
      second.hangUp();
      await own.clock.until(() => own.node('n2').status?.state === NodeState.DOWN, 60_000);
    }
    await stop(own, 't1');
    if (how !== 'silent') await own.clock.advance(100);
    if (how === 'removed') await own.store.update((tx) => tx.remove('node', 'n2'));
    if (how === 'goodbye') second.say({ kind: 'goodbye', goodbye: Goodbye.create() });
    t.true((await tookUntilTold(own, first)) <= 3, how);
  }
});

test('an agent that has not registered with a new leader is waited for', async (t) => {
  const own = await made();
  await joined(own);
  await own.clock.resolve(own.dispatcher.stop(), 1_000);
  await own.clock.resolve(own.dispatcher.start(), 1_000);
  const first = await own.join('n1');
  await own.join('n3');
  await own.clock.advance(100);
  await stop(own, 't1');
  await own.clock.advance(500);
  t.false(isTold(first));
  await own.join('n2');
  t.true((await tookUntilTold(own, first)) <= 5);
});

test('the agent of the task that comes back meanwhile is told no stop before its time', async (t) => {
  const own = await made();
  const [first, second] = await joined(own);
  second.isApplying = false;
  await stop(own, 't1');
  await own.clock.advance(100);
  first.hangUp();
  const again = await own.join('n1');
  t.false(again.view.endpoints.get('a/t1')?.isServing);
  t.is(again.tasks.get('t1')?.desiredState, TaskState.RUNNING);
  second.networksApplied();
  t.true((await tookUntilTold(own, again)) <= 2);
});

test('a task that ends by itself meanwhile is waited for no more', async (t) => {
  const own = await made();
  const [first, second] = await joined(own);
  second.isApplying = false;
  await stop(own, 't1');
  await own.clock.advance(100);
  first.report('t1', TaskState.FAILED);
  t.true((await tookUntilTold(own, first)) <= 10);
});

test('a task that is removed meanwhile is taken away at once', async (t) => {
  const own = await made();
  const [first, second] = await joined(own);
  second.isApplying = false;
  await stop(own, 't1', TaskState.REMOVE);
  await own.clock.advance(100);
  await own.store.update((tx) => tx.remove('task', 't1'));
  await own.clock.advance(5);
  t.false(first.tasks.has('t1'));
});

test('a new leader holds the stops that it finds for two seconds, none for ever', async (t) => {
  const own = await made();
  await joined(own);
  await own.clock.resolve(own.dispatcher.stop(), 1_000);
  await stop(own, 't1');
  await stop(own, 'plain');
  await own.clock.resolve(own.dispatcher.start(), 1_000);
  const beganAt = own.clock.monotonic();
  const again = await own.join('n1');
  t.false(again.view.endpoints.get('a/t1')?.isServing);
  t.false(isTold(again));
  t.true(isTold(again, 'plain'));
  await tookUntilTold(own, again);
  const tookMs = own.clock.monotonic() - beganAt;
  t.true(tookMs >= stopHoldMaxMs - 50 && tookMs <= stopHoldMaxMs + 50);
});

test('a leader that lost its lead holds nothing when it leads again', async (t) => {
  const own = await made();
  const [, second] = await joined(own);
  second.isApplying = false;
  await stop(own, 't1');
  await own.clock.advance(100);
  await own.clock.resolve(own.dispatcher.stop(), 1_000);
  await own.store.update((tx) => {
    const status = TaskStatus.create({ state: TaskState.SHUTDOWN });
    tx.update('task', { ...(tx.get('task', 't1') as Task), status });
  });
  await own.clock.resolve(own.dispatcher.start(), 1_000);
  const again = await own.join('n1');
  t.true(isTold(again));
});

test('tasks that stop together wait together, each for its own networks', async (t) => {
  const own = await made();
  const agents = await joined(own);
  const [first, second, third] = agents;
  for (const agent of agents) agent.isApplying = false;
  await own.store.update((tx) => {
    tx.create('task', runningOn('b1', 'n1', ['b']));
  });
  await own.clock.advance(100);
  for (const agent of agents) agent.networksApplied();
  await own.store.update((tx) => {
    for (const id of ['t1', 't2', 'b1'])
      tx.update('task', {
        ...(tx.get('task', id) as Task),
        desiredState: TaskState.SHUTDOWN,
      });
  });
  await own.clock.advance(100);
  first.networksApplied();
  await own.clock.advance(5);
  t.true(isTold(first, 'b1'), 'only n1 is on network b');
  t.false(isTold(first, 't1'));
  second.networksApplied();
  third.networksApplied();
  await own.clock.advance(5);
  t.true(isTold(first, 't1'));
  t.true(isTold(second, 't2'));
});
