import { definitionOf } from './tables.ts';
import type { AnyObject, TableName } from './tables.ts';

/** Some fields of an object, and which: the number of each. */
export interface Patch {
  /** Has the id and those fields; the others are at their defaults. */
  readonly object: AnyObject;
  readonly changed: readonly number[];
}

type Fields = Readonly<Record<string, unknown>>;

/** A property of a table's objects; the fields of one oneof are one property. */
interface Property {
  readonly name: string;
  readonly number: number;
}

const neverPatched = new Set(['id', 'meta']);
const known = new Map<TableName, readonly Property[]>();

/** What can change: not the id, and `meta` is stamped by each member when it applies. */
function propertiesOf(table: TableName): readonly Property[] {
  const present = known.get(table);
  if (present !== undefined) return present;
  const byName = new Map<string, Property>();
  for (const field of definitionOf(table).codec.fields) {
    const name = field.oneof ?? field.name;
    if (!neverPatched.has(name) && !byName.has(name))
      byName.set(name, { name, number: field.number });
  }
  const properties = [...byName.values()];
  known.set(table, properties);
  return properties;
}

/**
 * What `object` has other than `before`. Transactions make an object out of the last one and leave most of its parts as they
 * are, so it is enough to ask whether a part is the very same; one that is merely equal counts as changed.
 */
export function patchOf(table: TableName, before: AnyObject, object: AnyObject): Patch {
  const was = before as unknown as Fields;
  const is = object as unknown as Fields;
  const fields: Record<string, unknown> = { id: object.id };
  const changed: number[] = [];
  for (const { name, number } of propertiesOf(table)) {
    if (Object.is(was[name], is[name])) continue;
    fields[name] = is[name];
    changed.push(number);
  }
  return { object: definitionOf(table).codec.create(fields), changed };
}

/** `before` with the patch in it; neither is changed. Numbers that this program does not know are left out. */
export function patched(table: TableName, before: AnyObject, patch: Patch): AnyObject {
  const from = patch.object as unknown as Fields;
  const next: Record<string, unknown> = { ...before };
  for (const { name, number } of propertiesOf(table))
    if (patch.changed.includes(number)) next[name] = from[name];
  return next as unknown as AnyObject;
}
