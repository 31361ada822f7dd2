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

type Key = string;

const tableKey = (table: string): Key => `table ${table}`;
const serviceKey = (serviceId: string): Key => `service ${serviceId}`;

function keyOf(interest: WatchInterest): Key {
  return interest.kind === 'table' ? tableKey(interest.table) : serviceKey(interest.serviceId);
}

function serviceOf(event: StoreEvent): string | undefined {
  if (event.table === 'service') return event.object.id;
  return event.table === 'task' ? (event.object as Task).serviceId : undefined;
}

/** Every key under which somebody may have asked for this event. */
function keysOf(event: StoreEvent): readonly Key[] {
  const serviceId = serviceOf(event);
  return serviceId === undefined
    ? [tableKey(event.table)]
    : [tableKey(event.table), serviceKey(serviceId)];
}

/** The commit with the events of interest alone; undefined when it has none. */
export function limitTo(commit: Commit, interest: WatchInterest | undefined): Commit | undefined {
  if (interest === undefined) return commit;
  const key = keyOf(interest);
  const events = commit.events.filter((event) => keysOf(event).includes(key));
  return events.length === 0 ? undefined : { version: commit.version, events };
}

/**
 * Who is told of commits. A commit costs as much as it has events and as there are watchers that
 * want one of them, however many others there are.
 */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #all = new Set<Watcher>();
  readonly #byKey = new Map<Key, Set<Watcher>>();
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
    const key = interest === undefined ? undefined : keyOf(interest);
    this.#setOf(key).add(watcher);
    this.#count++;
    return {
      cancel: () => {
        const set = key === undefined ? this.#all : this.#byKey.get(key);
        if (set?.delete(watcher) === true) this.#count--;
        if (key !== undefined && set?.size === 0) this.#byKey.delete(key);
      },
    };
  }

  /** Those who want everything first, each group in the order in which they began. */
  tell(commit: Commit): void {
    this.#tellAll(this.#all, commit);
    if (this.#byKey.size === 0) return;
    const wanted = new Map<Key, StoreEvent[]>();
    for (const event of commit.events)
      for (const key of keysOf(event)) {
        if (!this.#byKey.has(key)) continue;
        const events = wanted.get(key);
        if (events === undefined) wanted.set(key, [event]);
        else events.push(event);
      }
    for (const [key, events] of wanted)
      this.#tellAll(this.#byKey.get(key) ?? [], { version: commit.version, events });
  }

  clear(): void {
    this.#all.clear();
    this.#byKey.clear();
    this.#count = 0;
  }

  #setOf(key: Key | undefined): Set<Watcher> {
    if (key === undefined) return this.#all;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const made = new Set<Watcher>();
    this.#byKey.set(key, made);
    return made;
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
