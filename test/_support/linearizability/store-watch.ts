/** The promises of the store's watch and of the control API's, checked while they go on. */
import { assert, assertNever } from '#lib';
import type { Commit, ReadTransaction, Store, StoreEvent, Subscription, TableName } from '#manager';
import { redactService } from '#manager/control/redact';
import { definitionOf, tableNames } from '#manager/store/tables';
import type { AnyObject } from '#manager/store/types';
import { WatchEventKind } from '#proto';
import type { Service, WatchEvent, WatchResponse } from '#proto';
import { WatchChecker } from './watch-checker.ts';
import type { AgreedStates, WatchedEvent, WatchedState } from './watch-checker.ts';

/** Objects are never changed in place, so each is printed once. */
const prints = new WeakMap<AnyObject, string>();

function printOf(table: TableName, object: AnyObject): string {
  let print = prints.get(object);
  if (print === undefined) {
    const bytes = definitionOf(table).codec.encode(object);
    print = `@${object.meta?.version} ${Buffer.from(bytes).toString('base64')}`;
    prints.set(object, print);
  }
  return print;
}

/** Every object as a print. */
export function watchedState(tx: ReadTransaction): Map<string, string> {
  const state = new Map<string, string>();
  for (const table of tableNames)
    for (const object of tx.list(table)) state.set(`${table}/${object.id}`, printOf(table, object));
  return state;
}

export function toWatched(event: StoreEvent): WatchedEvent {
  const { kind, table, object, old } = event;
  const key = `${table}/${object.id}`;
  const was = old === undefined ? {} : { old: printOf(table, old) };
  return { kind, key, print: kind === 'remove' ? '' : printOf(table, object), ...was };
}

/** What both kinds of watch show. */
function servicesOf(tx: ReadTransaction): Map<string, string> {
  const state = new Map<string, string>();
  for (const service of tx.list('service'))
    state.set(service.id, printOf('service', redactService(service)));
  return state;
}

/** Services as a watch of the control API shows them. */
export function serviceStates(services: readonly Service[]): WatchedState {
  return new Map(services.map((service) => [service.id, printOf('service', service)]));
}

export interface WatchedStates {
  readonly all: AgreedStates;
  readonly services: AgreedStates;
}

/** Follows a store from now on; `onWrong` hears of the first broken promise. */
export function watchStore(
  who: string,
  store: Store,
  agreed: WatchedStates,
  onWrong: (error: unknown) => void,
): Subscription {
  const checker = store.view((tx) => new WatchChecker(who, tx.version, watchedState(tx)));
  const heard = (commit: Commit): void => {
    checker.commit(commit.version, commit.events.map(toWatched));
    store.view((tx) => {
      assert(tx.version === commit.version, `${who}: a commit is told before it is there`);
      checker.mustEqual(watchedState(tx));
      agreed.services.add(who, tx.version, servicesOf(tx));
    });
    agreed.all.add(who, commit.version, checker.state);
  };
  const subscription = store.watch((commit) => {
    try {
      heard(commit);
    } catch (error) {
      subscription.cancel();
      onWrong(error);
    }
  });
  return subscription;
}

const kinds = {
  [WatchEventKind.CREATE]: 'create',
  [WatchEventKind.UPDATE]: 'update',
  [WatchEventKind.REMOVE]: 'remove',
} as const;

/**
 * Follows the messages of the control API's `watch`, over as many calls as go on from `version`;
 * throws at a broken promise.
 */
export class StreamChecker {
  readonly #who: string;
  readonly #agreed: AgreedStates;
  #checker: WatchChecker | undefined;
  /** The events of the commit that is under way: it may come in several messages. */
  #version = 0;
  #events: WatchedEvent[] = [];
  #isWithin = false;
  commitCount = 0;

  constructor(who: string, agreed: AgreedStates) {
    this.#who = who;
    this.#agreed = agreed;
  }

  /** What to go on from; 0 before the first snapshot was whole. */
  get version(): number {
    return this.#checker?.version ?? 0;
  }

  message({ version, isSnapshot, events, hasMore }: WatchResponse): void {
    const isFirst = this.#checker === undefined;
    assert(isSnapshot === isFirst, `${this.#who}: a snapshot comes first, and once`);
    assert(!this.#isWithin || version === this.#version, `${this.#who}: a commit came in half`);
    this.#version = version;
    this.#isWithin = hasMore;
    for (const event of events) this.#events.push(...toServiceEvent(event));
    if (!hasMore) this.#finish(isSnapshot);
  }

  /** Has heard exactly what leads to `state`. */
  has(state: WatchedState): boolean {
    return !this.#isWithin && this.#checker?.isAt(state) === true;
  }

  /** The stream has ended, perhaps within a commit, which comes again as a whole. */
  cut(): void {
    this.#isWithin = false;
    this.#events = [];
  }

  #finish(isSnapshot: boolean): void {
    this.#checker ??= new WatchChecker(this.#who, this.#version - 1);
    this.#checker.commit(this.#version, this.#events.splice(0));
    this.#agreed.add(this.#who, this.#version, this.#checker.state);
    if (!isSnapshot) this.commitCount++;
  }
}

function toServiceEvent({ kind, object }: WatchEvent): readonly WatchedEvent[] {
  switch (object?.kind) {
    case 'service': {
      const { service } = object;
      const own = kinds[kind as keyof typeof kinds];
      const print = own === 'remove' ? '' : printOf('service', service);
      return [{ kind: own, key: service.id, print }];
    }
    case 'node':
    case 'task':
    case 'network':
    case undefined:
      return [];
    default:
      return assertNever(object);
  }
}
