/** What a host has other than it should. Pure. */
import { parseKey } from './entries.ts';
import type { Entries, EntryKind } from './entries.ts';
import { taskLinkPrefix } from './names.ts';

export interface Difference {
  /** As `entryKey` makes it. */
  readonly key: string;
  /** Undefined: it should not be there. */
  readonly wanted: string | undefined;
  /** Undefined: it is not there. */
  readonly present: string | undefined;
}

/** Of these, what is there without being wanted is stale; others may be anybody's. */
const ownKinds: ReadonlySet<EntryKind> = new Set([
  'bridge',
  'vxlan',
  'address',
  'neigh',
  'fdb',
  'port',
  'element',
]);

/** By key. A task's port that is going with its link is none. */
export function differencesOf(desired: Entries, present: Entries): readonly Difference[] {
  const found: Difference[] = [];
  for (const [key, wanted] of desired)
    if (present.get(key) !== wanted) found.push({ key, wanted, present: present.get(key) });
  for (const [key, value] of present) {
    if (desired.has(key)) continue;
    const { kind } = parseKey(key);
    const isOfTask = kind === 'port' && value.startsWith(taskLinkPrefix);
    if (ownKinds.has(kind) && !isOfTask) found.push({ key, wanted: undefined, present: value });
  }
  return found.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** What both looks have alike. */
export function lasting(
  before: readonly Difference[],
  after: readonly Difference[],
): readonly Difference[] {
  const known = new Map(before.map((one) => [one.key, one]));
  return after.filter(({ key, wanted, present }) => {
    const old = known.get(key);
    return old !== undefined && old.wanted === wanted && old.present === present;
  });
}
