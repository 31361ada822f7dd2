/**
 * The cluster as the scheduler sees it, kept up to date from the store's events: nodes, what is reserved on
 * them, and where the tasks of each service are. Every change costs O(log nodes).
 */
import BTreeModule from 'sorted-btree';
import { assert } from '#lib';
import { TaskState } from '#proto';
import type { Node, PortConfig, Task } from '#proto';
import { heldHostPorts, wantedHostPorts } from './host-ports.ts';
import { ImageIndex } from './image-index.ts';
import { KindIndex } from './kind-index.ts';
import type { KindRecord } from './kind-index.ts';
import { describeNode, newNodeRecord } from './node-record.ts';
import type { NodeRecord } from './node-record.ts';
import { priorityOf } from './priority.ts';
import { demandOf } from './resources.ts';
import type { Demand } from './resources.ts';
import { ServiceRecord } from './service-record.ts';

const BTree = BTreeModule.default;

/** What one task adds to the sums of its node. */
interface Holding {
  readonly nodeId: string;
  readonly serviceId: string;
  readonly demand: Demand;
  readonly ports: readonly PortConfig[];
  /** Meant to run: counts for balance. One that is being stopped only holds resources. */
  readonly isWanted: boolean;
  /**
   * Only kept free for a task that waits for room. Rules about other tasks do not see it: it may never come, and
   * nobody may have been placed for being near it.
   */
  readonly isNominated: boolean;
  readonly priority: number;
  readonly kind: KindRecord;
}

