import { assert } from '#lib';
import { Meta, StoreAction, StoreActionKind, StoreEntry } from '#proto';
import { patchOf } from './patch.ts';
import type { Patch } from './patch.ts';
import { definitionOf } from './tables.ts';
import type { AnyObject, TableName } from './types.ts';

/** One change of one object, as a transaction made it. For `remove` only the object's id counts. */
export interface Action {
  readonly kind: 'create' | 'update' | 'remove';
  readonly table: TableName;
  readonly object: AnyObject;
  /** Of an update: what it was made from. Only what is not the same travels; without it, everything. */
  readonly before?: AnyObject | undefined;
}

/** One change as an entry carries it. */
export type LoggedAction = Action | ({ readonly kind: 'patch'; readonly table: TableName } & Patch);

const wireKinds = {
  create: StoreActionKind.CREATE,
  update: StoreActionKind.UPDATE,
  remove: StoreActionKind.REMOVE,
  patch: StoreActionKind.PATCH,
} as const;

/** What travels; never `meta`, which each member stamps when it applies. */
function logged(action: Action): LoggedAction {
  const { kind, table, object, before } = action;
  if (kind === 'remove')
    return { kind, table, object: definitionOf(table).codec.create({ id: object.id }) };
  if (kind === 'update' && before !== undefined)
    return { kind: 'patch', table, ...patchOf(table, before, object) };
  return { kind, table, object: { ...object, meta: undefined } };
}

type WireTarget = NonNullable<StoreAction['target']>;

/**
 * The action as bytes of a StoreEntry. The encoding of an entry is the encodings of its actions
 * one after another and then its tail, so nothing is encoded twice to learn its size.
 */
export function encodeAction(action: Action): Uint8Array {
  const what = logged(action);
  const { kind, table, object } = what;
  const target = { kind: table, [table]: object } as unknown as WireTarget;
  const changed = what.kind === 'patch' ? what.changed : [];
  return StoreEntry.encode({
    actions: [{ kind: wireKinds[kind], target, changed }],
    proposedAtMs: 0,
    baseVersion: 0,
  });
}

export interface EntryTail {
  readonly proposedAtMs: number;
  readonly baseVersion: number;
}

/** An upper bound for the bytes of the tail. */
export const entryTailBytesMax = 32;

export function joinEntry(parts: readonly Uint8Array[], tail: EntryTail): Uint8Array {
  const end = StoreEntry.encode(StoreEntry.create({ actions: [], ...tail }));
  assert(end.length <= entryTailBytesMax, 'the tail of an entry outgrew its bound');
  let size = end.length;
  for (const part of parts) size += part.length;
  const entry = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    entry.set(part, at);
    at += part.length;
  }
  entry.set(end, at);
  return entry;
}

export interface DecodedEntry extends EntryTail {
  readonly actions: readonly LoggedAction[];
}

function fromWire(wire: StoreAction): LoggedAction {
  const target = wire.target;
  // A newer program's table: members of one cluster agree on the tables before they are written.
  assert(target !== undefined, 'an entry names a table that this program does not know');
  const object = (target as unknown as Record<string, AnyObject>)[target.kind];
  assert(object !== undefined, 'an entry holds an action without an object');
  return { kind: kindOf(wire.kind), table: target.kind, object, changed: wire.changed };
}

function kindOf(kind: StoreActionKind): LoggedAction['kind'] {
  if (kind === StoreActionKind.CREATE) return 'create';
  if (kind === StoreActionKind.UPDATE) return 'update';
  if (kind === StoreActionKind.PATCH) return 'patch';
  assert(kind === StoreActionKind.REMOVE, `an entry holds an unknown kind of action: ${kind}`);
  return 'remove';
}

export function decodeEntry(bytes: Uint8Array): DecodedEntry {
  const entry = StoreEntry.decode(bytes);
  return {
    actions: entry.actions.map(fromWire),
    proposedAtMs: entry.proposedAtMs,
    baseVersion: entry.baseVersion,
  };
}

/** The version an object stands at; 0 for one that was never stored. */
export function versionOf(object: AnyObject): number {
  return object.meta?.version ?? 0;
}

/** The object with `meta` as given; the argument is not changed. */
export function stamped(object: AnyObject, meta: Meta): AnyObject {
  return { ...object, meta };
}
