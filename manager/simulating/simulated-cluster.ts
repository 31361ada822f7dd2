import { Pacer } from '#lib';
import type { Clock, Ms, Random } from '#lib';
import { NodeState, TaskState } from '#proto';
import type { Node, SchedulingSpec, Service, Task } from '#proto';
import { ClusterView, priorityOf, scoringOf, stayOnLostNode } from '#scheduler';
import type { ImageIndex } from '#scheduler';
import { nodesLostTogether } from '../orchestrator/node-table.ts';
import type { Change, World } from '../orchestrator/plan.ts';
import { planService } from '../orchestrator/plan-service.ts';
import { tolerationsOf } from '../orchestrator/service-config.ts';
import { byAge, slotKeyOf } from '../orchestrator/slot.ts';
import type { Slot } from '../orchestrator/slot.ts';
import type { PlannedPreemption } from '../scheduling/attempt.ts';
import { isOnNode, isStopped, isWanted, stateOf, statusWith } from '../orchestrator/task-state.ts';
import { SimulatedScheduler } from './simulated-scheduler.ts';
import { SimulatedTasks } from './simulated-tasks.ts';

/** Rounds until it is settled; each is a minute of the cluster's time. */
const roundsMax = 200;
const roundMs: Ms = 60_000;
/** Tasks that are read between two turns of the event loop. */
const readSlice = { itemsMax: 2_000, bytesMax: Infinity } as const;
/** Services, or nodes looked at, between two turns of the event loop. */
const slice = { itemsMax: 20, bytesMax: Infinity } as const;

export interface SimulatedState {
  readonly nodes: Iterable<Node>;
  readonly services: Iterable<Service>;
  readonly tasks: Iterable<Task>;
  readonly scheduling: SchedulingSpec | undefined;
  /** What is known of the images on nodes, only read; left out, nothing is. */
  readonly images?: ImageIndex;
}

/** Whether the scheduler is looking for a node for it. */
export function isWaiting(task: Task): boolean {
  return stateOf(task) === TaskState.PENDING && isWanted(task);
}

/** A cluster in memory, whose agents do at once what they are told and whose containers never end by themselves. */
export class SimulatedCluster {
  readonly nodes = new Map<string, Node>();
  readonly services = new Map<string, Service>();
  readonly tasks = new SimulatedTasks();
  readonly view: ClusterView;
  readonly #scheduler: SimulatedScheduler;
  /** Tasks that were stopped for more important ones, by whose and for whom. */
  readonly #preempted = new Map<string, number>();
  readonly #clock: Clock;
  readonly #random: Random;
  #nowMs: Ms;
  /** Whether it came to rest; false: some update or other was still under way. */
  isSettled = true;

