import test from 'ava';
import type { ExecutionContext } from 'ava';
import { hasCode } from '#lib';
import {
  Service,
  TaskState,
  TaskStatus,
  WatchEventKindNames,
  WatchRequest,
  WatchResponse,
} from '#proto';
import type { Task } from '#proto';
import { bookmarkPeriodMs } from '#manager/control/watch';
import { aCall, aReadyNode, aSpec, makeTestControl, refusal } from '../../_support/control.ts';
import type { TestControl, TestControlOptions } from '../../_support/control.ts';
import { aTask } from '../../_support/objects.ts';
import { poll } from '../../_support/poll.ts';
import { VirtualClock } from '../../_support/virtual-clock.ts';

function aTaskOf(id: string, serviceId: string): Task {
  return aTask({ id, serviceId, status: TaskStatus.create({ state: TaskState.PENDING }) });
}

function idOf(event: WatchResponse['events'][number]): string {
  const { object } = event;
  if (object === undefined) return 'nothing';
  const { id } = (object as unknown as Record<string, { readonly id: string }>)[object.kind] ?? {};
  return `${WatchEventKindNames[event.kind]} ${object.kind} ${id ?? 'of unknown kind'}`;
}

async function make(options: TestControlOptions = {}): Promise<TestControl> {
  const own = await makeTestControl(options);
  await own.store.update((tx) => {
    tx.create('node', aReadyNode('n1', 'host1'));
    for (const [id, name] of [
      ['s1', 'web'],
      ['s2', 'db'],
    ] as const) {
      tx.create('service', Service.create({ id, spec: aSpec({ name }) }));
      tx.create('task', aTaskOf(`t-${id}`, id));
    }
  });
  return own;
}

/** A watch that heard its first message, or ended. It ends with the test, however that ends. */
async function open(t: ExecutionContext, own: TestControl, serviceRef = '', fromVersion = 0) {
  const messages: WatchResponse[] = [];
  const abort = new AbortController();
  const context = aCall({ kind: 'local' }, abort.signal);
  let isOver = false;
  const ended = refusal(
    (async () => {
      const request = WatchRequest.create({ serviceRef, fromVersion });
      for await (const message of own.control.watch(request, context)) messages.push(message);
    })(),
  ).finally(() => {
    isOver = true;
  });
  t.teardown(() => abort.abort());
  /** Messages are made in slices of time: how many turns of the event loop that takes is not known. */
  const heard = (count: number) =>
    poll(`${count} messages`, () => isOver || messages.length >= count, {
      everyMs: 1,
      describe: () => `there are ${messages.length}`,
    });
  const close = (): Promise<string> => {
    abort.abort();
    return ended;
  };
  await heard(1);
  return { messages, heard, close, ended };
}

test('the present objects come first, then every commit', async (t) => {
  const own = await make();
  const watch = await open(t, own);
  t.is(watch.messages.length, 1);
  t.true(watch.messages[0]?.isSnapshot);
  t.deepEqual(watch.messages[0]?.events.map(idOf), [
    'CREATE node n1',
    'CREATE service s1',
    'CREATE service s2',
    'CREATE task t-s1',
    'CREATE task t-s2',
  ]);
  const { version } = await own.store.update((tx) => {
    tx.remove('task', 't-s1');
    tx.create('task', aTaskOf('t9', 's1'));
  });
  await watch.heard(2);
  t.like(watch.messages[1], { version, isSnapshot: false });
  t.deepEqual(watch.messages[1]?.events.map(idOf), ['REMOVE task t-s1', 'CREATE task t9']);
  t.is(await watch.close(), 'CANCELLED: the caller has hung up');
});

