import { assert } from '#lib';
import type { Service, Task } from '#proto';
import { IndexTree } from './index-tree.ts';
import { definitionOf, tableNames, uniqueNameOf } from './tables.ts';
import type { AnyObject, IndexName, TableName, TableTypes } from './tables.ts';
import { newTree } from './tree.ts';
import type { Tree } from './tree.ts';
import type { ReadTransaction } from './types.ts';

interface TableTrees {
  readonly objects: Tree<AnyObject>;
  /** Lower-cased name -> id; undefined for a table without names. */
  readonly names: Tree<string> | undefined;
  readonly indexes: readonly IndexTree<AnyObject>[];
}

type Trees = Readonly<Record<TableName, TableTrees>>;

function eachTable(make: (table: TableName) => TableTrees): Trees {
  const trees: Partial<Record<TableName, TableTrees>> = {};
  for (const table of tableNames) trees[table] = make(table);
  return trees as Trees;
}

function emptyTable(table: TableName): TableTrees {
  const { nameOf, indexes } = definitionOf(table);
  return {
    objects: newTree(),
    names: nameOf === undefined ? undefined : newTree(),
    indexes: Object.entries(indexes).map(([name, keysOf]) => new IndexTree(name, keysOf)),
  };
}

function cloneTable({ objects, names, indexes }: TableTrees): TableTrees {
  return {
    objects: objects.clone(),
    names: names?.clone(),
    indexes: indexes.map((index) => index.clone()),
  };
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
    return new State(0, eachTable(emptyTable));
  }

  /** A copy that later changes of either side do not reach. */
  clone(): State {
    return new State(
      this.#version,
      eachTable((table) => cloneTable(this.#trees[table])),
    );
  }

  get version(): number {
    return this.#version;
  }

  set version(version: number) {
    this.#version = version;
  }

  get<T extends TableName>(table: T, id: string): TableTypes[T] | undefined {
    return this.#trees[table].objects.get(id) as TableTypes[T] | undefined;
  }

  list<T extends TableName>(table: T, afterId = ''): Iterable<TableTypes[T]> {
    const { objects } = this.#trees[table];
    const all = afterId === '' ? objects.values() : after(objects, afterId);
    return all as Iterable<TableTypes[T]>;
  }

  count(table: TableName): number {
    return this.#trees[table].objects.size;
  }

  byName<T extends TableName>(table: T, name: string): TableTypes[T] | undefined {
    const id = this.ownerOfName(table, name.toLowerCase());
    return id === undefined ? undefined : this.get(table, id);
  }

  *byIndex<T extends TableName>(
    table: T,
    index: IndexName<T>,
    key: string,
    afterId?: string,
  ): Iterable<TableTypes[T]> {
    const { objects, indexes } = this.#trees[table];
    const found = indexes.find(({ name }) => name === index);
    assert(found !== undefined, `table ${table} has no index ${index}`);
    for (const id of found.ids(key, afterId)) {
      const object = objects.get(id);
      if (object !== undefined) yield object as TableTypes[T];
    }
  }

  serviceByName(name: string): Service | undefined {
    return this.byName('service', name);
  }

  tasksOfService(serviceId: string, afterId?: string): Iterable<Task> {
    return this.byIndex('task', 'service', serviceId, afterId);
  }

  tasksOfNode(nodeId: string, afterId?: string): Iterable<Task> {
    return this.byIndex('task', 'node', nodeId, afterId);
  }

  idsWithPrefix(table: TableName, prefix: string, limit: number): readonly string[] {
    const ids: string[] = [];
    for (const id of this.#trees[table].objects.keys(prefix)) {
      if (ids.length >= limit || !id.startsWith(prefix)) break;
      ids.push(id);
    }
    return ids;
  }

  /** Whose name this is in its table, if anybody's; `name` in lower case. */
  ownerOfName(table: TableName, name: string): string | undefined {
    return this.#trees[table].names?.get(name);
  }

  /** Puts `next` in the place of `old`, which is what stands there now; undefined = nothing. */
  replace(
    table: TableName,
    id: string,
    old: AnyObject | undefined,
    next: AnyObject | undefined,
  ): void {
    const { objects, names, indexes } = this.#trees[table];
    if (next !== undefined) objects.set(id, next);
    else if (old !== undefined) objects.delete(id);
    for (const index of indexes) index.move(id, old, next);
    if (names !== undefined) moveName(names, table, id, old, next);
  }

  /** Puts `next` in the place of the object with that id, from which it differs in `meta` alone. */
  restamp(table: TableName, id: string, next: AnyObject): void {
    this.#trees[table].objects.set(id, next);
  }

  /** Adds or replaces one object. */
  put(table: TableName, object: AnyObject): void {
    this.replace(table, object.id, this.get(table, object.id), object);
  }

  delete(table: TableName, id: string): void {
    this.replace(table, id, this.get(table, id), undefined);
  }
}

function* after(objects: Tree<AnyObject>, afterId: string): Iterable<AnyObject> {
  for (const object of objects.values(afterId)) if (object.id !== afterId) yield object;
}

function moveName(
  names: Tree<string>,
  table: TableName,
  id: string,
  old: AnyObject | undefined,
  next: AnyObject | undefined,
): void {
  const oldName = old === undefined ? undefined : uniqueNameOf(table, old);
  const nextName = next === undefined ? undefined : uniqueNameOf(table, next);
  if (oldName === nextName) return;
  // Two objects may swap their names in one entry: a name is freed only by who still holds it.
  if (oldName !== undefined && names.get(oldName) === id) names.delete(oldName);
  if (nextName !== undefined) names.set(nextName, id);
}
