/**
 * Services of different importance on nodes that are too small for all of them, under a seeded storm. After every
 * commit: no node holds more than it has, nobody goes for a task that is no more important, no budget is broken where
 * it need not be. In the end as much of the important as fits runs.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { seededRandom } from '#lib';
import type { Random } from '#lib';
import { Placement, ResourceRequirements, Resources, TaskState } from '#proto';
import type { DisruptionConfig, Task } from '#proto';
import { disruptionOf } from '#manager/disruption/index';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';
import type { ServiceShape } from '#test/_support/orchestration';
import { priorityOf } from '#scheduler';
import type { Commit } from '#manager/store/types';

const nodeCount = 5;
/** Of each node in the world. */
const cpus = 8;
const budget: DisruptionConfig = { maxUnavailable: { kind: 'count', count: 1 } };

interface Kind {
  readonly id: string;
  readonly priority: number;
  readonly cpus: number;
  readonly replicasMax: number;
  readonly disruption?: DisruptionConfig;
}

/**
 * On every node stands a task of `free` or one that pushed it out: there is always one besides `guarded` that can go,
 * as long as there are no more of the important than nodes.
 */
const kinds: readonly Kind[] = [
  { id: 'free', priority: 0, cpus: 3, replicasMax: 0 },
  { id: 'guarded', priority: 0, cpus: 1, replicasMax: 25, disruption: budget },
  { id: 'small', priority: 20, cpus: 1, replicasMax: 3 },
  { id: 'mid', priority: 50, cpus: 3, replicasMax: 1 },
  { id: 'high', priority: 100, cpus: 3, replicasMax: 1 },
];

function shapeOf(kind: Kind, replicas: number): ServiceShape {
  const reservations = Resources.create({ cpuNano: kind.cpus * 1e9 });
  return {
    isGlobal: kind.replicasMax === 0,
    replicas,
    task: {
      resources: ResourceRequirements.create({ reservations }),
      placement: Placement.create({ priority: kind.priority }),
    },
    spec: { disruption: kind.disruption },
  };
}

const asked = ({ spec }: Task): number => spec?.resources?.reservations?.cpuNano ?? 0;

class Watcher {
  preemptionCount = 0;
  readonly #t: ExecutionContext;
  readonly #world: OrchestrationWorld;
  /** The tasks of `guarded` as they were before the commit. */
  #guarded: readonly Task[] = [];

  constructor(t: ExecutionContext, world: OrchestrationWorld) {
    this.#t = t;
    this.#world = world;
    world.store.watch((commit) => this.#check(commit));
  }

  #check({ events }: Commit): void {
    const victims: Task[] = [];
    for (const event of events) {
      if (event.table !== 'task' || event.kind !== 'update') continue;
      const { object: task, old } = event;
      if (task.preemptedBy !== undefined && old.preemptedBy === undefined) victims.push(task);
      const isPlaced = old.status?.state === TaskState.PENDING && task.nodeId !== '';
      if (isPlaced && task.status?.state === TaskState.ASSIGNED) this.#checkNode(task.nodeId);
    }
    for (const victim of victims) {
      this.#t.true((victim.preemptedBy?.priority ?? 0) > priorityOf(victim), 'less important');
      this.#t.is(victim.desiredState, TaskState.SHUTDOWN);
    }
    this.preemptionCount += victims.length;
    this.#checkBudget(victims.filter(({ serviceId }) => serviceId === 'guarded'));
    this.#guarded = this.#world.tasks('guarded');
  }

  #checkNode(nodeId: string): void {
    let cpuNano = 0;
    this.#world.store.view((tx) => {
      for (const task of tx.tasksOfNode(nodeId)) {
        const state = task.status?.state ?? TaskState.NEW;
        if (state >= TaskState.ASSIGNED && state < TaskState.COMPLETE) cpuNano += asked(task);
      }
    });
    this.#t.true(cpuNano <= cpus * 1e9, `${nodeId} holds ${cpuNano / 1e9} of ${cpus}`);
  }

  #checkBudget(victims: readonly Task[]): void {
    if (victims.length === 0) return;
    const service = this.#world.service('guarded');
    if (service === undefined) return;
    const before = this.#world.store.view((tx) =>
      disruptionOf(service, this.#guarded, (id) => tx.get('node', id)),
    );
    const serving = victims.filter(
      ({ id }) => this.#guarded.find((one) => one.id === id)?.status?.state === TaskState.RUNNING,
    );
    this.#t.true(
      serving.length <= (before?.allowed ?? 0),
      `${serving.length} guarded tasks went, ${before?.allowed} might`,
    );
  }
}

async function disturb(world: OrchestrationWorld, random: Random): Promise<void> {
  const kind = kinds[1 + random.below(kinds.length - 1)] as Kind;
  switch (random.below(6)) {
    case 0:
    case 1:
    case 2:
      return world.changeService(kind.id, (service) => ({
        ...service,
        spec: aServiceOf(kind.id, shapeOf(kind, random.below(kind.replicasMax + 1))).spec,
      }));
    case 3: {
      const running = world.running(kind.id);
      const task = running[random.below(Math.max(1, running.length))];
      return task === undefined ? undefined : world.endTask(task.id, TaskState.FAILED);
    }
    case 4:
      await world.resign();
      await world.clock.advance(random.below(1_000));
      return world.lead();
    default:
      world.agents.stopMs = [5, 300, 5_000][random.below(3)] ?? 5;
      return undefined;
  }
}

async function storm(t: ExecutionContext, seed: number): Promise<number> {
  const world = new OrchestrationWorld({ seed, commitDelayMs: seed % 5 });
  const random = seededRandom(seed).fork('storm');
  const watcher = new Watcher(t, world);
  await world.addNodes(nodeCount);
  world.lead();
  for (const kind of kinds) {
    await world.createService(aServiceOf(kind.id, shapeOf(kind, kind.replicasMax)));
    await world.clock.advance(random.below(2_000));
  }
  for (let at = 0; at < 60; at++) {
    await world.clock.advance(random.below(1_500));
    await disturb(world, random);
  }
  await world.clock.advance(10 * 60_000);
  for (const { id } of kinds.slice(2)) {
    const mode = world.service(id)?.spec?.mode;
    const replicas = mode?.kind === 'replicated' ? mode.replicated.replicas : 0;
    t.is(world.running(id).length, replicas, `${id}: the important runs`);
  }
  // What waits has no node that would take it.
  const waiting = [...kinds.flatMap(({ id }) => world.tasks(id))].filter(
    ({ status, nodeId }) => status?.state === TaskState.PENDING && nodeId === '',
  );
  for (const one of waiting) t.regex(one.status?.error ?? '', /^0\/5 nodes are available: /);
  await world.resign();
  return watcher.preemptionCount;
}

for (let seed = 1; seed <= 12; seed++)
  test(`seed ${seed}: in a storm nothing is overbooked, and only the less important goes`, async (t) => {
    const count = await storm(t, seed);
    t.true(count > 0, 'somebody was pushed out');
  });