function byCountThenId(a: NodeRecord, b: NodeRecord): number {
  if (a.orderedCount !== b.orderedCount) return a.orderedCount - b.orderedCount;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** Whether the task holds resources of its node: from its assignment until it has stopped. */
function holdsNode(task: Task): boolean {
  const state = task.status?.state ?? TaskState.NEW;
  return task.nodeId !== '' && state >= TaskState.ASSIGNED && state < TaskState.COMPLETE;
}

export class ClusterView {
  readonly #nodes = new Map<string, NodeRecord>();
  readonly #services = new Map<string, ServiceRecord>();
  readonly #holdings = new Map<string, Holding>();
  /** Holdings on nodes, so that a node that comes (back) finds its sums. */
  readonly #byNode = new Map<string, Set<string>>();
  readonly #order = new BTree<NodeRecord, undefined>(undefined, byCountThenId);
  readonly #moved = new Set<NodeRecord>();
  /** Tasks on nodes by their priority; no zeros. */
  readonly #priorities = new Map<number, number>();
  /** Where the tasks of each kind are, for rules about other tasks. */
  readonly kinds = new KindIndex();
  readonly images: ImageIndex;

  /** `images`: what is known of them, kept by the one who gives it. */
  constructor(images: ImageIndex = new ImageIndex()) {
    this.images = images;
  }

  get nodeCount(): number {
    return this.#nodes.size;
  }

  node(id: string): NodeRecord | undefined {
    return this.#nodes.get(id);
  }

  nodes(): Iterable<NodeRecord> {
    return this.#nodes.values();
  }

  /** The nodes by number of tasks, then id. Not to be walked while the view changes its nodes. */
  nodesByLoad(): Iterable<NodeRecord> {
    this.settleOrder(Infinity);
    return this.#order.keys();
  }

  /** Does a part of what `nodesByLoad` begins with: so many nodes that have moved. False once none is left. */
  settleOrder(countMax: number): boolean {
    let count = 0;
    for (const record of this.#moved) {
      if (count++ >= countMax) return true;
      this.#moved.delete(record);
      this.#order.delete(record);
      record.orderedCount = record.taskCount;
      this.#order.set(record, undefined);
    }
    return false;
  }

  /** Whether any task stands, on whatever node, that is less important. O(priorities in use). */
  hasLowerThan(priority: number): boolean {
    for (const one of this.#priorities.keys()) if (one < priority) return true;
    return false;
  }

  service(id: string): ServiceRecord | undefined {
    return this.#services.get(id);
  }

  /** A new node or a newer state of one. */
  setNode(node: Node): void {
    const present = this.#nodes.get(node.id);
    if (present !== undefined) {
      describeNode(present, node);
      return;
    }
    const record = newNodeRecord(node);
    this.#nodes.set(node.id, record);
    for (const taskId of this.#byNode.get(node.id) ?? []) {
      const holding = this.#holdings.get(taskId);
      assert(holding, 'a task on a node has a holding');
      this.#count(record, holding, 1);
    }
    this.#moved.delete(record);
    record.orderedCount = record.taskCount;
    this.#order.set(record, undefined);
  }

  removeNode(id: string): void {
    const record = this.#nodes.get(id);
    if (record === undefined) return;
    this.#moved.delete(record);
    this.#order.delete(record);
    this.#nodes.delete(id);
  }

  /** A newer state of a task; `old` is the one before, if there was one. */
  setTask(task: Task, old?: Task): void {
    this.#noteFailure(task, old);
    if (!holdsNode(task)) {
      this.#drop(task.id);
      return;
    }
    const present = this.#holdings.get(task.id);
    const isWanted = task.desiredState <= TaskState.COMPLETE;
    const ports = heldHostPorts(task);
    if (
      present !== undefined &&
      present.nodeId === task.nodeId &&
      present.isWanted === isWanted &&
      present.ports.length === 0 &&
      ports.length === 0
    )
      return;
    this.#drop(task.id);
    this.#hold(task.id, {
      nodeId: task.nodeId,
      serviceId: task.serviceId,
      demand: present?.demand ?? demandOf(task),
      ports,
      isWanted,
      isNominated: false,
      priority: priorityOf(task),
      kind: this.kinds.recordOf(task),
    });
  }

  removeTask(taskId: string): void {
    this.#drop(taskId);
  }

  /** What the task takes of this node as the view counts it; undefined: nothing. */
  demandOn(nodeId: string, taskId: string): Demand | undefined {
    const holding = this.#holdings.get(taskId);
    return holding?.nodeId === nodeId ? holding.demand : undefined;
  }

  /**
   * Counts the task as placed before the store says so. Gives the record of its kind, for the next task that is
   * alike: finding it takes a while.
   */
  assume(task: Task, nodeId: string, demand: Demand, known?: KindRecord): KindRecord {
    this.#drop(task.id);
    const { serviceId } = task;
    const ports = wantedHostPorts(task);
    const kind = known ?? this.kinds.recordOf(task);
    const priority = priorityOf(task);
    const isNominated = false;
    const holding = {
      nodeId,
      serviceId,
      demand,
      ports,
      isWanted: true,
      isNominated,
      priority,
      kind,
    };
    this.#hold(task.id, holding);
    return kind;
  }

  /**
   * Keeps room on the node for a task that waits until others have left it: what it reserves, its ports, its place
   * among the replicas of its service. Ended by `release`, or by placing it.
   */
  nominate(task: Task, nodeId: string): void {
    this.#drop(task.id);
    this.#hold(task.id, {
      nodeId,
      serviceId: task.serviceId,
      demand: demandOf(task),
      ports: wantedHostPorts(task),
      isWanted: true,
      isNominated: true,
      priority: priorityOf(task),
      kind: this.kinds.recordOf(task),
    });
  }

  /** Ends `nominate`; nothing for a task that is on a node by now. */
  release(taskId: string): void {
    if (this.#holdings.get(taskId)?.isNominated === true) this.#drop(taskId);
  }

  /** Takes back `assume` where the store did not take the placement: `task` is what it holds now. */
  forget(taskId: string, task: Task | undefined): void {
    if (task === undefined) this.#drop(taskId);
    else this.setTask(task, task);
  }

  /** Drops what is known of a service that is gone. */
  removeService(id: string): void {
    if (this.#services.get(id)?.taskCounts.size === 0) this.#services.delete(id);
  }

  #noteFailure(task: Task, old: Task | undefined): void {
    const state = task.status?.state;
    const isFailure =
      task.preemptedBy === undefined &&
      (state === TaskState.FAILED || state === TaskState.REJECTED);
    if (!isFailure || task.nodeId === '' || task.slot === 0 || old?.status?.state === state) return;
    const record = this.#serviceRecord(task.serviceId);
    record.failed(task.nodeId, task.specVersion, task.status?.changedAtMs ?? 0);
  }

  #serviceRecord(id: string): ServiceRecord {
    const present = this.#services.get(id);
    if (present !== undefined) return present;
    const record = new ServiceRecord();
    this.#services.set(id, record);
    return record;
  }

  #hold(taskId: string, holding: Holding): void {
    this.#holdings.set(taskId, holding);
    this.#countKind(holding, 1);
    const onNode = this.#byNode.get(holding.nodeId);
    if (onNode === undefined) this.#byNode.set(holding.nodeId, new Set([taskId]));
    else onNode.add(taskId);
    if (holding.isWanted) this.#serviceRecord(holding.serviceId).count(holding.nodeId, 1);
    const record = this.#nodes.get(holding.nodeId);
    if (record !== undefined) this.#count(record, holding, 1);
  }

  #drop(taskId: string): void {
    const holding = this.#holdings.get(taskId);
    if (holding === undefined) return;
    this.#holdings.delete(taskId);
    this.#countKind(holding, -1);
    const onNode = this.#byNode.get(holding.nodeId);
    onNode?.delete(taskId);
    if (onNode?.size === 0) this.#byNode.delete(holding.nodeId);
    if (holding.isWanted) this.#services.get(holding.serviceId)?.count(holding.nodeId, -1);
    const record = this.#nodes.get(holding.nodeId);
    if (record !== undefined) this.#count(record, holding, -1);
  }

  #countKind({ isNominated, kind, nodeId, isWanted, priority }: Holding, sign: 1 | -1): void {
    if (isNominated) return;
    this.kinds.count(kind, nodeId, isWanted, sign);
    const count = (this.#priorities.get(priority) ?? 0) + sign;
    if (count === 0) this.#priorities.delete(priority);
    else this.#priorities.set(priority, count);
  }

  #count(record: NodeRecord, holding: Holding, sign: 1 | -1): void {
    record.reserved.add(holding.demand, sign);
    if (sign > 0) record.ports.take(holding.ports);
    else record.ports.release(holding.ports);
    if (!holding.isWanted) return;
    record.taskCount += sign;
    assert(record.taskCount >= 0, 'a node holds no fewer than no tasks');
    this.#moved.add(record);
  }
}
