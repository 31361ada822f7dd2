import { Cluster, Network, Node, Service, Task } from '#proto';
import type { MessageCodec } from '#proto';
import type { KeysOf } from './index-tree.ts';
import {
  addressesOfService,
  addressesOfTask,
  networksOfService,
  networksOfTask,
  publishedPortsOfService,
} from './network-keys.ts';

/** What every stored object has. */
interface Stored {
  readonly id: string;
}

export interface TableDefinition<T, Index extends string> {
  readonly codec: MessageCodec<T>;
  /** Unique in its table, compared without case; '' = it has none. */
  readonly nameOf?: (object: T) => string;
  /** By the name of the index. */
  readonly indexes: Readonly<Record<Index, KeysOf<T>>>;
}

function table<T extends Stored, Index extends string = never>(
  codec: MessageCodec<T>,
  how: Partial<Omit<TableDefinition<T, Index>, 'codec'>> = {},
): TableDefinition<T, Index> {
  return { indexes: {} as Readonly<Record<Index, KeysOf<T>>>, ...how, codec };
}

/**
 * Every table, in the order of snapshots, with its unique names and its indexes. A new kind of object
 * is one line here, and one in each message of store.proto.
 */
export const tables = {
  cluster: table(Cluster),
  node: table(Node, {
    indexes: { hostname: (node) => node.description?.hostname.toLowerCase() ?? '' },
  }),
  service: table(Service, {
    nameOf: (service) => service.spec?.name ?? '',
    indexes: {
      network: networksOfService,
      address: addressesOfService,
      publishedPort: publishedPortsOfService,
    },
  }),
  task: table(Task, {
    indexes: {
      service: (task) => task.serviceId,
      node: (task) => task.nodeId,
      network: networksOfTask,
      address: addressesOfTask,
    },
  }),
  network: table(Network, { nameOf: (network) => network.spec?.name ?? '' }),
} as const;

type Tables = typeof tables;
export type TableName = keyof Tables;
type ObjectTypes = {
  readonly [T in TableName]: Tables[T] extends TableDefinition<infer O, infer _> ? O : never;
};
/** What stands in each table. */
export interface TableTypes extends ObjectTypes {}
export type AnyObject = TableTypes[TableName];
/** The names of a table's indexes. */
export type IndexName<T extends TableName> = keyof Tables[T]['indexes'] & string;

export const tableNames = Object.keys(tables) as readonly TableName[];

/** A table of which only the name is known. */
export function definitionOf(name: TableName): TableDefinition<AnyObject, string> {
  return tables[name] as unknown as TableDefinition<AnyObject, string>;
}

/** The unique name of an object in its table, lower-cased; undefined where it has none. */
export function uniqueNameOf(name: TableName, object: AnyObject): string | undefined {
  const unique = definitionOf(name).nameOf?.(object) ?? '';
  return unique === '' ? undefined : unique.toLowerCase();
}
