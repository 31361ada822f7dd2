/** Named volumes that must be on the node already. */
import test from 'ava';
import { ContainerSpec, Mount, MountKind, TaskSpec } from '#proto';
import type { Task } from '#proto';
import { explain } from '#scheduler';
import { nodeOf, taskOf, viewOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';

/** A task that mounts these; those that end in `!` must exist. */
function mounting(names: readonly string[], shape: TaskShape = {}): Task {
  const mounts = names.map((name) =>
    Mount.create({
      kind: MountKind.VOLUME,
      source: name.replace('!', ''),
      target: `/${name}`,
      isExisting: name.endsWith('!'),
    }),
  );
  const task = taskOf('t', shape);
  const containers = [ContainerSpec.create({ mounts })];
  return { ...task, spec: { ...TaskSpec.create(), ...task.spec, containers } };
}

const nodes = [
  nodeOf('a', { volumes: ['data', 'logs'] }),
  nodeOf('b', { volumes: ['data'] }),
  nodeOf('c', { cpus: 1 }),
];

test('a volume that must exist binds its task to the nodes that have it', (t) => {
  const { fitting, summary } = explain(viewOf(nodes), mounting(['data!']));
  t.deepEqual(fitting, ['a', 'b']);
  t.is(summary, '0/3 nodes are available: 1 node(s) had volume node affinity conflict.');
  t.deepEqual(explain(viewOf(nodes), mounting(['data!', 'logs!'])).fitting, ['a']);
  t.deepEqual(explain(viewOf(nodes), mounting(['none!'])).fitting, []);
});

test('one that may be made is made anywhere', (t) => {
  t.is(explain(viewOf(nodes), mounting(['data', 'none'])).fitting.length, 3);
});

test('resources are asked for before volumes, as in Kubernetes', (t) => {
  const { summary } = explain(viewOf(nodes), mounting(['logs!'], { cpus: 3 }));
  t.is(
    summary,
    '0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had volume node affinity conflict.',
  );
});

test('a node that says that it has one by now may take the task', (t) => {
  const view = viewOf(nodes);
  view.setNode(nodeOf('c', { cpus: 1, volumes: ['none'] }));
  t.deepEqual(explain(view, mounting(['none!'])).fitting, ['c']);
});
