import type { Task } from '#proto';

type Index = Map<string, Map<string, Task>>;

function put(index: Index, key: string, task: Task): void {
  const alike = index.get(key);
  if (alike === undefined) index.set(key, new Map([[task.id, task]]));
  else alike.set(task.id, task);
}

/** The tasks of a simulated cluster, found by service and by node. */
export class SimulatedTasks {
  readonly #all = new Map<string, Task>();
  readonly #byService: Index = new Map();
  readonly #byNode: Index = new Map();

  /** In the order they came. */
  all(): Iterable<Task> {
    return this.#all.values();
  }

  get(id: string): Task | undefined {
    return this.#all.get(id);
  }

  ofService(serviceId: string): Iterable<Task> {
    return this.#byService.get(serviceId)?.values() ?? [];
  }

  ofNode(nodeId: string): Iterable<Task> {
    return this.#byNode.get(nodeId)?.values() ?? [];
  }

  /** Gives the task as it was before. */
  set(task: Task): Task | undefined {
    const old = this.#all.get(task.id);
    if (old !== undefined && old.nodeId !== task.nodeId)
      this.#byNode.get(old.nodeId)?.delete(task.id);
    this.#all.set(task.id, task);
    put(this.#byService, task.serviceId, task);
    if (task.nodeId !== '') put(this.#byNode, task.nodeId, task);
    return old;
  }

  delete(task: Task): void {
    this.#all.delete(task.id);
    this.#byService.get(task.serviceId)?.delete(task.id);
    this.#byNode.get(task.nodeId)?.delete(task.id);
  }
}
