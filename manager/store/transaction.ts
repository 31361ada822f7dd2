import { ClusterError, shortId } from '#lib';
import type { Service, Task } from '#proto';
import type { Action } from './action.ts';
import { stamped, versionOf } from './action.ts';
import type { State } from './state.ts';
import { uniqueNameOf } from './tables.ts';
import type { AnyObject, IndexName, TableName, TableTypes, WriteTransaction } from './types.ts';

/** Refuses a change by throwing; for rules that hold between an object's old and new state. */
export type ChangeCheck = (
  table: TableName,
  old: AnyObject | undefined,
  next: AnyObject | undefined,
) => void;

/** Beyond so many changes they are looked up in a map; most transactions have one, and a map costs more than they do. */
const changesWithoutMap = 8;

interface Change {
  readonly table: TableName;
  readonly id: string;
  /** What stood there before this transaction. */
  readonly before: AnyObject | undefined;
  /** What stands there now. */
  after: AnyObject | undefined;
}

/**
 * One transaction over a pending state. It works in place; `undo` takes everything back. What
 * it writes carries `pendingVersion`, a number below zero that no caller can know.
 */
export class Transaction implements WriteTransaction {
  readonly #state: State;
  readonly #pendingVersion: number;
  readonly #check: ChangeCheck | undefined;
  /** One for each object, in the order of the first change. */
  readonly #changes: Change[] = [];
  /** The same by table and id, once there are many. */
  #byTable: Map<TableName, Map<string, Change>> | undefined;
  /** What iterators run on, so that a loop may change what it walks over. */
  #frozen: State | undefined;
  #isOpen = true;

  constructor(state: State, pendingVersion: number, check?: ChangeCheck) {
    this.#state = state;
    this.#pendingVersion = pendingVersion;
    this.#check = check;
  }

  get version(): number {
    return this.#state.version;
  }

  get<T extends TableName>(table: T, id: string): TableTypes[T] | undefined {
    return this.#state.get(table, id);
  }

  list<T extends TableName>(table: T, afterId?: string): Iterable<TableTypes[T]> {
    return this.#walkable().list(table, afterId);
  }

  count(table: TableName): number {
    return this.#state.count(table);
  }

  serviceByName(name: string): Service | undefined {
    return this.#state.serviceByName(name);
  }

  byName<T extends TableName>(table: T, name: string): TableTypes[T] | undefined {
    return this.#state.byName(table, name);
  }

  byIndex<T extends TableName>(
    table: T,
    index: IndexName<T>,
    key: string,
    afterId?: string,
  ): Iterable<TableTypes[T]> {
    return this.#walkable().byIndex(table, index, key, afterId);
  }

  tasksOfService(serviceId: string, afterId?: string): Iterable<Task> {
    return this.#walkable().tasksOfService(serviceId, afterId);
  }

  tasksOfNode(nodeId: string, afterId?: string): Iterable<Task> {
    return this.#walkable().tasksOfNode(nodeId, afterId);
  }

  idsWithPrefix(table: TableName, prefix: string, limit: number): readonly string[] {
    return this.#state.idsWithPrefix(table, prefix, limit);
  }

  create<T extends TableName>(table: T, object: TableTypes[T]): void {
    this.#assertOpen();
    if (object.id === '') throw new ClusterError('INVALID_ARGUMENT', `a ${table} without an id`);
    if (this.#state.get(table, object.id) !== undefined) {
      throw new ClusterError('ALREADY_EXISTS', `${table} ${object.id} already exists`, {
        details: { table, id: object.id },
      });
    }
    this.#refuseTakenName(table, object);
    this.#write(table, object.id, undefined, object);
  }

