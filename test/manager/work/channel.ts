import test from 'ava';
import { Channel, abortWith } from '#manager/work/channel';

test('items come out in order, and the end after the last of them', async (t) => {
  const channel = new Channel<number>(3);
  t.true([1, 2, 3].every((item) => channel.tryPush(item)));
  t.false(channel.tryPush(4), 'full');
  channel.end();
  t.false(channel.tryPush(5), 'closed');
  const seen: number[] = [];
  for await (const item of channel) seen.push(item);
  t.deepEqual(seen, [1, 2, 3]);
});

test('push waits for room', async (t) => {
  const channel = new Channel<number>(1);
  const order: string[] = [];
  const writing = (async () => {
    for (const item of [1, 2, 3]) {
      await channel.push(item);
      order.push(`in ${item}`);
    }
    channel.end();
  })();
  for await (const item of channel) order.push(`out ${item}`);
  await writing;
  t.deepEqual(
    order.filter((step) => step.startsWith('out')),
    ['out 1', 'out 2', 'out 3'],
  );
  t.true(order.indexOf('in 3') > order.indexOf('out 1'));
});

test('an error follows what was queued, or replaces it', async (t) => {
  const read = async (channel: Channel<number>): Promise<readonly number[]> => {
    const seen: number[] = [];
    try {
      for await (const item of channel) seen.push(item);
    } catch (error) {
      t.is((error as Error).message, 'broken');
      return [...seen, -1];
    }
    return seen;
  };
  const ended = new Channel<number>(2);
  ended.tryPush(1);
  ended.end(new Error('broken'));
  t.deepEqual(await read(ended), [1, -1]);
  const aborted = new Channel<number>(2);
  aborted.tryPush(1);
  aborted.abort(new Error('broken'));
  t.deepEqual(await read(aborted), [-1]);
});

test('a reader that leaves releases the writers and is told of', async (t) => {
  const channel = new Channel<number>(1);
  let isClosed = false;
  channel.onClose(() => {
    isClosed = true;
  });
  channel.tryPush(1);
  const waiting = channel.push(2);
  for await (const item of channel) {
    t.is(item, 1);
    break;
  }
  t.true(isClosed);
  await t.throwsAsync(
    waiting.then(() => channel.push(3)),
    { message: /hung up/ },
  );
});

test('leaving ends a read that is waiting', async (t) => {
  const channel = new Channel<number>(1);
  const iterator = channel[Symbol.asyncIterator]();
  const waiting = iterator.next();
  await iterator.return?.();
  t.true((await waiting).done);
});

test('a signal closes the channel, also one that was aborted before', async (t) => {
  const controller = new AbortController();
  const one = new Channel<never>(1);
  abortWith(controller.signal, one);
  t.false(one.isClosed);
  controller.abort();
  t.true(one.isClosed);
  const two = new Channel<never>(1);
  abortWith(controller.signal, two);
  await t.throwsAsync(two[Symbol.asyncIterator]().next(), { message: /hung up/ });
});
