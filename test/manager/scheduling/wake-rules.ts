import test from 'ava';
import { Availability, NodeRole, NodeState, TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { filterNames } from '#scheduler/refusal';
import { couldHelp, nodeWakes, taskWakes } from '#manager/scheduling/wake-rules';
import type { WakeEvent } from '#manager/scheduling/wake-rules';
import { nodeOf, taskOf } from '#test/_support/placement';

/** Event by event, who is helped; everybody else sleeps on. */
const helped: Readonly<Record<WakeEvent, readonly string[]>> = {
  'node-added': filterNames,
  'node-available': ['availability'],
  'node-taints': ['taints', 'topology-spread'],
  'node-labels': [
    'node-affinity',
    'constraints',
    'platform',
    'topology-spread',
    'service-affinity',
  ],
  'node-resources': ['resources'],
  'node-volumes': ['volumes'],
  'node-removed': ['topology-spread', 'service-affinity'],
  'task-placed': ['topology-spread', 'service-affinity'],
  'task-stopping': ['replicas-per-node', 'topology-spread'],
  'task-left': ['ports', 'resources', 'replicas-per-node', 'topology-spread', 'service-affinity'],
};

test('1.0 queueing hints: an event wakes those whose refusal it could end, and nobody else', (t) => {
  for (const [event, filters] of Object.entries(helped))
    for (const filter of filterNames)
      t.is(
        couldHelp(event as WakeEvent, new Set([filter])),
        filters.includes(filter),
        `${event} and ${filter}`,
      );
  t.true(couldHelp('node-added', new Set()), 'there were no nodes at all');
  t.false(couldHelp('task-left', new Set()));
});

const node = nodeOf('n', { cpus: 4, labels: { a: '1' } });
const changes: readonly (readonly [string, Partial<Node>, readonly WakeEvent[]])[] = [
  ['nothing', {}, []],
  ['a heartbeat', { status: { ...node.status, state: NodeState.READY } as Node['status'] }, []],
  ['labels', { spec: nodeOf('n', { labels: { a: '2' } }).spec }, ['node-labels']],
  [
    'taints',
    { spec: nodeOf('n', { labels: { a: '1' }, taints: ['k:NoSchedule'] }).spec },
    ['node-taints'],
  ],
  ['resources', { description: nodeOf('n', { cpus: 8 }).description }, ['node-resources']],
  [
    'its platform',
    {
      description: nodeOf('n', { cpus: 4, platform: { os: 'linux', architecture: 'arm64' } })
        .description,
    },
    ['node-labels'],
  ],
  [
    'its volumes',
    { description: nodeOf('n', { cpus: 4, volumes: ['data'] }).description },
    ['node-volumes'],
  ],
  ['its role', { role: NodeRole.MANAGER }, ['node-labels']],
];
for (const [name, change, expected] of changes)
  test(`what a node's change may mean: ${name}`, (t) => {
    t.deepEqual(nodeWakes(node, { ...node, ...change }), expected);
  });

test('a node that comes back or is made active again opens, one that goes wakes nobody', (t) => {
  for (const other of [
    nodeOf('n', { labels: { a: '1' }, state: NodeState.DOWN }),
    nodeOf('n', { labels: { a: '1' }, availability: Availability.DRAIN }),
    nodeOf('n', { labels: { a: '1' }, availability: Availability.PAUSE }),
  ]) {
    t.deepEqual(nodeWakes(other, node), ['node-available']);
    t.deepEqual(nodeWakes(node, other), []);
  }
});

const at = (state: TaskState, desired: TaskState = TaskState.RUNNING): Task =>
  taskOf('t', { nodeId: state < TaskState.ASSIGNED ? '' : 'n', state, desired });
const moves: readonly (readonly [
  string,
  Task | undefined,
  Task | undefined,
  readonly WakeEvent[],
])[] = [
  ['it is made', undefined, at(TaskState.PENDING), []],
  ['it gets a node', at(TaskState.PENDING), at(TaskState.ASSIGNED), ['task-placed']],
  ['it starts', at(TaskState.ASSIGNED), at(TaskState.RUNNING), []],
  [
    'it is to stop',
    at(TaskState.RUNNING),
    at(TaskState.RUNNING, TaskState.SHUTDOWN),
    ['task-stopping'],
  ],
  [
    'it is to be removed after that',
    at(TaskState.RUNNING, TaskState.SHUTDOWN),
    at(TaskState.RUNNING, TaskState.REMOVE),
    [],
  ],
  [
    'it stops',
    at(TaskState.RUNNING, TaskState.SHUTDOWN),
    at(TaskState.SHUTDOWN, TaskState.SHUTDOWN),
    ['task-left'],
  ],
  ['it fails', at(TaskState.RUNNING), at(TaskState.FAILED), ['task-left']],
  ['its record goes', at(TaskState.FAILED), undefined, []],
  ['it goes with its node', at(TaskState.RUNNING), undefined, ['task-left']],
];
for (const [name, old, task, expected] of moves)
  test(`what a task's change may mean: ${name}`, (t) => {
    t.deepEqual(taskWakes(old, task), expected);
  });
