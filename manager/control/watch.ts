import { ClusterError, hasCode } from '#lib';
import type { Timer } from '#lib';
import type { WatchRequest, WatchResponse } from '#proto';
import type { Commit, ReadTransaction, Store, StoreEvent, Watch } from '../store/types.ts';
import { Channel, abortWith } from '../work/index.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { findService } from './refs.ts';
import { WatchMessages, bookmark } from './watch-messages.ts';

/** Commits that wait for one watcher; when full its stream ends with LIMIT_EXCEEDED. */
const watchQueueMax = 1000;
/** Watches open at once; more are refused with LIMIT_EXCEEDED. */
const watchesMax = 1000;
/** So often a watcher that heard nothing is told how far it has come, ms. */
export const bookmarkPeriodMs = 5_000;

function* presentObjects(tx: ReadTransaction, serviceId: string): Iterable<StoreEvent> {
  const old = undefined;
  const kind = 'create';
  const service = serviceId === '' ? undefined : tx.get('service', serviceId);
  if (serviceId === '') {
    for (const object of tx.list('node')) yield { kind, table: 'node', object, old };
    for (const object of tx.list('service')) yield { kind, table: 'service', object, old };
  } else if (service !== undefined) yield { kind, table: 'service', object: service, old };
  const tasks = serviceId === '' ? tx.list('task') : tx.tasksOfService(serviceId);
  for (const object of tasks) yield { kind, table: 'task', object, old };
}

interface Started extends Watch {
  readonly serviceId: string;
  /** What stands at the beginning; undefined when the watch goes on after a version. */
  readonly image: ReadTransaction | undefined;
}

/** Of one turn of the event loop: nothing is committed between its parts. */
function start(store: Store, request: WatchRequest, onCommit: (commit: Commit) => void): Started {
  const { serviceRef, fromVersion } = request;
  const isResumed = fromVersion > 0;
  const begin = (serviceId: string): Started => {
    const watch = store.watch(onCommit, {
      name: 'control',
      ...(isResumed ? { fromVersion } : {}),
      ...(serviceId === '' ? {} : { only: { kind: 'service', serviceId } }),
    });
    return { ...watch, serviceId, image: isResumed ? undefined : store.image() };
  };
  if (serviceRef === '') return begin('');
  try {
    return begin(store.view((tx) => findService(tx, serviceRef).id));
  } catch (error) {
    if (!isResumed || !hasCode(error, 'NOT_FOUND')) throw error;
    // It may have gone while the watcher was away, who has to hear of that.
    const gone = begin(serviceRef);
    if (gone.missed.length > 0) return gone;
    gone.cancel();
    throw error;
  }
}

/** Tells a watcher that is up to date, from time to time, which version it has. */
class Bookmarks {
  readonly #options: ControlOptions;
  readonly #queue: Channel<Commit>;
  #toldVersion: number;
  #timer: Timer;

  constructor(options: ControlOptions, queue: Channel<Commit>, version: number) {
    this.#options = options;
    this.#queue = queue;
    this.#toldVersion = version;
    this.#timer = this.#next();
  }

  told(version: number): void {
    this.#toldVersion = version;
  }

  stop(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#options.clock.after(bookmarkPeriodMs, () => {
      const version = this.#options.store.view((tx) => tx.version);
      // Commits that wait in the queue will tell it themselves.
      if (version > this.#toldVersion && this.#queue.length === 0) {
        this.#queue.tryPush({ version, events: [] });
        this.#toldVersion = version;
      }
      this.#timer = this.#next();
    });
  }
}

async function* messagesOf(
  messages: WatchMessages,
  watch: Started,
  queue: Channel<Commit>,
): AsyncGenerator<WatchResponse> {
  if (watch.image !== undefined)
    yield* messages.snapshot(watch.version, presentObjects(watch.image, watch.serviceId));
  else {
    for (const { version, events } of watch.missed) yield* messages.commit(version, events);
    yield bookmark(watch.version);
  }
  for await (const { version, events } of queue)
    if (events.length === 0) yield bookmark(version);
    else yield* messages.commit(version, events);
}

/** The present objects or what was missed, then every commit, in order and without gaps. */
export function watchHandlers(options: ControlOptions): Pick<ControlHandlers, 'watch'> {
  const { store, clock, managerStatus } = options;
  let open = 0;
  return {
    async *watch(request: WatchRequest, { signal }) {
      if (open >= watchesMax)
        throw new ClusterError(
          'LIMIT_EXCEEDED',
          `${watchesMax} watches are open already: close some, or try again later`,
        );
      open++;
      const queue = new Channel<Commit>(watchQueueMax);
      let watch: Started | undefined;
      let bookmarks: Bookmarks | undefined;
      const onCommit = (commit: Commit): void => {
        if (queue.tryPush(commit)) return;
        const reason = `the watch fell behind by ${watchQueueMax} commits: go on from the version`;
        queue.abort(new ClusterError('LIMIT_EXCEEDED', `${reason} that it has`));
      };
      try {
        await store.readBarrier(signal);
        watch = start(store, request, onCommit);
        bookmarks = new Bookmarks(options, queue, watch.version);
        abortWith(signal, queue as Channel<never>);
        const messages = new WatchMessages(clock, managerStatus, signal);
        for await (const message of messagesOf(messages, watch, queue)) {
          bookmarks.told(message.version);
          yield message;
        }
      } finally {
        open--;
        watch?.cancel();
        bookmarks?.stop();
        queue.abort();
      }
    },
  };
}
