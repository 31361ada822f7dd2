import test from 'ava';
import fc from 'fast-check';
import { hash32 } from '#lib';
import { TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { ClusterView, explain, place } from '#scheduler';
import { spreadOver } from '#test/_support/affinity';
import { world, zones } from '#test/_support/placement-world';
import { nodeOf, taskOf } from '#test/_support/placement';

function viewOver(nodes: readonly Node[]): ClusterView {
  const view = new ClusterView();
  for (const one of nodes) view.setNode(one);
  return view;
}

const running = (task: Task, nodeId: string): Task => ({
  ...task,
  nodeId,
  status: { ...task.status, state: TaskState.RUNNING } as Task['status'],
});
const labelOf = (one: Node | undefined, label: string): string | undefined =>
  one?.spec?.labels[label];
const settings = { seed: 20261126, numRuns: 300 };

test('no task stands in a domain that its own or another anti-affinity closes to it', (t) => {
  fc.assert(
    fc.property(world, ({ nodes, tasks }) => {
      const view = viewOver(nodes);
      const { placed } = place(view, tasks, { nowMs: 0 });
      const at = (nodeId: string): Node | undefined => nodes.find(({ id }) => id === nodeId);
      for (const guard of placed)
        for (const term of guard.task.spec?.placement?.antiAffinity?.required ?? []) {
          const closed = labelOf(at(guard.nodeId), term.topologyKey);
          if (closed === undefined) continue;
          for (const other of placed) {
            if (other === guard || labelOf(at(other.nodeId), term.topologyKey) !== closed) continue;
            t.not(other.task.labels['app'], term.selector?.labels['app'] ?? '');
          }
        }
    }),
    settings,
  );
});

test('a task with an affinity stands where one that it asks for stands, but for the first of a series', (t) => {
  fc.assert(
    fc.property(world, ({ nodes, tasks }) => {
      const { placed } = place(viewOver(nodes), tasks, { nowMs: 0 });
      const at = (nodeId: string): Node | undefined => nodes.find(({ id }) => id === nodeId);
      for (const { task, nodeId } of placed)
        for (const term of task.spec?.placement?.affinity?.required ?? []) {
          const domain = labelOf(at(nodeId), term.topologyKey);
          t.truthy(domain);
          const wanted = term.selector?.labels['app'];
          t.true(
            placed.some(
              (other) =>
                other.task.labels['app'] === wanted &&
                labelOf(at(other.nodeId), term.topologyKey) === domain,
            ),
          );
        }
    }),
    settings,
  );
});

test('a service alone never goes beyond its skew, and fills what the skew allows', (t) => {
  const shape = fc.record({
    nodes: fc.array(fc.constantFrom(...zones), { minLength: 1, maxLength: 8 }),
    maxSkew: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(shape, ({ nodes, maxSkew, count }) => {
      const view = viewOver(
        nodes.map((zone, at) => nodeOf(`n${at}`, { cpus: 99, labels: { zone } })),
      );
      const placement = { topologySpread: [spreadOver('zone', maxSkew)] };
      const tasks = Array.from({ length: count }, (_, at) =>
        taskOf(`t${at}`, { labels: { app: 'web' }, placement }),
      );
      const { placed } = place(view, tasks, { nowMs: 0 });
      t.is(placed.length, count, 'with room everywhere all fit');
      const counts = new Map(nodes.map((zone) => [zone, 0]));
      for (const { nodeId } of placed) {
        const zone = nodes[Number(nodeId.slice(1))] ?? 'z1';
        counts.set(zone, (counts.get(zone) ?? 0) + 1);
      }
      t.true(Math.max(...counts.values()) - Math.min(...counts.values()) <= maxSkew);
    }),
    settings,
  );
});

test('what waits has no node that would take it, and its reasons count every node', (t) => {
  fc.assert(
    fc.property(world, ({ nodes, tasks }) => {
      const view = viewOver(nodes);
      const { unplaced } = place(view, tasks, { nowMs: 0 });
      const last = tasks[tasks.length - 1];
      for (const { task } of unplaced) {
        // A task that was placed after this one was refused may have made room for it.
        if (task.serviceId !== last?.serviceId) continue;
        const { fitting, refused } = explain(view, task);
        t.deepEqual(fitting, []);
        t.is(refused.length, nodes.length);
      }
    }),
    settings,
  );
});

test('the order in which nodes came does not change any placement', (t) => {
  fc.assert(
    fc.property(world, fc.integer(), ({ nodes, tasks }, seed) => {
      const rank = ({ id }: Node): number => hash32(`${seed}/${id}`);
      const flat = (all: readonly Node[]): readonly string[] =>
        place(viewOver(all), tasks, { nowMs: 0 })
          .placed.map(({ task, nodeId }) => `${task.id}@${nodeId}`)
          .toSorted((a, b) => a.localeCompare(b));
      t.deepEqual(flat(nodes), flat(nodes.toSorted((a, b) => rank(a) - rank(b))));
    }),
    settings,
  );
});

/** Everything that the rules of `task` say of every node. */
const judged = (view: ClusterView, task: Task): unknown => {
  const { fitting, refused, summary } = explain(view, task);
  return { fitting, refused, summary };
};

test('a view kept up to date says the same as one made anew', (t) => {
  const change = fc.record({
    kind: fc.constantFrom('run', 'stop', 'end', 'remove', 'relabel', 'lose', 'regain', 'place'),
    at: fc.nat(),
    zone: fc.constantFrom(...zones, undefined),
  });
  fc.assert(
    fc.property(world, fc.array(change, { maxLength: 40 }), ({ nodes, tasks }, changes) => {
      const view = viewOver(nodes);
      const present = new Map(nodes.map((one) => [one.id, one]));
      const standing = new Map<string, Task>();
      for (const { kind, at, zone } of changes) {
        const task = tasks[at % tasks.length];
        const one = nodes[at % nodes.length];
        if (task === undefined || one === undefined) return;
        const old = standing.get(task.id);
        const set = (next: Task): void => {
          view.setTask(next, old);
          standing.set(task.id, next);
        };
        if (kind === 'run' && old === undefined) set(running(task, one.id));
        else if (kind === 'stop' && old !== undefined)
          set({ ...old, desiredState: TaskState.SHUTDOWN });
        else if (kind === 'end' && old !== undefined)
          set({ ...old, status: { ...old.status, state: TaskState.FAILED } as Task['status'] });
        else if (kind === 'remove') {
          view.removeTask(task.id);
          standing.delete(task.id);
        } else if (kind === 'relabel' || kind === 'regain') {
          const next = nodeOf(one.id, { labels: { host: one.id, ...(zone && { zone }) } });
          view.setNode(next);
          present.set(one.id, next);
        } else if (kind === 'lose') {
          view.removeNode(one.id);
          present.delete(one.id);
        } else if (kind === 'place' && old === undefined)
          for (const { nodeId } of place(view, [task], { nowMs: 0 }).placed)
            set(running(task, nodeId));
        // Asking in between makes the view count what it did not count before.
        if (at % 3 === 0) explain(view, task);
      }
      const anew = viewOver([...present.values()]);
      for (const task of standing.values()) anew.setTask(task);
      for (const task of tasks) {
        const asked = { ...task, id: 'asked' };
        t.deepEqual(judged(view, asked), judged(anew, asked));
      }
    }),
    { ...settings, numRuns: 200 },
  );
});
