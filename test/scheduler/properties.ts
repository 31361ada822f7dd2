import test from 'ava';
import fc from 'fast-check';
import { hash32 } from '#lib';
import { NodeState, TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { ClusterView, nodeSatisfies, place } from '#scheduler';
import { hasRoom, refuse, suits } from '#scheduler/filter';
import { requirementsOf } from '#scheduler/requirements';
import { hostPort, nodeOf, taskOf } from '#test/_support/placement';

interface World {
  readonly nodes: readonly Node[];
  readonly tasks: readonly Task[];
}

const zone = fc.constantFrom('a', 'b', 'c');
const nodes = fc
  .array(
    fc.record({
      cpus: fc.integer({ min: 0, max: 6 }),
      zone,
      isReady: fc.integer({ max: 5, min: 0 }),
    }),
    { maxLength: 8 },
  )
  .map((shapes) =>
    shapes.map((shape, at) =>
      nodeOf(`n${at}`, {
        cpus: shape.cpus,
        labels: { zone: shape.zone },
        state: shape.isReady === 0 ? NodeState.DOWN : NodeState.READY,
      }),
    ),
  );
const service = fc.record({
  count: fc.integer({ min: 1, max: 12 }),
  cpus: fc.integer({ min: 0, max: 2 }),
  perNodeMax: fc.constantFrom(0, 0, 1, 3),
  constraint: fc.option(zone, { nil: undefined }),
  isSpread: fc.boolean(),
  hasPort: fc.boolean(),
});
const world: fc.Arbitrary<World> = fc
  .record({ nodes, services: fc.array(service, { maxLength: 4 }) })
  .map(({ nodes: all, services }) => ({
    nodes: all,
    tasks: services.flatMap((shape, at) =>
      Array.from({ length: shape.count }, (_, slot) =>
        taskOf(`s${at}t${slot}`, {
          service: `s${at}`,
          slot: slot + 1,
          cpus: shape.cpus,
          perNodeMax: shape.perNodeMax,
          constraints:
            shape.constraint === undefined ? [] : [`node.labels.zone==${shape.constraint}`],
          preferences: shape.isSpread ? ['spread=node.labels.zone'] : [],
          ports: shape.hasPort ? [hostPort(8000 + at)] : [],
        }),
      ),
    ),
  }));

function viewOver(all: readonly Node[]): ClusterView {
  const view = new ClusterView();
  for (const node of all) view.setNode(node);
  return view;
}

const settings = { seed: 20261103, numRuns: 150 };

test('every placement respects every filter, and every task is placed or explained', (t) => {
  fc.assert(
    fc.property(world, ({ nodes: all, tasks }) => {
      const { placed, unplaced } = place(viewOver(all), tasks, { nowMs: 0 });
      t.is(placed.length + unplaced.length, tasks.length);
      const byNode = Map.groupBy(placed, ({ nodeId }) => nodeId);
      for (const [nodeId, here] of byNode) {
        const node = all.find(({ id }) => id === nodeId);
        t.truthy(node);
        if (node === undefined) return;
        t.is(node.status?.state, NodeState.READY);
        const cpuNano = here.reduce(
          (sum, { task }) => sum + (task.spec?.resources?.reservations?.cpuNano ?? 0),
          0,
        );
        t.true(cpuNano <= (node.description?.resources?.cpuNano ?? 0));
        const ports = here.flatMap(({ task }) => task.ports.map((port) => port.publishedPort));
        t.is(new Set(ports).size, ports.length);
        for (const { task } of here) {
          t.true(nodeSatisfies(node, task.spec?.placement?.constraints ?? []));
          const max = task.spec?.placement?.replicasMaxPerNode ?? 0;
          const alike = here.filter((other) => other.task.serviceId === task.serviceId).length;
          t.true(max === 0 || alike <= max);
        }
      }
    }),
    settings,
  );
});

test('the order in which nodes came does not change any placement', (t) => {
  fc.assert(
    fc.property(world, fc.integer(), ({ nodes: all, tasks }, seed) => {
      const rank = ({ id }: Node): number => hash32(`${seed}/${id}`);
      const other = all.toSorted((a, b) => rank(a) - rank(b));
      const flat = (view: ClusterView): readonly string[] =>
        place(view, tasks, { nowMs: 0 })
          .placed.map(({ task, nodeId }) => `${task.id}@${nodeId}`)
          .toSorted((a, b) => a.localeCompare(b));
      t.deepEqual(flat(viewOver(all)), flat(viewOver(other)));
    }),
    settings,
  );
});

test('what is refused is refused again, and a view fed with the outcome agrees with the one that made it', (t) => {
  fc.assert(
    fc.property(world, ({ nodes: all, tasks }) => {
      const view = viewOver(all);
      const first = place(view, tasks, { nowMs: 0 });
      const refused = first.unplaced.map(({ task }) => task);
      t.deepEqual(place(view, refused, { nowMs: 0 }).placed, []);
      const replayed = viewOver(all);
      for (const { task, nodeId } of first.placed) {
        const status = { ...taskOf('x').status, state: TaskState.RUNNING } as Task['status'];
        replayed.setTask({ ...task, nodeId, status });
      }
      const loads = (of: ClusterView): readonly string[] =>
        [...of.nodesByLoad()].map(({ id, taskCount }) => `${id}:${taskCount}`);
      t.deepEqual(loads(replayed), loads(view));
      t.deepEqual(place(replayed, refused, { nowMs: 0 }).placed, []);
    }),
    settings,
  );
});

test('without limits the loads of equal nodes differ by one at most', (t) => {
  const counts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), counts, (nodeCount, services) => {
      const view = viewOver(Array.from({ length: nodeCount }, (_, at) => nodeOf(`n${at}`)));
      const tasks = services.flatMap((count, at) =>
        Array.from({ length: count }, (_, slot) => taskOf(`${at}/${slot}`, { service: `s${at}` })),
      );
      place(view, tasks, { nowMs: 0 });
      const loads = [...view.nodes()].map(({ taskCount }) => taskCount);
      t.true(Math.max(...loads) - Math.min(...loads) <= 1, String(loads));
    }),
    settings,
  );
});

test('the quick questions of the filters and the reasons they give never disagree', (t) => {
  fc.assert(
    fc.property(world, ({ nodes: all, tasks }) => {
      const view = viewOver(all);
      place(view, tasks, { nowMs: 0 });
      for (const task of tasks)
        for (const record of view.nodes()) {
          const requirements = requirementsOf(task);
          const known = view.service(task.serviceId);
          const isFree = suits(record, requirements) && hasRoom(record, requirements, known);
          t.is(refuse(record, requirements, known) === undefined, isFree);
        }
    }),
    settings,
  );
});
