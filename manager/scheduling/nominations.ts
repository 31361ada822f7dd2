import type { Task } from '#proto';
import { priorityOf } from '#scheduler';
import type { ClusterView } from '#scheduler';

interface Nomination {
  readonly task: Task;
  readonly nodeId: string;
  /** Whether the view keeps its room. */
  isHeld: boolean;
}

/**
 * Tasks for which others were stopped, and the nodes on which they wait for the room. The view keeps it from tasks that
 * are no more important; for others it is as if they were not there.
 */
export class Nominations {
  readonly #view: ClusterView;
  readonly #all = new Map<string, Nomination>();
  /** Their ids by node. */
  readonly #byNode = new Map<string, Set<string>>();

  constructor(view: ClusterView) {
    this.#view = view;
  }

  nodeOf(taskId: string): string | undefined {
    return this.#all.get(taskId)?.nodeId;
  }

  /** Replaces the node that the task had. */
  set(task: Task, nodeId: string): void {
    const nomination = { task, nodeId, isHeld: false };
    this.delete(task.id);
    this.#all.set(task.id, nomination);
    const here = this.#byNode.get(nodeId);
    if (here === undefined) this.#byNode.set(nodeId, new Set([task.id]));
    else here.add(task.id);
    this.#hold(nomination);
  }

  /** Gives the node whose room is free now. */
  delete(taskId: string): string | undefined {
    const nodeId = this.nodeOf(taskId);
    if (nodeId === undefined) return undefined;
    this.release(taskId);
    this.#all.delete(taskId);
    const here = this.#byNode.get(nodeId);
    here?.delete(taskId);
    if (here?.size === 0) this.#byNode.delete(nodeId);
    return nodeId;
  }

  /** Lets go of the task's own room, while the task itself looks for a node. */
  release(taskId: string): void {
    const nomination = this.#all.get(taskId);
    if (nomination === undefined || !nomination.isHeld) return;
    nomination.isHeld = false;
    this.#view.release(taskId);
  }

  hold(taskId: string): void {
    const nomination = this.#all.get(taskId);
    if (nomination !== undefined) this.#hold(nomination);
  }

  /** Keeps the room of those nominated that have at least this priority, and of no others. */
  holdFrom(priority: number): void {
    for (const [taskId, nomination] of this.#all)
      if (priorityOf(nomination.task) >= priority) this.#hold(nomination);
      else this.release(taskId);
  }

  /** Those that wait for room on this node. */
  on(nodeId: string): Iterable<string> {
    return this.#byNode.get(nodeId) ?? [];
  }

  /** Those that wait for room on this node and are less important. */
  lowerOn(nodeId: string, priority: number): readonly string[] {
    const lower: string[] = [];
    for (const taskId of this.on(nodeId)) {
      const nomination = this.#all.get(taskId);
      if (nomination !== undefined && priorityOf(nomination.task) < priority) lower.push(taskId);
    }
    return lower;
  }

  #hold(nomination: Nomination): void {
    if (nomination.isHeld) return;
    nomination.isHeld = true;
    this.#view.nominate(nomination.task, nomination.nodeId);
  }
}
