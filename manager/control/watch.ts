import { ClusterError, assertNever } from '#lib';
import { Node, Service, Task, WatchEvent, WatchEventKind, WatchResponse } from '#proto';
import type { WatchRequest } from '#proto';
import type { AnyObject, ReadTransaction, StoreEvent, TableName } from '../store/types.ts';
import { Channel, abortWith } from '../work/index.ts';
import { withManagerStatus } from './manager-status.ts';
import type { ControlHandlers, ControlOptions, ManagerReachability } from './options.ts';
import { redactService, redactTask } from './redact.ts';
import { findService } from './refs.ts';

/** Messages that wait for one watcher; when full its stream ends with LIMIT_EXCEEDED. */
const watchQueueMax = 1000;
/** Watches open at once; more are refused with LIMIT_EXCEEDED. */
const watchesMax = 1000;
/** Bytes of objects in one message. */
const messageBytesMax = 1 << 20;

type WatchObject = NonNullable<WatchEvent['object']>;

const kinds = {
  create: WatchEventKind.CREATE,
  update: WatchEventKind.UPDATE,
  remove: WatchEventKind.REMOVE,
} as const;

function shownObject(
  table: TableName,
  object: AnyObject,
  members: () => readonly ManagerReachability[],
): WatchObject | undefined {
  switch (table) {
    case 'node':
      return { kind: 'node', node: withManagerStatus(object as Node, members()) };
    case 'service':
      return { kind: 'service', service: redactService(object as Service) };
    case 'task':
      return { kind: 'task', task: redactTask(object as Task) };
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
    default:
      return assertNever(object);
  }
}

function* inMessages(
  version: number,
  isSnapshot: boolean,
  events: Iterable<WatchEvent>,
): Iterable<WatchResponse> {
  let part: WatchEvent[] = [];
  let bytes = 0;
  let isFirst = true;
  for (const event of events) {
    const size = event.object === undefined ? 0 : sizeOf(event.object);
    if (part.length > 0 && bytes + size > messageBytesMax) {
      yield WatchResponse.create({ version, isSnapshot, events: part });
      isFirst = false;
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += size;
  }
  if (part.length > 0 || (isSnapshot && isFirst))
    yield WatchResponse.create({ version, isSnapshot, events: part });
}

function isOfService(table: TableName, object: AnyObject, serviceId: string): boolean {
  if (serviceId === '') return true;
  if (table === 'service') return object.id === serviceId;
  return table === 'task' && (object as Task).serviceId === serviceId;
}

function* presentObjects(tx: ReadTransaction, serviceId: string): Iterable<[TableName, AnyObject]> {
  const service = serviceId === '' ? undefined : tx.get('service', serviceId);
  if (serviceId === '') {
    for (const node of tx.list('node')) yield ['node', node];
    for (const each of tx.list('service')) yield ['service', each];
  } else if (service !== undefined) yield ['service', service];
  const tasks = serviceId === '' ? tx.list('task') : tx.tasksOfService(serviceId);
  for (const task of tasks) yield ['task', task];
}

/** The present objects, then every commit, in order and without gaps. */
export function watchHandlers(options: ControlOptions): Pick<ControlHandlers, 'watch'> {
  const { store } = options;
  const members = options.managerStatus;
  let open = 0;

  const toEvent = (event: StoreEvent, serviceId: string): WatchEvent | undefined => {
    if (!isOfService(event.table, event.object, serviceId)) return undefined;
    const object = shownObject(event.table, event.object, members);
    return object === undefined
      ? undefined
      : WatchEvent.create({ kind: kinds[event.kind], object });
  };

  const snapshot = (tx: ReadTransaction, serviceId: string): WatchResponse[] => {
    const events: WatchEvent[] = [];
    for (const [table, object] of presentObjects(tx, serviceId)) {
      const shown = shownObject(table, object, members);
      if (shown !== undefined)
        events.push(WatchEvent.create({ kind: WatchEventKind.CREATE, object: shown }));
    }
    return [...inMessages(tx.version, true, events)];
  };

  return {
    async *watch(request: WatchRequest, context) {
      if (open >= watchesMax)
        throw new ClusterError(
          'LIMIT_EXCEEDED',
          `${watchesMax} watches are open already: close some, or try again later`,
        );
      await store.readBarrier(context.signal);
      const queue = new Channel<WatchResponse>(watchQueueMax);
      // One turn: nothing is committed between the snapshot and the subscription.
      const { first, serviceId } = store.view((tx) => {
        const id = request.serviceRef === '' ? '' : findService(tx, request.serviceRef).id;
        return { first: snapshot(tx, id), serviceId: id };
      });
      const subscription = store.watch((commit) => {
        const events: WatchEvent[] = [];
        for (const stored of commit.events) {
          const event = toEvent(stored, serviceId);
          if (event !== undefined) events.push(event);
        }
        for (const message of inMessages(commit.version, false, events))
          if (!queue.tryPush(message))
            queue.abort(
              new ClusterError(
                'LIMIT_EXCEEDED',
                `the watch fell behind by ${watchQueueMax} messages: open it again`,
              ),
            );
      });
      open++;
      abortWith(context.signal, queue as Channel<never>);
      try {
        yield* first;
        yield* queue;
      } finally {
        open--;
        subscription.cancel();
        queue.abort();
      }
    },
  };
}
