import { ClusterError, hash32 } from '#lib';

/** One change as a watcher hears of it. `print`: equal for equal objects; of a removal ''. */
export interface WatchedEvent {
  readonly kind: 'create' | 'update' | 'remove';
  readonly key: string;
  readonly print: string;
  /** What stood there before, by what the watcher was told; undefined when it was not told. */
  readonly old?: string;
}

/** Objects by key, as prints. */
export type WatchedState = ReadonlyMap<string, string>;

function wrong(what: string): ClusterError {
  return new ClusterError('INTERNAL', what);
}

/** One text for each state, whatever the order in which it came about. */
function digest(state: WatchedState): string {
  const lines = [...state].map(([key, print]) => `${key} ${print}`);
  return lines.toSorted().join('\n');
}

/** What watchers found at each version: it must be the same for all of them. */
export class AgreedStates {
  readonly #hashes = new Map<number, { readonly hash: number; readonly who: string }>();

  get versionCount(): number {
    return this.#hashes.size;
  }

  /** Throws when another watcher had something else at `version`. */
  add(who: string, version: number, state: WatchedState): void {
    const hash = hash32(digest(state));
    const known = this.#hashes.get(version);
    if (known === undefined) this.#hashes.set(version, { hash, who });
    else if (known.hash !== hash)
      throw wrong(`at version ${version} ${who} has not what ${known.who} has`);
  }
}

/**
 * The promises of a watch (etcd's words): ordered, unique (no event twice), reliable (no gap), atomic
 * (a commit is whole). Follows one watcher from the state that it began with, and throws at the first
 * event that breaks one of them.
 */
export class WatchChecker {
  readonly #who: string;
  readonly #state: Map<string, string>;
  #version: number;
  commitCount = 0;

  constructor(who: string, version: number, state: WatchedState = new Map()) {
    this.#who = who;
    this.#version = version;
    this.#state = new Map(state);
  }

  get version(): number {
    return this.#version;
  }

  get state(): WatchedState {
    return this.#state;
  }

  /** All events of one commit, in order. */
  commit(version: number, events: readonly WatchedEvent[]): void {
    // A snapshot of the state that is there already is a commit without events.
    if (version < this.#version || (version === this.#version && events.length > 0))
      throw wrong(`${this.#who}: version ${version} came after ${this.#version}`);
    this.#version = version;
    this.commitCount++;
    for (const event of events) this.#apply(event);
  }

  isAt(present: WatchedState): boolean {
    return digest(this.#state) === digest(present);
  }

  /** Throws when the events did not lead to `present`, the state at the version heard of last. */
  mustEqual(present: WatchedState): void {
    const own = digest(this.#state);
    const other = digest(present);
    if (own === other) return;
    throw wrong(
      `${this.#who}: at version ${this.#version} the events give\n${own}\nbut there is\n${other}`,
    );
  }

  #apply({ kind, key, print, old }: WatchedEvent): void {
    const what = `${this.#who}: ${kind} of ${key} at version ${this.#version}`;
    const present = this.#state.get(key);
    if ((present === undefined) !== (kind === 'create'))
      throw wrong(`${what}, which is ${present === undefined ? 'not there' : 'there already'}`);
    if (old !== undefined && old !== present)
      throw wrong(`${what} replaces ${old}, but there was ${present}`);
    if (kind === 'update' && present === print) throw wrong(`${what} changes nothing`);
    if (kind === 'remove') this.#state.delete(key);
    else this.#state.set(key, print);
  }
}
