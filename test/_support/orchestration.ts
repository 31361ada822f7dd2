/** All loops of the leader that make and place tasks, over a test store on a virtual clock, with agents. */
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { NodeDescription, NodeSpec, NodeState, NodeStatus, Placement, Resources } from '#proto';
import { Service, ServiceSpec, TaskSpec, TaskState, TaskStatus } from '#proto';
import type { Node, Task } from '#proto';
import type { LeaderLoop } from '#manager/leader-loops';
import { orchestrationLoops } from '#manager/orchestration-loops';
import { assertTransition } from '#manager/orchestrator/index';
import type { ClusterStore } from '#manager/store/cluster-store';
import { FaultyReplicator } from './faulty-replicator.ts';
import type { ProposalFate } from './faulty-replicator.ts';
import { aNode } from './objects.ts';
import { makeTestStore } from './test-store.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface OrchestrationWorldOptions {
  readonly seed?: number;
  readonly commitDelayMs?: number;
  /** What becomes of each proposal; default: all are committed. */
  readonly fate?: () => ProposalFate;
}

/** What the agents of a world do with tasks; a test may change it at any time. */
export interface AgentBehaviour {
  /** From ASSIGNED to READY, ms. */
  prepareMs: number;
  /** From READY to RUNNING. */
  startMs: number;
  /** From the wish to stop to SHUTDOWN. */
  stopMs: number;
  /** What becomes of a task that is to start; undefined: it runs on. */
  fate: (task: Task) => { readonly afterMs: number; readonly state: TaskState } | undefined;
}

/** A READY node with this much of everything. */
function readyNode(id: string, init: Partial<Node> = {}): Node {
  const resources = Resources.create({ cpuNano: 8e9, memoryBytes: 8 * 2 ** 30 });
  return aNode(id, {
    spec: NodeSpec.create(),
    status: NodeStatus.create({ state: NodeState.READY, address: '10.0.0.1' }),
    description: NodeDescription.create({ hostname: id, resources }),
    ...init,
  });
}

export interface ServiceShape {
  readonly replicas?: number;
  readonly isGlobal?: boolean;
  readonly task?: Partial<TaskSpec>;
  readonly spec?: Partial<ServiceSpec>;
}

export function aServiceOf(id: string, shape: ServiceShape = {}): Service {
  const mode =
    shape.isGlobal === true
      ? ({ kind: 'global', global: {} } as const)
      : ({ kind: 'replicated', replicated: { replicas: shape.replicas ?? 1 } } as const);
  const task = TaskSpec.create(shape.task ?? {});
  const spec = ServiceSpec.create({ name: id, task, mode, ...shape.spec });
  return Service.create({ id, spec, specVersion: 1 });
}

export function withConstraints(...constraints: readonly string[]): Partial<TaskSpec> {
  return { placement: Placement.create({ constraints }) };
}

export class OrchestrationWorld {
  readonly clock = new VirtualClock();
  readonly store: ClusterStore;
  readonly agents: AgentBehaviour = {
    prepareMs: 5,
    startMs: 5,
    stopMs: 5,
    fate: () => undefined,
  };
  readonly #seed: number;
  /** Nodes whose agents hear and say nothing. */
  readonly silent = new Set<string>();
  readonly #moves = new Set<string>();
  #loops: LeaderLoop[] = [];
  commitCount = 0;

  constructor(options: OrchestrationWorldOptions = {}) {
    const { fate } = options;
    this.#seed = options.seed ?? 1;
    const { store } = makeTestStore({
      clock: this.clock,
      commitDelayMs: options.commitDelayMs ?? 1,
      wrap: (inner) => (fate === undefined ? inner : new FaultyReplicator(inner, fate)),
      check: (table, old, next) => {
        if (table === 'task' && old !== undefined && next !== undefined)
          assertTransition(old as Task, next as Task);
      },
    });
    this.store = store;
    store.watch((commit) => {
      this.commitCount++;
      for (const event of commit.events)
        if (event.table === 'task' && event.kind !== 'remove') this.#follow(event.object);
    });
  }