  private constructor(state: SimulatedState, clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#nowMs = clock.now();
    this.view = new ClusterView(state.images);
    this.#scheduler = new SimulatedScheduler({
      view: this.view,
      scoring: scoringOf(state.scheduling),
      random,
      state: {
        node: (id) => this.nodes.get(id),
        service: (id) => this.services.get(id),
        tasksOfService: (id) => this.tasks.ofService(id),
        tasksOfNode: (id) => this.tasks.ofNode(id),
      },
    });
  }

  /** Reads the whole state, over several turns of the event loop where it is large. */
  static async of(
    state: SimulatedState,
    clock: Clock,
    random: Random,
    signal?: AbortSignal,
  ): Promise<SimulatedCluster> {
    const cluster = new SimulatedCluster(state, clock, random);
    const pacer = new Pacer(clock, readSlice);
    for (const node of state.nodes) cluster.setNode(node);
    for (const service of state.services) cluster.services.set(service.id, service);
    for (const task of state.tasks) {
      cluster.#setTask(task);
      if (pacer.isFull()) await pacer.pause(signal);
    }
    return cluster;
  }

  get nowMs(): Ms {
    return this.#nowMs;
  }

  setNode(node: Node): void {
    this.nodes.set(node.id, node);
    this.view.setNode(node);
  }

  removeNode(id: string): void {
    this.nodes.delete(id);
    this.view.removeNode(id);
  }

  /** Why a task waits, as the scheduler said when it tried last. */
  reasonOf(taskId: string): string | undefined {
    return this.#scheduler.reasons.get(taskId);
  }

  /** Who was stopped for whom, as in "2 tasks of batch make room for shop". */
  preemptions(): readonly string[] {
    return [...this.#preempted].map(([pair, count]) =>
      count === 1 ? `1 task of ${pair}` : `${count} tasks of ${pair.replace(' makes ', ' make ')}`,
    );
  }

  /** DOWN nodes whose tasks the managers leave alone, because most went together. */
  heldNodes(): ReadonlySet<string> {
    const down = [...this.nodes.values()].filter(({ status }) => status?.state === NodeState.DOWN);
    return nodesLostTogether(down, this.nodes.size);
  }

  /** Lets everything happen that follows, until nothing does. */
  async settle(signal?: AbortSignal): Promise<void> {
    const pacer = new Pacer(this.#clock, slice);
    for (let round = 0; round < roundsMax; round++) {
      this.#nowMs += roundMs;
      const world = this.#world();
      let isChanged = false;
      for (const service of this.services.values()) {
        if (pacer.isFull()) await pacer.pause(signal);
        const plan = planService(world, service, this.#slotsOf(service.id));
        for (const { changes } of plan.steps)
          for (const change of changes) if (this.#apply(service.id, change)) isChanged = true;
      }
      if (this.#obey()) isChanged = true;
      if (await this.#place(pacer, signal)) isChanged = true;
      if (isChanged) continue;
      const leavesAtMs = this.#nextLeaveMs();
      if (leavesAtMs === Infinity) return;
      this.#nowMs = Math.max(this.#nowMs, leavesAtMs - roundMs);
    }
    this.isSettled = false;
  }

  /** When each task has to leave its lost node, by what its service tolerates; Infinity: never. */
  *lostStays(): Generator<Ms> {
    const held = this.heldNodes();
    for (const task of this.tasks.all()) {
      const node = this.nodes.get(task.nodeId);
      if (node?.status?.state !== NodeState.DOWN || held.has(node.id)) continue;
      if (!isWanted(task) || !isOnNode(task)) continue;
      const service = this.services.get(task.serviceId);
      const untilMs = stayOnLostNode(node, task, tolerationsOf(service?.spec?.task));
      if (untilMs !== undefined && untilMs > this.#nowMs) yield untilMs;
    }
  }

  #nextLeaveMs(): Ms {
    let nextMs = Infinity;
    for (const untilMs of this.lostStays()) nextMs = Math.min(nextMs, untilMs);
    return nextMs;
  }

  #world(): World {
    const held = this.heldNodes();
    return {
      nowMs: this.#nowMs,
      random: this.#random,
      node: (id) => this.nodes.get(id),
      nodes: () => this.nodes.values(),
      replaceAtMs: ({ id }) => (held.has(id) ? Infinity : 0),
      // Budgets say how fast tasks leave, not where they end.
      budgets: { allows: () => true, take: () => undefined },
    };
  }

  #slotsOf(serviceId: string): ReadonlyMap<string, Slot> {
    const slots = new Map<string, { key: string; number: number; nodeId: string; tasks: Task[] }>();
    for (const task of this.tasks.ofService(serviceId)) {
      const key = slotKeyOf(task);
      const slot = slots.get(key);
      if (slot !== undefined) slot.tasks.push(task);
      else {
        const nodeId = task.slot > 0 ? '' : task.nodeId;
        slots.set(key, { key, number: task.slot, nodeId, tasks: [task] });
      }
    }
    for (const { tasks } of slots.values()) tasks.sort(byAge);
    return slots;
  }

  #setTask(task: Task): void {
    const old = this.tasks.set(task);
    const { nominations } = this.#scheduler;
    const nodeId = isWaiting(task) ? task.nominatedNodeId : '';
    if (nodeId === '') nominations.delete(task.id);
    else if (nominations.nodeOf(task.id) !== nodeId) nominations.set(task, nodeId);
    if (stateOf(task) >= TaskState.ASSIGNED) this.view.setTask(task, old);
  }

  #removeTask(task: Task): void {
    this.tasks.delete(task);
    this.#scheduler.nominations.delete(task.id);
    this.view.removeTask(task.id);
  }

  #apply(serviceId: string, change: Change): boolean {
    if (change.kind === 'create') {
      // Made now, so that it is younger than what it follows.
      const meta = { version: 0, createdAtMs: this.#nowMs, updatedAtMs: this.#nowMs };
      this.#setTask({ ...change.task, meta });
      return true;
    }
    if (change.kind === 'service') {
      const service = this.services.get(serviceId);
      if (service !== undefined) this.services.set(serviceId, { ...service, ...change.set });
      return true;
    }
    const task = this.tasks.get(change.taskId);
    if (task === undefined || task.desiredState >= change.state) return false;
    this.#setTask({ ...task, desiredState: change.state });
    return true;
  }

  /** Agents, allocator and reaper do their part. Gives whether anything changed. */
  #obey(): boolean {
    let isChanged = false;
    for (const task of this.tasks.all()) {
      const next = this.#obeyed(task);
      if (next === task) continue;
      isChanged = true;
      if (next === undefined) this.#removeTask(task);
      else this.#setTask(next);
    }
    return isChanged;
  }

  /** The task as it is a moment later; undefined: it is gone. */
  #obeyed(task: Task): Task | undefined {
    const state = stateOf(task);
    if (task.desiredState >= TaskState.REMOVE) return undefined;
    const isNodeLost = task.nodeId !== '' && !this.nodes.has(task.nodeId);
    if (!isWanted(task) || isNodeLost) {
      const end = isNodeLost ? TaskState.ORPHANED : TaskState.SHUTDOWN;
      return isStopped(task) ? task : this.#inState(task, end);
    }
    if (isStopped(task)) return task;
    if (state === TaskState.NEW) return this.#inState(task, TaskState.PENDING);
    const isThere = this.nodes.get(task.nodeId)?.status?.state === NodeState.READY;
    const isStarting = state >= TaskState.ASSIGNED && state < TaskState.RUNNING;
    if (isStarting && isThere && task.desiredState >= TaskState.RUNNING)
      return this.#inState(task, TaskState.RUNNING);
    return task;
  }

  #inState(task: Task, state: TaskState): Task {
    const runningAtMs = state === TaskState.RUNNING ? this.#nowMs : (task.status?.runningAtMs ?? 0);
    return { ...task, status: statusWith(task, { state, changedAtMs: this.#nowMs, runningAtMs }) };
  }

  /** Gives whether anything came of it. */
  async #place(pacer: Pacer, signal?: AbortSignal): Promise<boolean> {
    const pending = [...this.tasks.all()].filter(isWaiting);
    const results = await this.#scheduler.pass(pending, this.#nowMs, pacer, signal);
    for (const { placed, preemptions, unnominated } of results) {
      for (const { task, nodeId } of placed) this.#assign(task, nodeId);
      for (const preemption of preemptions) this.#preempt(preemption);
      for (const id of unnominated) this.#nominate(id, '');
    }
    return results.some(({ placed, preemptions }) => placed.length + preemptions.length > 0);
  }

  #assign(task: Task, nodeId: string): void {
    const assigned = { ...task, nodeId, nominatedNodeId: '', assignedAtMs: this.#nowMs };
    this.#setTask(this.#inState(assigned, TaskState.ASSIGNED));
  }

  #preempt({ task, nodeId, victims, displaced }: PlannedPreemption): void {
    const preemptedBy = {
      taskId: task.id,
      taskName: `${task.serviceName}.${task.slot}`,
      priority: priorityOf(task),
    };
    for (const { id } of victims) {
      const victim = this.tasks.get(id);
      if (victim === undefined) continue;
      this.#setTask({ ...victim, desiredState: TaskState.SHUTDOWN, preemptedBy });
      const pair = `${victim.serviceName} makes room for ${task.serviceName}`;
      this.#preempted.set(pair, (this.#preempted.get(pair) ?? 0) + 1);
    }
    for (const id of displaced) this.#nominate(id, '');
    this.#nominate(task.id, nodeId);
  }

  #nominate(taskId: string, nodeId: string): void {
    const task = this.tasks.get(taskId);
    if (task !== undefined) this.#setTask({ ...task, nominatedNodeId: nodeId });
  }
}