  update<T extends TableName>(table: T, object: TableTypes[T]): void {
    this.#assertOpen();
    const present = this.#existing(table, object.id);
    const version = versionOf(object);
    const change = this.#changeOf(table, object.id);
    const isOwn = change !== undefined && version === versionOfBefore(change);
    if (version !== versionOf(present) && !isOwn) {
      throw new ClusterError(
        'STALE_VERSION',
        `${table} ${shortId(object.id)} has changed since it was read: read it again and repeat`,
        { details: { table, id: object.id, basedOn: String(version) } },
      );
    }
    this.#refuseTakenName(table, object);
    this.#write(table, object.id, present, object);
  }

  remove(table: TableName, id: string): void {
    this.#assertOpen();
    this.#write(table, id, this.#existing(table, id), undefined);
  }

  /** What the transaction amounts to, one action an object. Ends it: later calls throw. */
  finish(): readonly Action[] {
    this.#isOpen = false;
    const actions: Action[] = [];
    for (const { table, before, after } of this.#changes) {
      if (after !== undefined) {
        const kind = before === undefined ? 'create' : 'update';
        actions.push({ kind, table, object: after, before });
      } else if (before !== undefined) {
        actions.push({ kind: 'remove', table, object: before });
      }
    }
    return actions;
  }

  /** Puts everything back as it was before the transaction. */
  undo(): void {
    this.#isOpen = false;
    for (const { table, id, before, after } of this.#changes.toReversed()) {
      this.#state.replace(table, id, after, before);
    }
    this.#changes.length = 0;
    this.#byTable = undefined;
  }

  #walkable(): State {
    this.#frozen ??= this.#state.clone();
    return this.#frozen;
  }

  #existing(table: TableName, id: string): AnyObject {
    const present = this.#state.get(table, id);
    if (present !== undefined) return present;
    throw new ClusterError('NOT_FOUND', `${table} ${id} does not exist`, {
      details: { table, id },
    });
  }

  #refuseTakenName(table: TableName, object: AnyObject): void {
    const name = uniqueNameOf(table, object);
    if (name === undefined) return;
    const owner = this.#state.ownerOfName(table, name);
    if (owner === undefined || owner === object.id) return;
    throw new ClusterError('ALREADY_EXISTS', `${table} ${name} already exists`, {
      details: { table, name, id: owner },
    });
  }

  #write(
    table: TableName,
    id: string,
    present: AnyObject | undefined,
    next: AnyObject | undefined,
  ): void {
    this.#check?.(table, present, next);
    const after = next === undefined ? undefined : this.#marked(present, next);
    const change = this.#changeOf(table, id);
    if (change === undefined) this.#note({ table, id, before: present, after });
    else change.after = after;
    this.#frozen = undefined;
    this.#state.replace(table, id, present, after);
  }

  #changeOf(table: TableName, id: string): Change | undefined {
    if (this.#byTable !== undefined) return this.#byTable.get(table)?.get(id);
    return this.#changes.find((change) => change.id === id && change.table === table);
  }

  #note(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length <= changesWithoutMap) return;
    if (this.#byTable !== undefined) return putInto(this.#byTable, change);
    this.#byTable = new Map();
    for (const one of this.#changes) putInto(this.#byTable, one);
  }

  #marked(present: AnyObject | undefined, next: AnyObject): AnyObject {
    const createdAtMs = present?.meta?.createdAtMs ?? 0;
    const updatedAtMs = present?.meta?.updatedAtMs ?? 0;
    return stamped(next, { version: this.#pendingVersion, createdAtMs, updatedAtMs });
  }

  #assertOpen(): void {
    if (this.#isOpen) return;
    throw new ClusterError('INTERNAL', 'a transaction was used after it had ended');
  }
}

function putInto(byTable: Map<TableName, Map<string, Change>>, change: Change): void {
  const known = byTable.get(change.table);
  if (known !== undefined) known.set(change.id, change);
  else byTable.set(change.table, new Map([[change.id, change]]));
}

function versionOfBefore(change: Change): number {
  return change.before === undefined ? 0 : versionOf(change.before);
}
