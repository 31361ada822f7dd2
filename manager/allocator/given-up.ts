import { NodeState } from '#proto';
import type { Node, Task } from '#proto';
import { isStopped, isWanted } from '../orchestrator/task-state.ts';

/**
 * Another has taken the task's place and its node is DOWN: nobody can say that it has ended, and it is
 * not waited for. A task that does not run any more is not given up but gone.
 */
export function isGivenUp(task: Task, node: Node | undefined): boolean {
  return isLeaving(task) && node?.status?.state === NodeState.DOWN;
}

const isLeaving = (task: Task): boolean =>
  task.nodeId !== '' && !isWanted(task) && !isStopped(task);

/** Finds the tasks that are given up and still have addresses, whichever comes last: their end or their node's. */
export class GivenUp {
  readonly #down = new Set<string>();
  /** By node: tasks with addresses that are to stop. */
  readonly #leaving = new Map<string, Set<string>>();
  readonly #nodeOf = new Map<string, string>();
  /** To be told of. */
  readonly #found = new Set<string>();

  get count(): number {
    return this.#found.size;
  }

  noteNode({ id, status }: Node): void {
    const isDown = status?.state === NodeState.DOWN;
    if (isDown === this.#down.has(id)) return;
    if (isDown) this.#down.add(id);
    else this.#down.delete(id);
    for (const taskId of this.#leaving.get(id) ?? [])
      if (isDown) this.#found.add(taskId);
      else this.#found.delete(taskId);
  }

  forgetNode(nodeId: string): void {
    this.#down.delete(nodeId);
    for (const taskId of this.#leaving.get(nodeId) ?? []) this.#found.delete(taskId);
  }

  /** The task as the store has it now. */
  noteTask(task: Task): void {
    const { id, nodeId } = task;
    this.forgetTask(id);
    if (task.networks.length === 0 || !isLeaving(task)) return;
    this.#nodeOf.set(id, nodeId);
    const leaving = this.#leaving.get(nodeId);
    if (leaving === undefined) this.#leaving.set(nodeId, new Set([id]));
    else leaving.add(id);
    if (this.#down.has(nodeId)) this.#found.add(id);
  }

  forgetTask(taskId: string): void {
    if (this.#nodeOf.size === 0) return;
    this.#found.delete(taskId);
    const nodeId = this.#nodeOf.get(taskId);
    if (nodeId === undefined) return;
    this.#nodeOf.delete(taskId);
    const leaving = this.#leaving.get(nodeId);
    leaving?.delete(taskId);
    if (leaving?.size === 0) this.#leaving.delete(nodeId);
  }

  /** Up to `max` of them, each told once until something of it or of its node changes. */
  take(max: number): readonly string[] {
    const taken: string[] = [];
    for (const taskId of this.#found) {
      if (taken.length >= max) break;
      taken.push(taskId);
    }
    for (const taskId of taken) this.#found.delete(taskId);
    return taken;
  }
}
