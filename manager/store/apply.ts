import { assert } from '#lib';
import type { Action, EntryTail, LoggedAction } from './action.ts';
import { stamped } from './action.ts';
import { patched } from './patch.ts';
import type { State } from './state.ts';
import type { AnyObject, StoreEvent, TableName } from './types.ts';

export type ApplyResult =
  | { readonly kind: 'applied'; readonly events: readonly StoreEvent[] }
  /** Made on a state that was not the last one: left out, on every member alike. */
  | { readonly kind: 'skipped' };

/** The event of one object's change. `old` and `object` must belong to `table`. */
export function eventOf(
  table: TableName,
  old: AnyObject | undefined,
  next: AnyObject | undefined,
): StoreEvent {
  if (next === undefined) {
    assert(old !== undefined, 'an event without an object');
    return { kind: 'remove', table, object: old, old } as StoreEvent;
  }
  const kind = old === undefined ? 'create' : 'update';
  return { kind, table, object: next, old } as StoreEvent;
}

/**
 * Whether `made`, on which the transactions behind `actions` ran, needs only the stamps of its entry: every object stands
 * in it as its action left it. One that two transactions changed does not.
 */
export function standsIn(made: State, actions: readonly Action[]): boolean {
  return actions.every(({ kind, table, object }) => {
    const expected = kind === 'remove' ? undefined : object;
    return made.get(table, object.id) === expected;
  });
}

/**
 * Changes `state` by one entry: a pure function of the state before, the version and the entry.
 * `seal` sees every object before it is stored (tests freeze them there). With `made`, in which the
 * actions stand, that becomes the state after it, and `state` stays as it is: nothing is copied a second time.
 */
export function applyEntry(
  state: State,
  version: number,
  entry: EntryTail & { readonly actions: readonly LoggedAction[] },
  seal: <T extends AnyObject>(object: T) => T,
  made?: State,
): ApplyResult {
  assert(version > state.version, `entry ${version} applied after ${state.version}`);
  if (entry.baseVersion !== state.version) return { kind: 'skipped' };
  const events: StoreEvent[] = [];
  for (const action of entry.actions) {
    const { table } = action;
    const { id } = action.object;
    const old = state.get(table, id);
    // The transaction saw this very state, so what it decided must hold.
    assert(
      (old === undefined) === (action.kind === 'create'),
      `entry ${version}: ${action.kind} of ${table} ${id} does not fit`,
    );
    if (action.kind === 'remove') {
      if (made === undefined) state.replace(table, id, old, undefined);
      events.push(eventOf(table, old, undefined));
      continue;
    }
    const object =
      action.kind === 'patch' && old !== undefined ? patched(table, old, action) : action.object;
    const createdAtMs = old?.meta?.createdAtMs ?? entry.proposedAtMs;
    const meta = { version, createdAtMs, updatedAtMs: entry.proposedAtMs };
    const next = seal(stamped(object, meta));
    if (made === undefined) state.replace(table, id, old, next);
    else made.restamp(table, id, next);
    events.push(eventOf(table, old, next));
  }
  (made ?? state).version = version;
  return { kind: 'applied', events };
}