test('a watch of a service shows it and its tasks only', async (t) => {
  const own = await make();
  const watch = await open(t, own, 'web');
  t.deepEqual(watch.messages[0]?.events.map(idOf), ['CREATE service s1', 'CREATE task t-s1']);
  await own.store.update((tx) => tx.create('task', aTaskOf('t8', 's2')));
  await own.store.update((tx) => tx.create('node', aReadyNode('n2', 'host2')));
  await own.store.update((tx) => tx.create('task', aTaskOf('t9', 's1')));
  await watch.heard(2);
  t.deepEqual(
    watch.messages.slice(1).map(({ events }) => events.map(idOf)),
    [['CREATE task t9']],
  );
  await watch.close();
});

test('an empty cluster has an empty snapshot, so that a watcher knows it has begun', async (t) => {
  const own = await makeTestControl();
  const watch = await open(t, own);
  t.like(watch.messages[0], { isSnapshot: true, events: [] });
  await watch.close();
});

test('a watch of a service that is not there is refused', async (t) => {
  const own = await make();
  t.is(
    await (await open(t, own, 'nope')).ended,
    "NOT_FOUND: service nope not found: see 'tsctl service ls'",
  );
});

test('a watcher that falls behind is sent away, and the others go on', async (t) => {
  const own = await make();
  const iterator = own.control.watch(WatchRequest.create(), aCall())[Symbol.asyncIterator]();
  await iterator.next();
  const quick = await open(t, own);
  for (let i = 0; i < 1001; i++) {
    await own.store.update((tx) => {
      tx.update('service', { ...(tx.get('service', 's1') as Service), specVersion: i + 1 });
    });
  }
  t.is(
    await refusal(Promise.resolve(iterator.next())),
    'LIMIT_EXCEEDED: the watch fell behind by 1000 commits: go on from the version that it has',
  );
  await quick.heard(1002);
  await quick.close();
});

test('a snapshot that one message cannot hold comes in several', async (t) => {
  const own = await makeTestControl();
  const ids = Array.from({ length: 30 }, (_, i) => `s${10 + i}`);
  const labels = { big: 'x'.repeat(100_000) };
  await own.store.batch(ids, (tx, id) =>
    tx.create('service', Service.create({ id, spec: aSpec({ name: id, labels }) })),
  );
  const watch = await open(t, own);
  await watch.heard(3);
  t.true(watch.messages.every((message) => message.isSnapshot));
  t.deepEqual(
    watch.messages.map((message) => message.hasMore),
    [true, true, false],
  );
  t.is(watch.messages.flatMap((message) => message.events).length, 30);
  await watch.close();
});

test('a commit that one message cannot hold says so, and only its end can be gone on from', async (t) => {
  const own = await makeTestControl();
  const watch = await open(t, own);
  const labels = { big: 'x'.repeat(100_000) };
  const { version } = await own.store.update((tx) => {
    for (let i = 0; i < 14; i++)
      tx.create('service', Service.create({ id: `s${i}`, spec: aSpec({ name: `n${i}`, labels }) }));
  });
  await watch.heard(3);
  const [, first, second] = watch.messages;
  t.like(first, { version, isSnapshot: false, hasMore: true });
  t.like(second, { version, isSnapshot: false, hasMore: false });
  t.is((first?.events.length ?? 0) + (second?.events.length ?? 0), 14);
  await watch.close();
});

const removeTask = (own: TestControl, id: string) =>
  own.store.update((tx) => tx.remove('task', id));
const createTask = (own: TestControl, id: string, serviceId: string) =>
  own.store.update((tx) => tx.create('task', aTaskOf(id, serviceId)));

test('a watch that goes on hears what it missed, then what comes, and nothing twice', async (t) => {
  const own = await make();
  const { version } = await removeTask(own, 't-s1');
  await createTask(own, 't8', 's1');
  await createTask(own, 't9', 's2');
  const watch = await open(t, own, '', version);
  const { version: last } = await removeTask(own, 't9');
  await watch.heard(4);
  t.deepEqual(
    watch.messages.map((message) => [message.version, ...message.events.map(idOf)]),
    [
      [version + 1, 'CREATE task t8'],
      [version + 2, 'CREATE task t9'],
      [version + 2],
      [last, 'REMOVE task t9'],
    ],
  );
  t.true(watch.messages.every((message) => !message.isSnapshot && !message.hasMore));
  await watch.close();
});

