import test from 'ava';
import { Availability, NodeState } from '#proto';
import { explain, place } from '#scheduler';
import { refusal, summarise } from '#scheduler/refusal';
import { hostPort, nodeOf, taskOf, tasksOf, viewOf } from '#test/_support/placement';

test('1.9: two nodes fail A, one fails B', (t) => {
  const refusals = ['A', 'A', 'B'].map((reason) => refusal('ports', reason));
  t.is(summarise(3, refusals), '0/3 nodes are available: 1 B, 2 A.');
});

test('1.9: entries are in the order of their text, so that 10 comes before 2', (t) => {
  const refusals = [
    ...Array.from({ length: 10 }, () => refusal('ports', 'x')),
    refusal('ports', 'y'),
    refusal('ports', 'y'),
  ];
  t.is(summarise(12, refusals), '0/12 nodes are available: 10 x, 2 y.');
});

test('1.9: without nodes there is nothing to count', (t) => {
  t.is(explain(viewOf([]), taskOf('t')).summary, 'no nodes available to schedule pods');
});

test('1.9: a node may give several reasons, of the first filter that it fails', (t) => {
  const view = viewOf([
    nodeOf('a', { cpus: 1, memoryBytes: 1_000 }),
    nodeOf('b', { cpus: 1 }),
    nodeOf('c', { cpus: 1, taints: ['dedicated=db:NoSchedule'] }),
    nodeOf('d', { taints: ['dedicated=:NoExecute'] }),
    nodeOf('e', { availability: Availability.DRAIN, taints: ['dedicated=db:NoSchedule'] }),
  ]);
  t.is(
    explain(view, taskOf('t', { cpus: 2, memoryBytes: 5_000 })).summary,
    '0/5 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {dedicated: db},' +
      ' 1 node(s) had untolerated taint {dedicated: }, 1 node(s) were unschedulable (drained),' +
      ' 2 Insufficient cpu.',
  );
});

test('the table says of every node what fails, and of resources what is there and what is asked', (t) => {
  const view = viewOf(
    [
      nodeOf('b', { cpus: 4 }),
      nodeOf('a', { cpus: 1, generic: { gpu: 1 } }),
      nodeOf('c', { state: NodeState.DOWN }),
    ],
    tasksOf(1, { nodeId: 'b', state: 512, cpus: 3, service: 'other' }, 'o'),
  );
  const { refused, fitting, nodeCount } = explain(
    view,
    taskOf('t', { cpus: 2, generic: { gpu: 1 } }),
  );
  t.is(nodeCount, 3);
  t.deepEqual(fitting, []);
  t.deepEqual(refused, [
    {
      nodeId: 'a',
      refusal: {
        filter: 'resources',
        reasons: ['Insufficient cpu'],
        isResolvable: false,
        shortages: [{ name: 'cpu', need: 2e9, have: 1e9, capacity: 1e9 }],
      },
    },
    {
      nodeId: 'b',
      refusal: {
        filter: 'resources',
        reasons: ['Insufficient cpu', 'Insufficient gpu'],
        // It has no device at all, whoever leaves.
        isResolvable: false,
        shortages: [
          { name: 'cpu', need: 2e9, have: 1e9, capacity: 4e9 },
          { name: 'gpu', need: 1, have: 0, capacity: 0 },
        ],
      },
    },
    {
      nodeId: 'c',
      refusal: {
        filter: 'availability',
        reasons: ['node(s) were not ready'],
        isResolvable: false,
        shortages: [],
      },
    },
  ]);
});

test('1.0 failure codes: a refusal can be resolved by evictions where tasks are in the way, not where the node is', (t) => {
  const held = taskOf('h', { nodeId: 'a', state: 512, cpus: 3, ports: [hostPort(80)] });
  const view = viewOf([nodeOf('a', { cpus: 4, labels: { zone: 'a' } })], [held]);
  const isResolvable = (shape: Parameters<typeof taskOf>[1]): boolean | undefined =>
    explain(view, taskOf('t', { service: 'x', ...shape })).refused[0]?.refusal.isResolvable;
  t.true(isResolvable({ cpus: 2 }));
  t.true(isResolvable({ ports: [hostPort(80)] }));
  t.false(isResolvable({ cpus: 5 }), 'more than the node has');
  t.false(isResolvable({ constraints: ['node.labels.zone==b'] }));
  t.false(isResolvable({ placement: { nodeSelector: { zone: 'b' } } }));
});

test('a task of a global service is explained by its own node', (t) => {
  const view = viewOf([nodeOf('a', { cpus: 1 }), nodeOf('b')]);
  const task = taskOf('t', { nodeId: 'a', slot: 0, cpus: 2 });
  t.is(explain(view, task).summary, '0/1 nodes are available: 1 Insufficient cpu.');
  const gone = taskOf('t', { nodeId: 'gone', slot: 0 });
  t.is(explain(view, gone).summary, 'no nodes available to schedule pods');
  t.is(place(view, [task], { nowMs: 0 }).unplaced[0]?.explanation, explain(view, task).summary);
});
