import { Pacer, assertNever } from '#lib';
import type { Clock } from '#lib';
import { Network, Node, Service, Task, WatchEvent, WatchEventKind, WatchResponse } from '#proto';
import type { AnyObject, StoreEvent, TableName } from '../store/types.ts';
import { withManagerStatus } from './manager-status.ts';
import type { ManagerReachability } from './options.ts';
import { redactService, redactTask } from './redact.ts';

/** Bytes of objects in one message; a single larger object is a message of its own. */
const messageBytesMax = 1 << 20;
/** What is made between two turns of the event loop. */
export const watchSlice = { itemsMax: 500, bytesMax: messageBytesMax } as const;

type WatchObject = NonNullable<WatchEvent['object']>;
type Members = () => readonly ManagerReachability[];

const kinds = {
  create: WatchEventKind.CREATE,
  update: WatchEventKind.UPDATE,
  remove: WatchEventKind.REMOVE,
} as const;

function shownObject(
  table: TableName,
  object: AnyObject,
  members: Members,
): WatchObject | undefined {
  switch (table) {
    case 'node':
      return { kind: 'node', node: withManagerStatus(object as Node, members()) };
    case 'service':
      return { kind: 'service', service: redactService(object as Service) };
    case 'task':
      return { kind: 'task', task: redactTask(object as Task) };
    case 'network':
      return { kind: 'network', network: object as Network };
    case 'cluster':
      return undefined;
    default:
      return assertNever(table);
  }
}

function sizeOf(object: WatchObject): number {
  switch (object.kind) {
    case 'node':
      return Node.encode(object.node).length;
    case 'service':
      return Service.encode(object.service).length;
    case 'task':
      return Task.encode(object.task).length;
    case 'network':
      return Network.encode(object.network).length;
    default:
      return assertNever(object);
  }
}

/** Events of the store as messages for one watcher: of bounded size, and made in slices. */
export class WatchMessages {
  readonly #members: Members;
  readonly #pacer: Pacer;
  readonly #signal: AbortSignal;

  constructor(clock: Clock, members: Members, signal: AbortSignal) {
    this.#members = members;
    this.#pacer = new Pacer(clock, watchSlice);
    this.#signal = signal;
  }

  /** One message at least. */
  snapshot(version: number, events: Iterable<StoreEvent>): AsyncGenerator<WatchResponse> {
    return this.#pack({ version, isSnapshot: true }, events, true);
  }

  /** No message when nothing of the commit is shown. */
  commit(version: number, events: Iterable<StoreEvent>): AsyncGenerator<WatchResponse> {
    return this.#pack({ version, isSnapshot: false }, events, false);
  }

  async *#pack(
    head: { readonly version: number; readonly isSnapshot: boolean },
    events: Iterable<StoreEvent>,
    mayBeEmpty: boolean,
  ): AsyncGenerator<WatchResponse> {
    let part: WatchEvent[] = [];
    let bytes = 0;
    for (const stored of events) {
      const object = shownObject(stored.table, stored.object, this.#members);
      if (object === undefined) continue;
      const size = sizeOf(object);
      if (part.length > 0 && bytes + size > messageBytesMax) {
        yield WatchResponse.create({ ...head, events: part, hasMore: true });
        part = [];
        bytes = 0;
      }
      part.push(WatchEvent.create({ kind: kinds[stored.kind], object }));
      bytes += size;
      if (this.#pacer.isFull(size)) await this.#pacer.pause(this.#signal);
    }
    if (part.length > 0 || mayBeEmpty) yield WatchResponse.create({ ...head, events: part });
  }
}

/** Tells how far a watcher has come that had nothing to hear of. */
export function bookmark(version: number): WatchResponse {
  return WatchResponse.create({ version });
}
