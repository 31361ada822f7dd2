import { assert } from '#lib';
import type { TableName, TableTypes, UpdateResult } from '../store/types.ts';

/**
 * The object that an update has written, as it stood at the version the update committed at: what
 * the answer to a write shows. Later commits do not show in it, not even a removal; a change made
 * in the same commit does, for `meta.version` names the two together.
 */
export function committed<T extends TableName>(
  { version, events }: UpdateResult<unknown>,
  table: T,
  id: string,
): TableTypes[T] {
  const event = events.findLast(
    (one) => one.table === table && one.object.id === id && one.kind !== 'remove',
  );
  assert(event !== undefined, `${table} ${id} was not written at ${version}`);
  return event.object as TableTypes[T];
}
