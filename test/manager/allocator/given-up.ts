/** Whose addresses are free although nobody said that they have ended. */
import test from 'ava';
import { writeDecision } from '#manager/allocator/write-decision';
import { GivenUp } from '#manager/allocator/given-up';
import { NetworkAddress, NodeState, NodeStatus, TaskState, TaskStatus } from '#proto';
import type { Task } from '#proto';
import { aNode, aTask } from '#test/_support/objects';
import { makeTestStore } from '#test/_support/test-store';

const node = (state: NodeState) => aNode('n1', { status: NodeStatus.create({ state }) });

const task = (id: string, changes: Partial<Task> = {}): Task =>
  aTask({
    id,
    nodeId: 'n1',
    desiredState: TaskState.SHUTDOWN,
    status: TaskStatus.create({ state: TaskState.RUNNING }),
    networks: [NetworkAddress.create({ networkId: 'a', address: '10.0.0.3' })],
    ...changes,
  });

test('found whichever comes last, and told once', (t) => {
  const found = new GivenUp();
  found.noteTask(task('before'));
  t.deepEqual(found.take(10), []);
  found.noteNode(node(NodeState.DOWN));
  found.noteTask(task('after'));
  t.is(found.count, 2);
  t.deepEqual(found.take(1), ['before']);
  t.deepEqual(found.take(10), ['after']);
  found.noteNode(node(NodeState.DOWN));
  t.deepEqual(found.take(10), []);
});

test('not a task that is wanted, has ended, has no addresses, is forgotten or can be told again', (t) => {
  const found = new GivenUp();
  found.noteNode(node(NodeState.DOWN));
  found.noteTask(task('wanted', { desiredState: TaskState.RUNNING }));
  found.noteTask(task('ended', { status: TaskStatus.create({ state: TaskState.FAILED }) }));
  found.noteTask(task('bare', { networks: [] }));
  found.noteTask(task('elsewhere', { nodeId: 'n2' }));
  t.is(found.count, 0);
  found.noteTask(task('gone'));
  found.forgetTask('gone');
  t.is(found.count, 0);
  found.noteTask(task('back'));
  found.noteNode(node(NodeState.READY));
  t.is(found.count, 0);
  found.noteNode(node(NodeState.DOWN));
  t.deepEqual(found.take(10), ['back']);
  found.noteTask(task('removed'));
  found.forgetNode('n1');
  t.is(found.count, 0);
});

for (const [name, state, left] of [
  ['DOWN', NodeState.DOWN, 0],
  ['READY', NodeState.READY, 1],
  ['UNKNOWN', NodeState.UNKNOWN, 1],
] as const)
  test(`a node that is ${name} when it is written: ${left} addresses stay`, async (t) => {
    const { store } = makeTestStore();
    await store.update((tx) => {
      tx.create('node', node(state));
      tx.create('task', task('t1'));
    });
    const decision = { kind: 'give-up', taskIds: ['t1', 'unknown'] } as const;
    await store.update((tx) => writeDecision(tx, decision, 1));
    t.is(store.view((tx) => tx.get('task', 't1'))?.networks.length, left);
  });
