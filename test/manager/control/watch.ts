import test from 'ava';
import { Service, TaskState, TaskStatus, WatchEventKindNames } from '#proto';
import type { Task, WatchResponse } from '#proto';
import { aCall, aReadyNode, aSpec, makeTestControl, refusal } from '../../_support/control.ts';
import type { TestControl } from '../../_support/control.ts';
import { aTask } from '../../_support/objects.ts';
import { settle } from '../../_support/virtual-clock.ts';

function aTaskOf(id: string, serviceId: string): Task {
  return aTask({ id, serviceId, status: TaskStatus.create({ state: TaskState.PENDING }) });
}

function idOf(event: WatchResponse['events'][number]): string {
  const { object } = event;
  if (object === undefined) return 'nothing';
  const { id } =
    object.kind === 'node' ? object.node : object.kind === 'task' ? object.task : object.service;
  return `${WatchEventKindNames[event.kind]} ${object.kind} ${id}`;
}

async function make(): Promise<TestControl> {
  const own = await makeTestControl();
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

async function open(own: TestControl, serviceRef = '') {
  const messages: WatchResponse[] = [];
  const abort = new AbortController();
  const context = aCall({ kind: 'local' }, abort.signal);
  const ended = refusal(
    (async () => {
      for await (const message of own.control.watch({ serviceRef }, context))
        messages.push(message);
    })(),
  );
  await settle();
  return { messages, abort, ended };
}

test('the present objects come first, then every commit', async (t) => {
  const own = await make();
  const watch = await open(own);
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
  await settle();
  t.like(watch.messages[1], { version, isSnapshot: false });
  t.deepEqual(watch.messages[1]?.events.map(idOf), ['REMOVE task t-s1', 'CREATE task t9']);
  watch.abort.abort();
  t.is(await watch.ended, 'CANCELLED: the caller has hung up');
});

test('a watch of a service shows it and its tasks only', async (t) => {
  const own = await make();
  const watch = await open(own, 'web');
  t.deepEqual(watch.messages[0]?.events.map(idOf), ['CREATE service s1', 'CREATE task t-s1']);
  await own.store.update((tx) => tx.create('task', aTaskOf('t8', 's2')));
  await own.store.update((tx) => tx.create('node', aReadyNode('n2', 'host2')));
  await own.store.update((tx) => tx.create('task', aTaskOf('t9', 's1')));
  await settle();
  t.deepEqual(
    watch.messages.slice(1).map(({ events }) => events.map(idOf)),
    [['CREATE task t9']],
  );
  watch.abort.abort();
  await watch.ended;
});

test('an empty cluster has an empty snapshot, so that a watcher knows it has begun', async (t) => {
  const own = await makeTestControl();
  const watch = await open(own);
  t.like(watch.messages[0], { isSnapshot: true, events: [] });
  watch.abort.abort();
  await watch.ended;
});

test('a watch of a service that is not there is refused', async (t) => {
  const own = await make();
  t.is(
    await (await open(own, 'nope')).ended,
    "NOT_FOUND: service nope not found: see 'tsctl service ls'",
  );
});

test('a watcher that falls behind is sent away, and the others go on', async (t) => {
  const own = await make();
  const iterator = own.control.watch({ serviceRef: '' }, aCall())[Symbol.asyncIterator]();
  await iterator.next();
  const quick = await open(own);
  for (let i = 0; i < 1001; i++) {
    await own.store.update((tx) => {
      tx.update('service', { ...(tx.get('service', 's1') as Service), specVersion: i + 1 });
    });
  }
  t.is(
    await refusal(Promise.resolve(iterator.next())),
    'LIMIT_EXCEEDED: the watch fell behind by 1000 messages: open it again',
  );
  await settle();
  t.is(quick.messages.length, 1002);
  quick.abort.abort();
  await quick.ended;
});

test('a snapshot that one message cannot hold comes in several', async (t) => {
  const own = await makeTestControl();
  const ids = Array.from({ length: 30 }, (_, i) => `s${10 + i}`);
  const labels = { big: 'x'.repeat(100_000) };
  await own.store.batch(ids, (tx, id) =>
    tx.create('service', Service.create({ id, spec: aSpec({ name: id, labels }) })),
  );
  const watch = await open(own);
  t.is(watch.messages.length, 3);
  t.true(watch.messages.every((message) => message.isSnapshot));
  t.is(watch.messages.flatMap((message) => message.events).length, 30);
  watch.abort.abort();
  await watch.ended;
});