  /** A term of leadership begins. */
  lead(): void {
    const random = seededRandom(this.#seed);
    const basics = { store: this.store, clock: this.clock, random };
    const makers = orchestrationLoops({ ...basics, log: silentLogger, metrics: silentMetrics });
    this.#loops = Object.values(makers).map((make) => make());
    for (const loop of this.#loops) void loop.start();
  }

  /** The term ends. */
  async resign(): Promise<void> {
    for (const loop of this.#loops.splice(0))
      await this.clock.resolve(Promise.resolve(loop.stop()), 10_000);
  }

  async addNodes(count: number, init: (at: number) => Partial<Node> = () => ({})): Promise<void> {
    for (let at = 1; at <= count; at++)
      await this.write((tx) => tx.create('node', readyNode(`n${at}`, init(at))));
  }

  write(change: Parameters<ClusterStore['update']>[0]): Promise<unknown> {
    return this.clock.resolve(this.store.update(change), 10_000);
  }

  async createService(service: Service): Promise<void> {
    await this.write((tx) => tx.create('service', service));
  }

  async changeService(id: string, change: (service: Service) => Service): Promise<void> {
    await this.write((tx) => {
      const service = tx.get('service', id);
      if (service !== undefined) tx.update('service', change(service));
    });
  }

  async changeNode(id: string, change: (node: Node) => Node): Promise<void> {
    await this.write((tx) => {
      const node = tx.get('node', id);
      if (node !== undefined) tx.update('node', change(node));
    });
  }

  /** The host is gone: its agent is silent, and the dispatcher says DOWN. */
  async loseNode(id: string): Promise<void> {
    this.silent.add(id);
    await this.setNodeState(id, NodeState.DOWN);
  }

  async setNodeState(id: string, state: NodeState): Promise<void> {
    const changedAtMs = this.clock.now();
    await this.changeNode(id, (node) => ({
      ...node,
      status: { ...NodeStatus.create(), ...node.status, state, changedAtMs },
    }));
  }

  /** What a task's container does by itself. */
  async endTask(id: string, state: TaskState): Promise<void> {
    await this.clock.resolve(this.#report(id, state), 10_000);
  }

  tasks(serviceId: string): readonly Task[] {
    return this.store.view((tx) => [...tx.tasksOfService(serviceId)]);
  }

  running(serviceId: string): readonly Task[] {
    return this.tasks(serviceId).filter(
      (task) => task.status?.state === TaskState.RUNNING && task.desiredState === TaskState.RUNNING,
    );
  }

  service(id: string): Service | undefined {
    return this.store.view((tx) => tx.get('service', id));
  }

  untilRunning(serviceId: string, count: number, withinMs = 60_000): Promise<void> {
    const isSo = (): boolean => this.running(serviceId).length === count;
    return this.clock.until(isSo, withinMs, `${count} tasks of ${serviceId} RUNNING`);
  }

  /** Agents that were silent look at their tasks again, as after a new session. */
  nudge(): void {
    this.store.view((tx) => {
      for (const task of tx.list('task')) this.#follow(task);
    });
  }

  #follow(task: Task): void {
    const state = task.status?.state ?? TaskState.NEW;
    if (state < TaskState.ASSIGNED || state >= TaskState.COMPLETE) return;
    if (task.desiredState > TaskState.COMPLETE) {
      this.#move(task, TaskState.SHUTDOWN, this.agents.stopMs);
      return;
    }
    if (state < TaskState.READY) this.#move(task, TaskState.READY, this.agents.prepareMs);
    else if (state < TaskState.RUNNING && task.desiredState >= TaskState.RUNNING) {
      const fate = this.agents.fate(task);
      if (fate === undefined) this.#move(task, TaskState.RUNNING, this.agents.startMs);
      else this.#move(task, fate.state, fate.afterMs);
    }
  }

  #move(task: Task, state: TaskState, afterMs: number): void {
    const key = `${task.id}/${state}`;
    if (this.#moves.has(key)) return;
    this.#moves.add(key);
    this.clock.after(afterMs, () => {
      this.#moves.delete(key);
      if (!this.silent.has(task.nodeId)) void this.#report(task.id, state);
    });
  }

  async #report(taskId: string, state: TaskState): Promise<void> {
    await this.store.update((tx) => {
      const task = tx.get('task', taskId);
      const present = task?.status?.state ?? TaskState.NEW;
      if (task === undefined || present >= state || present >= TaskState.COMPLETE) return;
      const changedAtMs = this.clock.now();
      const runningAtMs = state === TaskState.RUNNING ? changedAtMs : task.status?.runningAtMs;
      const status = TaskStatus.create({
        ...task.status,
        state,
        changedAtMs,
        runningAtMs: runningAtMs ?? 0,
      });
      tx.update('task', { ...task, status });
    });
  }
}
