import test from 'ava';
import fc from 'fast-check';
import { seededRandom } from '#lib';
import {
  Availability,
  DisruptionConfig,
  Meta,
  NodeSpec,
  NodeState,
  NodeStatus,
  TaskState,
  TaskStatus,
} from '#proto';
import { RestartPolicy, TaskSpec, UpdateConfig } from '#proto';
import type { Node, Service, Task } from '#proto';
import { DisruptionBudgets, disruptionOf } from '#manager/disruption/index';
import { NodeTable } from '#manager/orchestrator/node-table';
import type { Step, World } from '#manager/orchestrator/plan';
import { planService } from '#manager/orchestrator/plan-service';
import { membersOf, slotKeyOf } from '#manager/orchestrator/slot';
import type { Slot } from '#manager/orchestrator/slot';
import { isStopped, isWanted } from '#manager/orchestrator/task-state';
import { aNode, aTask } from '#test/_support/objects';
import { aServiceOf } from '#test/_support/orchestration';

const nowMs = 10_000_000;
const nodeIds = ['n1', 'n2', 'n3', 'n4'];

/** One service, its tasks and the nodes; plans are applied to it as the store would. */
class Model {
  service: Service;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly tasks = new Map<string, Task>();
  readonly #random = seededRandom(5);
  readonly #table = new NodeTable();

  constructor(service: Service, nodes: readonly Node[], tasks: readonly Task[]) {
    this.service = service;
    this.nodes = new Map(nodes.map((node) => [node.id, node]));
    for (const task of tasks) this.tasks.set(task.id, task);
    for (const object of nodes)
      this.#table.apply({ kind: 'create', table: 'node', object, old: undefined });
  }

  slots(): ReadonlyMap<string, Slot> {
    const byKey = Map.groupBy(this.tasks.values(), slotKeyOf);
    const slots = [...byKey].map(([key, tasks]): [string, Slot] => {
      const number = tasks[0]?.slot ?? 0;
      const nodeId = number > 0 ? '' : (tasks[0]?.nodeId ?? '');
      return [key, { key, number, nodeId, tasks }];
    });
    return new Map(slots);
  }

  plan(): readonly Step[] {
    const world: World = {
      nowMs,
      random: this.#random,
      node: (id) => this.nodes.get(id),
      nodes: () => this.nodes.values(),
      replaceAtMs: (node) => this.#table.replaceAtMs(node),
      budgets: new DisruptionBudgets({
        node: (id) => this.nodes.get(id),
        service: () => this.service,
        tasksOfService: () => this.tasks.values(),
      }),
    };
    return planService(world, this.service, this.slots()).steps;
  }

  apply(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.specVersion !== undefined && step.specVersion !== this.service.specVersion) continue;
      for (const change of step.changes) {
        if (change.kind === 'service') this.service = { ...this.service, ...change.set };
        else if (change.kind === 'create')
          this.tasks.set(change.task.id, {
            ...change.task,
            meta: Meta.create({ createdAtMs: nowMs }),
          });
        else {
          const task = this.tasks.get(change.taskId);
          if (task !== undefined && task.desiredState < change.state)
            this.tasks.set(task.id, { ...task, desiredState: change.state });
        }
      }
    }
  }
}

const states = [
  TaskState.PENDING,
  TaskState.ASSIGNED,
  TaskState.READY,
  TaskState.RUNNING,
  TaskState.RUNNING,
  TaskState.COMPLETE,
  TaskState.FAILED,
  TaskState.SHUTDOWN,
  TaskState.ORPHANED,
];
const wishes = [
  TaskState.READY,
  TaskState.RUNNING,
  TaskState.RUNNING,
  TaskState.SHUTDOWN,
  TaskState.REMOVE,
];

const taskShape = fc.record({
  slot: fc.integer({ min: 1, max: 5 }),
  nodeId: fc.constantFrom(...nodeIds, 'removed'),
  state: fc.constantFrom(...states),
  desired: fc.constantFrom(...wishes),
  specVersion: fc.integer({ min: 1, max: 2 }),
  ageMs: fc.integer({ min: 0, max: 100_000 }),
  restartCount: fc.integer({ min: 0, max: 3 }),
});
const nodeShape = fc.record({
  state: fc.constantFrom(...Object.values(NodeState), NodeState.READY, NodeState.READY),
  availability: fc.constantFrom(...Object.values(Availability), Availability.ACTIVE),
});
const modelShape = fc.record({
  isGlobal: fc.boolean(),
  isRemoving: fc.constantFrom(false, false, false, true),
  replicas: fc.integer({ min: 0, max: 6 }),
  condition: fc.integer({ min: 0, max: 2 }),
  attemptsMax: fc.constantFrom(0, 0, 2),
  order: fc.integer({ min: 0, max: 1 }),
  parallelism: fc.integer({ min: 0, max: 2 }),
  action: fc.integer({ min: 0, max: 2 }),
  isChanged: fc.boolean(),
  /** No budget, or how many may be missing. */
  unavailableMax: fc.constantFrom(undefined, 0, 1, 2),
  tasks: fc.array(taskShape, { maxLength: 14 }),
  nodes: fc.array(nodeShape, { minLength: 4, maxLength: 4 }),
});
type Shape = typeof modelShape extends fc.Arbitrary<infer T> ? T : never;

