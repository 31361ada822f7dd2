import BTreeModule from 'sorted-btree';
import type { Service, Task } from '#proto';
import { uniqueNameOf } from './tables.ts';
import type { AnyObject, ReadTransaction, TableName, TableTypes } from './types.ts';

const BTree = BTreeModule.default;
type Tree<V> = InstanceType<typeof BTree<string, V>>;

const nodeSize = 64;
const ascending = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const newTree = <V>(): Tree<V> => new BTree<string, V>(undefined, ascending, nodeSize);

/** Joins the parts of an index key; below every character an id may have. */
const separator = '\u0000';

interface Trees {
  readonly tables: Readonly<Record<TableName, Tree<AnyObject>>>;
  /** Lower-cased name -> id. */
  readonly serviceNames: Tree<string>;
  /** serviceId, separator, task id -> task id. */
  readonly tasksByService: Tree<string>;
  /** nodeId, separator, task id -> task id; tasks without a node are not in it. */
  readonly tasksByNode: Tree<string>;
}

/**
 * The tables and their indexes at one version. Mutable, but `clone` is O(1): clones share
 * what neither has changed since.
 */
export class State implements ReadTransaction {
  #version: number;
  readonly #trees: Trees;

  private constructor(version: number, trees: Trees) {
    this.#version = version;
    this.#trees = trees;
  }

  static empty(): State {
    return new State(0, {
      tables: { cluster: newTree(), node: newTree(), service: newTree(), task: newTree() },
      serviceNames: newTree(),
      tasksByService: newTree(),
      tasksByNode: newTree(),
    });
  }

  /** A copy that later changes of either side do not reach. */
  clone(): State {
    const { tables, serviceNames, tasksByService, tasksByNode } = this.#trees;
    return new State(this.#version, {
      tables: {
        cluster: tables.cluster.clone(),
        node: tables.node.clone(),
        service: tables.service.clone(),
        task: tables.task.clone(),
      },
      serviceNames: serviceNames.clone(),
      tasksByService: tasksByService.clone(),
      tasksByNode: tasksByNode.clone(),
    });
  }

  get version(): number {
    return this.#version;
  }

  set version(version: number) {
    this.#version = version;
  }

  get<T extends TableName>(table: T, id: string): TableTypes[T] | undefined {
    return this.#trees.tables[table].get(id) as TableTypes[T] | undefined;
  }

  list<T extends TableName>(table: T): Iterable<TableTypes[T]> {
    return this.#trees.tables[table].values() as Iterable<TableTypes[T]>;
  }

  count(table: TableName): number {
    return this.#trees.tables[table].size;
  }

  serviceByName(name: string): Service | undefined {
    const id = this.#trees.serviceNames.get(name.toLowerCase());
    return id === undefined ? undefined : this.get('service', id);
  }

  tasksOfService(serviceId: string): Iterable<Task> {
    return this.#indexed(this.#trees.tasksByService, serviceId);
  }

  tasksOfNode(nodeId: string): Iterable<Task> {
    return this.#indexed(this.#trees.tasksByNode, nodeId);
  }

  idsWithPrefix(table: TableName, prefix: string, limit: number): readonly string[] {
    const ids: string[] = [];
    for (const id of this.#trees.tables[table].keys(prefix)) {
      if (ids.length >= limit || !id.startsWith(prefix)) break;
      ids.push(id);
    }
    return ids;
  }

  /** Whose name this is in its table, if anybody's. */
  ownerOfName(table: TableName, name: string): string | undefined {
    return table === 'service' ? this.#trees.serviceNames.get(name) : undefined;
  }

  /** Puts `next` in the place of `old`, which is what stands there now; undefined = nothing. */
  replace(
    table: TableName,
    id: string,
    old: AnyObject | undefined,
    next: AnyObject | undefined,
  ): void {
    const tree = this.#trees.tables[table];
    if (next !== undefined) tree.set(id, next);
    else if (old !== undefined) tree.delete(id);
    this.#reindex(table, id, old, next);
  }

  /** Adds or replaces one object. */
  put(table: TableName, object: AnyObject): void {
    this.replace(table, object.id, this.get(table, object.id), object);
  }

  delete(table: TableName, id: string): void {
    this.replace(table, id, this.get(table, id), undefined);
  }

  *#indexed(index: Tree<string>, key: string): Iterable<Task> {
    const prefix = key + separator;
    for (const [entry, id] of index.entries(prefix)) {
      if (!entry.startsWith(prefix)) return;
      const task = this.get('task', id);
      if (task !== undefined) yield task;
    }
  }

  #reindex(
    table: TableName,
    id: string,
    old: AnyObject | undefined,
    next: AnyObject | undefined,
  ): void {
    if (table === 'task') {
      const oldTask = old as Task | undefined;
      const nextTask = next as Task | undefined;
      moveKey(this.#trees.tasksByService, id, oldTask?.serviceId, nextTask?.serviceId);
      moveKey(this.#trees.tasksByNode, id, oldTask?.nodeId, nextTask?.nodeId);
    }
    const oldName = old === undefined ? undefined : uniqueNameOf(table, old);
    const nextName = next === undefined ? undefined : uniqueNameOf(table, next);
    if (oldName === nextName) return;
    const names = this.#trees.serviceNames;
    // Two services may swap their names in one entry: a name is freed only by who still holds it.
    if (oldName !== undefined && names.get(oldName) === id) names.delete(oldName);
    if (nextName !== undefined) names.set(nextName, id);
  }
}

function moveKey(
  index: Tree<string>,
  id: string,
  oldKey: string | undefined,
  nextKey: string | undefined,
): void {
  if (oldKey === nextKey) return;
  if (oldKey !== undefined && oldKey !== '') index.delete(oldKey + separator + id);
  if (nextKey !== undefined && nextKey !== '') index.set(nextKey + separator + id, id);
}