test('a watch of a service goes on with what is of that service', async (t) => {
  const own = await make();
  const { version } = await createTask(own, 't8', 's2');
  await createTask(own, 't9', 's1');
  await createTask(own, 'u8', 's2');
  const watch = await open(t, own, 's1', version);
  await watch.heard(2);
  t.deepEqual(
    watch.messages.map((message) => message.events.map(idOf)),
    [['CREATE task t9'], []],
  );
  t.is(watch.messages[1]?.version, version + 2);
  await watch.close();
});

test('a watch that goes on hears that its service has gone', async (t) => {
  const own = await make();
  const { version } = await removeTask(own, 't-s1');
  await own.store.update((tx) => tx.remove('service', 's1'));
  const watch = await open(t, own, 's1', version);
  t.deepEqual(watch.messages[0]?.events.map(idOf), ['REMOVE service s1']);
  await watch.close();
  const late = await open(t, own, 's1', version + 1);
  t.regex(await late.ended, /^NOT_FOUND: service s1 not found/);
});

test('a version that is not kept any more, or not known, is refused with what there is', async (t) => {
  const own = await make({ keep: { commits: 2, bytes: 1 << 20 } });
  await removeTask(own, 't-s1');
  const { version } = await removeTask(own, 't-s2');
  t.is(
    await (await open(t, own, '', version - 3)).ended,
    `VERSION_COMPACTED: the changes after version ${version - 3} are not kept any more (the oldest` +
      ` version to go on from is ${version - 2}): start again from the present state`,
  );
  t.is(
    await (await open(t, own, '', version + 1)).ended,
    `VERSION_UNKNOWN: version ${version + 1} is not known here (the newest is ${version}): start` +
      ' again from the present state',
  );
  const watch = await open(t, own, '', version - 2);
  await watch.heard(3);
  t.is(watch.messages.length, 3);
  await watch.close();
});

test('a watcher that hears nothing is told from time to time how far it has come', async (t) => {
  const clock = new VirtualClock();
  const own = await make({ clock });
  const watch = await open(t, own, 's1');
  const before = watch.messages.length;
  await clock.advance(3 * bookmarkPeriodMs);
  t.is(watch.messages.length, before, 'nothing happened at all');
  const { version } = await createTask(own, 't8', 's2');
  await clock.advance(bookmarkPeriodMs);
  t.deepEqual(watch.messages.slice(before), [WatchResponse.create({ version })]);
  await clock.advance(3 * bookmarkPeriodMs);
  t.is(watch.messages.length, before + 1, 'once is enough');
  const resumed = await open(t, own, 's1', version);
  t.deepEqual(resumed.messages, [WatchResponse.create({ version })]);
  await Promise.all([watch.close(), resumed.close()]);
});

test('whoever fell behind can go on where it was', async (t) => {
  const own = await make();
  const iterator = own.control.watch(WatchRequest.create(), aCall())[Symbol.asyncIterator]();
  const snapshot = await iterator.next();
  t.false(snapshot.done);
  const fromVersion = snapshot.value?.version ?? 0;
  for (let i = 0; i < 1001; i++)
    await own.store.update((tx) => {
      tx.update('service', { ...(tx.get('service', 's1') as Service), specVersion: i + 1 });
    });
  const error = await t.throwsAsync(async () => {
    await iterator.next();
  });
  t.true(hasCode(error, 'LIMIT_EXCEEDED'));
  const watch = await open(t, own, '', fromVersion);
  await watch.heard(1002);
  const seen = watch.messages.flatMap(({ events }) => events.map(({ object }) => object));
  t.deepEqual(
    seen.map((object) => (object?.kind === 'service' ? object.service.specVersion : 0)),
    Array.from({ length: 1001 }, (_, i) => i + 1),
  );
  await watch.close();
});
