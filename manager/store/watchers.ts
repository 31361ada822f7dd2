import type { Ms } from '#lib';
import type { Task } from '#proto';
import type { Commit, StoreEvent, Subscription, WatchInterest } from './types.ts';

export interface WatchersOptions {
  /** Milliseconds that never go back. */
  readonly monotonic: () => Ms;
  /** A watcher threw, which it must not. */
  readonly failed: (error: unknown, commit: Commit) => void;
  /** One watcher took so long over a commit. */
  readonly took: (name: string, tookMs: Ms, commit: Commit) => void;
}

interface Watcher {
  readonly onCommit: (commit: Commit) => void;
  readonly name: string;
  /** Commits up to here are not told: it began after them. */
  readonly version: number;
}

type Groups = Map<string, Set<Watcher>>;

function serviceOf(event: StoreEvent): string | undefined {
  if (event.table === 'service') return event.object.id;
  return event.table === 'task' ? (event.object as Task).serviceId : undefined;
}

const tableOf = (event: StoreEvent): string => event.table;

function concerns(event: StoreEvent, interest: WatchInterest): boolean {
  return interest.kind === 'table'
    ? event.table === interest.table
    : serviceOf(event) === interest.serviceId;
}

/** The commit with the events of interest alone; undefined when it has none. */
export function limitTo(commit: Commit, interest: WatchInterest | undefined): Commit | undefined {
  if (interest === undefined) return commit;
  const events = commit.events.filter((event) => concerns(event, interest));
  return events.length === 0 ? undefined : { version: commit.version, events };
}

/**
 * Who is told of commits. A commit costs as much as it has events and as there are watchers that
 * want one of them, however many others there are.
 */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #all = new Set<Watcher>();
  readonly #byTable: Groups = new Map();
  readonly #byService: Groups = new Map();
  #count = 0;

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /** `version`: of the state now. */
  add(
    onCommit: (commit: Commit) => void,
    version: number,
    interest: WatchInterest | undefined,
    name: string,
  ): Subscription {
    const watcher: Watcher = { onCommit, name, version };
    this.#groupOf(interest).add(watcher);
    this.#count++;
    return { cancel: () => this.#cancel(watcher, interest) };
  }

  /** Those who want everything first, each group in the order in which they began. */
  tell(commit: Commit): void {
    this.#tellAll(this.#all, commit);
    this.#tellGroups(this.#byTable, tableOf, commit);
    this.#tellGroups(this.#byService, serviceOf, commit);
  }

  clear(): void {
    this.#all.clear();
    this.#byTable.clear();
    this.#byService.clear();
    this.#count = 0;
  }

  #groupOf(interest: WatchInterest | undefined): Set<Watcher> {
    if (interest === undefined) return this.#all;
    const [groups, key] = this.#placeOf(interest);
    const known = groups.get(key);
    if (known !== undefined) return known;
    const made = new Set<Watcher>();
    groups.set(key, made);
    return made;
  }

  #cancel(watcher: Watcher, interest: WatchInterest | undefined): void {
    const [groups, key] = interest === undefined ? [] : this.#placeOf(interest);
    const group = key === undefined ? this.#all : groups?.get(key);
    if (group?.delete(watcher) === true) this.#count--;
    if (key !== undefined && group?.size === 0) groups?.delete(key);
  }

  #placeOf(interest: WatchInterest): readonly [Groups, string] {
    return interest.kind === 'table'
      ? [this.#byTable, interest.table]
      : [this.#byService, interest.serviceId];
  }

  #tellGroups(
    groups: Groups,
    keyOf: (event: StoreEvent) => string | undefined,
    { version, events }: Commit,
  ): void {
    if (groups.size === 0) return;
    const wanted = new Map<Set<Watcher>, StoreEvent[]>();
    for (const event of events) {
      const key = keyOf(event);
      const group = key === undefined ? undefined : groups.get(key);
      if (group === undefined) continue;
      const known = wanted.get(group);
      if (known === undefined) wanted.set(group, [event]);
      else known.push(event);
    }
    for (const [group, some] of wanted) this.#tellAll(group, { version, events: some });
  }

  /** A set shows what is added while it is walked: those have the commit in their state already. */
  #tellAll(watchers: Iterable<Watcher>, commit: Commit): void {
    const { monotonic, failed, took } = this.#options;
    let startedAt = monotonic();
    for (const watcher of watchers) {
      if (watcher.version >= commit.version) continue;
      try {
        watcher.onCommit(commit);
      } catch (error) {
        failed(error, commit);
      }
      const endedAt = monotonic();
      took(watcher.name, endedAt - startedAt, commit);
      startedAt = endedAt;
    }
  }
}
