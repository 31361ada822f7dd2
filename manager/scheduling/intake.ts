/**
 * What the store says, as scheduling needs it: the view of the cluster, the queue of tasks without a node, who is
 * nominated where, and what happened since that could help those that wait.
 */
import { NodeState, TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { ClusterView, defaultScoring, scoringOf } from '#scheduler';
import type { ImageIndex, ScoringConfig } from '#scheduler';
import { isWanted, stateOf } from '../orchestrator/task-state.ts';
import type { StoreEvent } from '../store/types.ts';
import { Nominations } from './nominations.ts';
import { TaskQueue } from './task-queue.ts';
import type { Wake } from './task-queue.ts';
import { nodeWakes, taskWakes } from './wake-rules.ts';
import type { WakeEvent } from './wake-rules.ts';

/** Whether the task waits for a node. */
export function isPending(task: Task): boolean {
  return stateOf(task) === TaskState.PENDING;
}

export class Intake {
  readonly view: ClusterView;
  readonly queue = new TaskQueue();
  readonly nominations: Nominations;
  /** Never assigned, and not wanted any more. */
  readonly unwanted = new Map<string, Task>();
  /** Tasks that began to wait for a node, or for their end, so far. */
  arrivalCount = 0;
  /** As the cluster's spec has it. */
  #scoring: ScoringConfig = defaultScoring;
  /** Nodes that this leader has not heard of yet: they may have room, or be lost. */
  readonly #unheard = new Set<string>();
  /** Nodes that events were about, by event; a node once. */
  readonly #wakes = new Map<WakeEvent, Set<string>>();

  /** `images`: what the dispatcher hears from the agents; left out, nothing is known of them. */
  constructor(images?: ImageIndex) {
    this.view = new ClusterView(images);
    this.nominations = new Nominations(this.view);
  }

  /** Whether there is anything to decide about. */
  get isDue(): boolean {
    return this.queue.hasActive || this.unwanted.size > 0 || this.#wakes.size > 0;
  }

  get scoring(): ScoringConfig {
    return this.#scoring;
  }

  apply(event: StoreEvent): void {
    switch (event.table) {
      case 'node':
        if (event.kind === 'remove') {
          this.view.removeNode(event.object.id);
          this.#hear(event.object.id, true);
          this.view.images.remove(event.object.id);
          this.wake('node-removed', event.object.id);
          this.#lookElsewhere(event.object.id);
        } else {
          this.setNode(event.object);
          if (this.view.node(event.object.id)?.isAvailable === false)
            this.#lookElsewhere(event.object.id);
          if (event.kind === 'create') this.wake('node-added', event.object.id);
          else
            for (const one of nodeWakes(event.old, event.object)) this.wake(one, event.object.id);
        }
        break;
      case 'service':
        if (event.kind === 'remove') this.view.removeService(event.object.id);
        break;
      case 'task':
        this.#applyTask(event.kind === 'remove' ? undefined : event.object, event.old);
        break;
      case 'cluster':
        if (event.kind !== 'remove') this.setScoring(event.object.spec?.scheduling);
        break;
      default:
    }
  }

  /** Whether every node is known to be there or not: before that nobody is stopped to make room. */
  get hasHeardOfAll(): boolean {
    return this.#unheard.size === 0;
  }

  setNode(node: Node): void {
    this.view.setNode(node);
    this.#hear(node.id, node.status?.state !== NodeState.UNKNOWN);
  }

  #hear(nodeId: string, isHeard: boolean): void {
    const { hasHeardOfAll } = this;
    if (isHeard) this.#unheard.delete(nodeId);
    else this.#unheard.add(nodeId);
    // What waited for that is not woken by any other event.
    if (this.hasHeardOfAll && !hasHeardOfAll) this.queue.wakeAll();
  }

  setScoring(spec: Parameters<typeof scoringOf>[0]): void {
    this.#scoring = scoringOf(spec);
  }

  /** Notes what could help those that wait; nothing where nobody does. */
  wake(event: WakeEvent, nodeId: string): void {
    if (!this.queue.hasWaiting) return;
    const nodeIds = this.#wakes.get(event);
    if (nodeIds === undefined) this.#wakes.set(event, new Set([nodeId]));
    else nodeIds.add(nodeId);
  }

  takeWakes(): readonly Wake[] {
    const wakes = [...this.#wakes].map(([event, nodeIds]) => ({ event, nodeIds }));
    this.#wakes.clear();
    return wakes;
  }

  /** A task as the store has it. */
  note(task: Task, old?: Task): void {
    if (isPending(task) && isWanted(task)) {
      this.unwanted.delete(task.id);
      if (!this.queue.has(task.id)) this.arrivalCount++;
      this.queue.put(task);
      this.#nominate(task);
      return;
    }
    this.#leave(task.id);
    if (stateOf(task) >= TaskState.ASSIGNED) this.view.setTask(task, old);
    // One that is to be removed is the reaper's.
    else if (task.desiredState === TaskState.SHUTDOWN) {
      this.arrivalCount++;
      this.unwanted.set(task.id, task);
    }
  }

  #applyTask(task: Task | undefined, old: Task | undefined): void {
    if (task !== undefined) this.note(task, old);
    else if (old !== undefined) {
      this.view.removeTask(old.id);
      this.#leave(old.id);
    }
    const nodeId = task?.nodeId || old?.nodeId || '';
    for (const event of taskWakes(old, task)) this.wake(event, nodeId);
  }

  /** The node takes no tasks: those that were nominated for it may have room made on another. */
  #lookElsewhere(nodeId: string): void {
    for (const taskId of this.nominations.on(nodeId)) this.queue.retry(taskId);
  }

  /** It needs no node any more, for whatever reason. */
  #leave(taskId: string): void {
    this.queue.delete(taskId);
    this.unwanted.delete(taskId);
    const nodeId = this.nominations.delete(taskId);
    if (nodeId !== undefined) this.wake('task-left', nodeId);
  }

  #nominate(task: Task): void {
    const present = this.nominations.nodeOf(task.id);
    if (task.nominatedNodeId === (present ?? '')) return;
    if (present !== undefined) this.wake('task-left', present);
    if (task.nominatedNodeId === '') this.nominations.delete(task.id);
    else this.nominations.set(task, task.nominatedNodeId);
  }
}
