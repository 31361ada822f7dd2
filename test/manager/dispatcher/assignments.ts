import test from 'ava';
import fc from 'fast-check';
import { ContainerSpec, Task, TaskSpec, TaskState, TaskStatus } from '#proto';
import { isAssigned } from '#manager/dispatcher/assignment-set';
import { mayFollow } from '#manager/orchestrator/task-transitions';
import { makeTestDispatcher } from '../../_support/dispatcher.ts';
import type { TestDispatcher } from '../../_support/dispatcher.ts';
import { aTask } from '../../_support/objects.ts';

const status = (state: TaskState): TaskStatus => TaskStatus.create({ state });

function anAssigned(id: string, nodeId = 'n1', init: Partial<Task> = {}): Task {
  const desiredState = TaskState.RUNNING;
  return aTask({ id, nodeId, desiredState, status: status(TaskState.ASSIGNED), ...init });
}

function change(own: TestDispatcher, id: string, init: Partial<Task>): Promise<unknown> {
  return own.store.update((tx) => tx.update('task', { ...(tx.get('task', id) as Task), ...init }));
}

test('an agent is told its tasks from ASSIGNED on, and no other', async (t) => {
  const own = await makeTestDispatcher();
  await own.store.update((tx) => {
    tx.create('task', anAssigned('a'));
    tx.create('task', anAssigned('b', 'n2'));
    tx.create('task', anAssigned('c', 'n1', { status: status(TaskState.PENDING) }));
    tx.create('task', anAssigned('d', 'n1', { desiredState: TaskState.REMOVE }));
    tx.create('task', anAssigned('e', 'n1', { status: status(TaskState.FAILED) }));
    tx.create('task', anAssigned('f', 'n1', { status: status(TaskState.ORPHANED) }));
  });
  const agent = await own.join('n1');
  t.deepEqual([...agent.tasks.keys()], ['a', 'd', 'e']);
});

test('what changes comes in numbered increments, together when it changes together', async (t) => {
  const own = await makeTestDispatcher();
  const agent = await own.join('n1');
  for (const id of ['a', 'b', 'c'])
    await own.store.update((tx) => tx.create('task', anAssigned(id)));
  await own.clock.advance(2);
  t.is(agent.assignments.length, 2, 'three commits, one message');
  t.deepEqual([...agent.tasks.keys()], ['a', 'b', 'c']);
  await change(own, 'a', { desiredState: TaskState.SHUTDOWN });
  await own.store.update((tx) => tx.remove('task', 'b'));
  await own.clock.advance(2);
  t.like(agent.assignments.at(-1), { sequence: 3, isFull: false, removedTaskIds: ['b'] });
  t.is(agent.tasks.get('a')?.desiredState, TaskState.SHUTDOWN);
});

test('a task that only changed its status is not sent again', async (t) => {
  const own = await makeTestDispatcher();
  await own.store.update((tx) => tx.create('task', anAssigned('a')));
  const agent = await own.join('n1');
  await change(own, 'a', { status: status(TaskState.RUNNING), restartCount: 2 });
  await own.clock.advance(10);
  t.is(agent.assignments.length, 1);
  await change(own, 'a', { specVersion: 5 });
  await own.clock.advance(10);
  t.is(agent.assignments.length, 2);
});

test('an orphaned task is taken away from its agent', async (t) => {
  const own = await makeTestDispatcher();
  await own.store.update((tx) => tx.create('task', anAssigned('a')));
  const agent = await own.join('n1');
  await change(own, 'a', { status: status(TaskState.ORPHANED) });
  await own.clock.advance(10);
  t.deepEqual(agent.assignments.at(-1)?.removedTaskIds, ['a']);
});

test('a set that one message cannot hold comes in parts that go on', async (t) => {
  const own = await makeTestDispatcher();
  const args = ['x'.repeat(10_000)];
  const spec = TaskSpec.create({ containers: [ContainerSpec.create({ image: 'a', args })] });
  const ids = Array.from({ length: 250 }, (_, i) => `t${1000 + i}`);
  await own.store.batch(ids, (tx, id) => tx.create('task', anAssigned(id, 'n1', { spec })));
  const agent = await own.join('n1');
  t.deepEqual(
    agent.assignments.map((message) => [message.isFull, message.isContinued]),
    [
      [true, true],
      [true, true],
      [true, false],
    ],
  );
  t.deepEqual([...agent.tasks.keys()], ids);
  for (const message of agent.assignments) {
    const bytes = message.tasks.reduce((sum, task) => sum + Task.encode(task).length, 0);
    t.true(bytes <= 1 << 20);
  }
});

const states = Object.values(TaskState);
const nodeIds = ['n1', 'n2'];

const step = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), id: fc.nat(9), node: fc.nat(1) }),
  fc.record({ kind: fc.constant('state' as const), id: fc.nat(9), state: fc.nat(13) }),
  fc.record({ kind: fc.constant('desired' as const), id: fc.nat(9), state: fc.nat(13) }),
  fc.record({ kind: fc.constant('remove' as const), id: fc.nat(9) }),
  fc.record({ kind: fc.constant('wait' as const), id: fc.nat(4) }),
  fc.record({ kind: fc.constant('rejoin' as const), id: fc.nat(1) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function run(own: TestDispatcher, each: Step, agents: Map<string, { tasks: unknown }>) {
  const id = `t${each.id}`;
  if (each.kind === 'wait') return own.clock.advance(each.id);
  if (each.kind === 'rejoin') {
    const nodeId = nodeIds[each.id] ?? 'n1';
    agents.set(nodeId, await own.join(nodeId));
    return undefined;
  }
  return own.store.update((tx) => {
    const task = tx.get('task', id);
    if (each.kind === 'create' && task === undefined)
      tx.create('task', anAssigned(id, nodeIds[each.node] ?? 'n1', { specVersion: 1 }));
    if (task === undefined) return;
    if (each.kind === 'remove') tx.remove('task', id);
    const next = each.kind === 'create' || each.kind === 'remove' ? undefined : states[each.state];
    if (next === undefined) return;
    if (each.kind === 'state' && mayFollow(task.status?.state ?? 0, next))
      tx.update('task', { ...task, status: status(next) });
    if (each.kind === 'desired' && next > task.desiredState)
      tx.update('task', { ...task, desiredState: next });
  });
}

test('whatever happens, the increments add up to the full set', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const own = await makeTestDispatcher({ nodes: nodeIds });
      const agents = new Map<string, Awaited<ReturnType<typeof own.join>>>();
      for (const nodeId of nodeIds) agents.set(nodeId, await own.join(nodeId));
      for (const each of steps) {
        await run(own, each, agents);
        await own.clock.advance(2);
        for (const [nodeId, agent] of agents) {
          const wanted = own.store.view((tx) =>
            [...tx.tasksOfNode(nodeId)]
              .filter((task) => isAssigned(task, nodeId))
              .map((task) => `${task.id} ${task.desiredState}`),
          );
          const told = [...agent.tasks.values()].map((task) => `${task.id} ${task.desiredState}`);
          t.deepEqual(told.toSorted(), wanted);
        }
      }
    }),
    { numRuns: 60, seed: 20_261 },
  );
});