function modelOf(shape: Shape): Model {
  const restart = RestartPolicy.create({
    condition: shape.condition as RestartPolicy['condition'],
    attemptsMax: shape.attemptsMax,
  });
  const specOf = (version: number): TaskSpec =>
    TaskSpec.create({ restart, hostname: shape.isChanged ? `v${version}` : 'same' });
  const update = UpdateConfig.create({
    parallelism: shape.parallelism,
    order: shape.order as UpdateConfig['order'],
    failureAction: shape.action as UpdateConfig['failureAction'],
    monitorMs: 5_000,
  });
  const { isGlobal, replicas, isRemoving, unavailableMax: count } = shape;
  const disruption =
    count === undefined
      ? undefined
      : DisruptionConfig.create({ maxUnavailable: { kind: 'count', count } });
  const spec = { update, disruption };
  const base = aServiceOf('web', { isGlobal, replicas, task: specOf(2), spec });
  const tasks = shape.tasks.map((one, at) =>
    aTask({
      id: `t${at}`,
      serviceId: 'web',
      slot: isGlobal ? 0 : one.slot,
      nodeId: one.state === TaskState.PENDING && !isGlobal ? '' : one.nodeId,
      spec: specOf(one.specVersion),
      specVersion: one.specVersion,
      desiredState: one.desired,
      restartCount: one.restartCount,
      meta: Meta.create({ createdAtMs: nowMs - one.ageMs }),
      status: TaskStatus.create({ state: one.state, changedAtMs: nowMs - one.ageMs / 2 }),
    }),
  );
  const nodes = shape.nodes.map(({ state, availability }, at) =>
    aNode(`n${at + 1}`, {
      spec: NodeSpec.create({ availability }),
      status: NodeStatus.create({ state }),
    }),
  );
  const older = tasks.toSorted((a, b) => (a.meta?.createdAtMs ?? 0) - (b.meta?.createdAtMs ?? 0));
  return new Model({ ...base, isRemoving, specVersion: 2 }, nodes, older);
}

/** Plans until nothing changes; gives the number of rounds. */
function settle(model: Model): number {
  for (let round = 0; round < 12; round++) {
    const steps = model.plan();
    if (steps.length === 0) return round;
    model.apply(steps);
  }
  return Infinity;
}

const settings = { seed: 20261104, numRuns: 1_500 };

test('from any state plans come to rest within a few rounds, and stay there', (t) => {
  fc.assert(
    fc.property(modelShape, (shape) => {
      const model = modelOf(shape);
      t.true(settle(model) <= 8);
      t.deepEqual(model.plan(), []);
    }),
    settings,
  );
});

test('at rest a replicated service has as many slots as replicas, no slot more than two wanted tasks', (t) => {
  fc.assert(
    fc.property(modelShape, (shape) => {
      const model = modelOf({ ...shape, isGlobal: false, isRemoving: false });
      settle(model);
      const slots = [...model.slots().values()].filter((slot) => membersOf(slot).length > 0);
      t.is(slots.length, shape.replicas);
      for (const slot of slots) {
        const wanted = membersOf(slot).filter(isWanted);
        t.true(wanted.length <= 2);
        t.false(wanted.some(isStopped));
        // An empty slot is one that its restart policy leaves empty.
        if (wanted.length === 0) t.true(shape.condition > 0 || shape.attemptsMax > 0);
      }
    }),
    settings,
  );
});

test('at rest a global service has a wanted task on every node that takes tasks, and on a drained one only what its budget keeps', (t) => {
  fc.assert(
    fc.property(modelShape, (shape) => {
      const model = modelOf({
        ...shape,
        isGlobal: true,
        isRemoving: false,
        condition: 0,
        attemptsMax: 0,
      });
      settle(model);
      for (const [id, node] of model.nodes) {
        const slot = model.slots().get(id);
        const wanted = slot === undefined ? [] : membersOf(slot).filter(isWanted);
        const { availability } = node.spec ?? NodeSpec.create();
        // Of many nodes that are lost together nothing is touched.
        const isDown = node.status?.state === NodeState.DOWN;
        if (availability === Availability.DRAIN && wanted.length > 0 && !isDown) {
          const nodeOf = (nodeId: string): Node | undefined => model.nodes.get(nodeId);
          t.is(disruptionOf(model.service, model.tasks.values(), nodeOf)?.allowed, 0);
          t.true(wanted.every((task) => task.status?.state === TaskState.RUNNING));
        }
        if (availability === Availability.ACTIVE && node.status?.state === NodeState.READY)
          t.true(wanted.length >= 1 && wanted.length <= 2);
      }
      const gone = model.slots().get('removed');
      t.is(gone === undefined ? 0 : membersOf(gone).length, 0);
    }),
    settings,
  );
});

test('nothing is wanted of a service that is being removed', (t) => {
  fc.assert(
    fc.property(modelShape, (shape) => {
      const model = modelOf({ ...shape, isRemoving: true });
      t.true(settle(model) <= 1);
      for (const task of model.tasks.values()) t.is(task.desiredState, TaskState.REMOVE);
    }),
    settings,
  );
});
