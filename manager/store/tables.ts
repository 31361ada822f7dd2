import { Cluster, Node, Service, Task } from '#proto';
import type { MessageCodec } from '#proto';
import type { AnyObject, TableName, TableTypes } from './types.ts';

/** Every table, in the order of snapshots. */
export const tableNames: readonly TableName[] = ['cluster', 'node', 'service', 'task'];

/** How the objects of each table are encoded. */
export const tableCodecs: { readonly [T in TableName]: MessageCodec<TableTypes[T]> } = {
  cluster: Cluster,
  node: Node,
  service: Service,
  task: Task,
};

/** The unique name of an object in its table, lower-cased; undefined where it has none. */
export function uniqueNameOf(table: TableName, object: AnyObject): string | undefined {
  if (table !== 'service') return undefined;
  const name = (object as Service).spec?.name ?? '';
  return name === '' ? undefined : name.toLowerCase();
}
