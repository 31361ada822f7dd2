/** How people name things: an id, an unambiguous beginning of one, or a name. */
import { ClusterError, hasCode, shortId } from '#lib';
import type { Network, Node, Service, Task } from '#proto';
import type { ReadTransaction, TableName } from '../store/types.ts';
import { quoted } from './invalid.ts';

const seeAlso = {
  node: 'node ls',
  service: 'service ls',
  task: 'service ps SERVICE',
  network: 'network ls',
} as const;

type Named = keyof typeof seeAlso;

function notFound(table: Named, ref: string): ClusterError {
  return new ClusterError(
    'NOT_FOUND',
    `${table} ${oneWord(ref)} not found: see 'tsctl ${seeAlso[table]}'`,
    { details: { [table]: ref.slice(0, 128) } },
  );
}

function ambiguous(table: Named, ref: string, how: string, ids: readonly string[]): ClusterError {
  return new ClusterError(
    'AMBIGUOUS_NAME',
    `${table} ${oneWord(ref)} is ambiguous: ${how} ${ids.map(shortId).join(', ')}: use an id`,
    { details: { [table]: ref } },
  );
}

function oneWord(ref: string): string {
  return /^[\w.-]{1,64}$/.test(ref) ? ref : quoted(ref);
}

function requireRef(table: Named, ref: string): void {
  if (ref === '')
    throw new ClusterError('INVALID_ARGUMENT', `no ${table} given: name one, or give its id`);
}

function idByPrefix(tx: ReadTransaction, table: Named & TableName, ref: string): string {
  const ids = tx.idsWithPrefix(table, ref, 3);
  if (ids.length > 1) throw ambiguous(table, ref, 'it begins the ids', ids);
  const [id] = ids;
  if (id === undefined) throw notFound(table, ref);
  return id;
}

/** NOT_FOUND, AMBIGUOUS_NAME, or INVALID_ARGUMENT for an empty `ref`. */
export function findService(tx: ReadTransaction, ref: string): Service {
  requireRef('service', ref);
  const found = tx.get('service', ref) ?? tx.serviceByName(ref);
  if (found !== undefined) return found;
  const service = tx.get('service', idByPrefix(tx, 'service', ref));
  if (service === undefined) throw notFound('service', ref);
  return service;
}

/** As `findService`. */
export function findNetwork(tx: ReadTransaction, ref: string): Network {
  requireRef('network', ref);
  const found = tx.get('network', ref) ?? tx.byName('network', ref);
  if (found !== undefined) return found;
  const network = tx.get('network', idByPrefix(tx, 'network', ref));
  if (network === undefined) throw notFound('network', ref);
  return network;
}

/** As `findService`; a host name that two nodes share is ambiguous. */
export function findNode(tx: ReadTransaction, ref: string): Node {
  requireRef('node', ref);
  const exact = tx.get('node', ref);
  if (exact !== undefined) return exact;
  const named = [...tx.byIndex('node', 'hostname', ref.toLowerCase())];
  if (named.length > 1)
    throw ambiguous(
      'node',
      ref,
      'that is the host name of',
      named.slice(0, 3).map((node) => node.id),
    );
  const node = named[0] ?? tx.get('node', idByPrefix(tx, 'node', ref));
  if (node === undefined) throw notFound('node', ref);
  return node;
}

const taskNamePattern = /^(.+)\.([1-9][0-9]{0,5})(?:\.([0-9a-z]{1,25}))?$/;

function taskByName(tx: ReadTransaction, ref: string): Task | undefined {
  const parts = taskNamePattern.exec(ref);
  const service = parts === null ? undefined : tx.serviceByName(parts[1] ?? '');
  if (parts === null || service === undefined) return undefined;
  const slot = Number(parts[2]);
  const prefix = parts[3] ?? '';
  let newest: Task | undefined;
  for (const task of tx.tasksOfService(service.id)) {
    if (task.slot !== slot || !task.id.startsWith(prefix)) continue;
    if (newest === undefined || isNewer(task, newest)) newest = task;
  }
  return newest;
}

function isNewer(task: Task, than: Task): boolean {
  const difference = (task.meta?.createdAtMs ?? 0) - (than.meta?.createdAtMs ?? 0);
  return difference === 0 ? task.desiredState < than.desiredState : difference > 0;
}

/** As `findService`; also `web.3` (the newest task of slot 3) and `web.3.<id>`. */
export function findTask(tx: ReadTransaction, ref: string): Task {
  requireRef('task', ref);
  const found = tx.get('task', ref) ?? taskByName(tx, ref);
  if (found !== undefined) return found;
  const task = tx.get('task', idByPrefix(tx, 'task', ref));
  if (task === undefined) throw notFound('task', ref);
  return task;
}

/** What `ref` names: a service, or else a task. NOT_FOUND for neither; otherwise as `findService`. */
export function findScope(
  tx: ReadTransaction,
  ref: string,
): { readonly service?: Service; readonly task?: Task } {
  try {
    return { service: findService(tx, ref) };
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND')) throw error;
  }
  try {
    return { task: findTask(tx, ref) };
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND')) throw error;
    throw new ClusterError(
      'NOT_FOUND',
      `no service or task is named ${quoted(ref)}: see 'tsctl service ls'`,
    );
  }
}
