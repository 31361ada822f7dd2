import test from 'ava';
import { TurnQueue } from '#lib';
import { handClock } from '#test/_support/hand-clock';
import { VirtualClock } from '#test/_support/virtual-clock';

/** A queue with what it has done, three in a turn. */
function queueOf(clock: VirtualClock): { queue: TurnQueue<string, number>; done: string[] } {
  const done: string[] = [];
  const queue = new TurnQueue<string, number>(clock, 3, (key, value) =>
    done.push(`${key}${value}`),
  );
  return { queue, done };
}

test('so many in a turn, however often and in how many calls they come, in order', async (t) => {
  const clock = new VirtualClock();
  const { queue, done } = queueOf(clock);
  for (const key of 'abcdefgh') queue.add(key, 1);
  t.deepEqual(done, ['a1', 'b1', 'c1']);
  t.is(queue.size, 5);
  await clock.step();
  t.deepEqual(done, ['a1', 'b1', 'c1', 'd1', 'e1', 'f1']);
  queue.add('i', 1);
  t.is(done.length, 6, 'the turn has had its share');
  await clock.advance(1);
  t.deepEqual(done.slice(6), ['g1', 'h1', 'i1']);
  queue.add('j', 1);
  t.is(done.at(-1), 'j1', 'a later turn has a share of its own');
});

test('of several values for one only the last counts, and what is deleted is not done', async (t) => {
  const clock = new VirtualClock();
  const { queue, done } = queueOf(clock);
  for (const key of 'abcdef') queue.add(key, 1);
  queue.add('e', 2);
  queue.delete('d');
  await clock.advance(1);
  t.deepEqual(done, ['a1', 'b1', 'c1', 'e2', 'f1']);
  for (const key of 'klmnop') queue.add(key, 1);
  queue.clear();
  await clock.advance(1);
  t.deepEqual(done.slice(5), ['k1', 'l1', 'm1']);
  t.is(queue.size, 0);
});

test('what is done may add more', async (t) => {
  const clock = new VirtualClock();
  const done: number[] = [];
  const queue: TurnQueue<number, number> = new TurnQueue(clock, 2, (key) => {
    done.push(key);
    if (key < 5) queue.add(key + 1, 0);
  });
  queue.add(1, 0);
  t.deepEqual(done, [1, 2]);
  await clock.advance(1);
  t.deepEqual(done, [1, 2, 3, 4, 5]);
});

test('a turn whose time is over does no more, whatever it has done', (t) => {
  const later: (() => void)[] = [];
  const clock = Object.assign(handClock(), { soon: (fn: () => void) => void later.push(fn) });
  const nextTurn = (): void => later.shift()?.();
  const done: string[] = [];
  const queue = new TurnQueue<string, number>(clock, 100, (key) => {
    done.push(key);
    clock.at += 2;
  });
  for (const key of 'abcdefg') queue.add(key, 0);
  t.deepEqual(done, ['a', 'b'], 'what was begun in time is done');
  nextTurn();
  t.deepEqual(done.slice(2), ['c', 'd']);
  clock.at += 100;
  queue.add('h', 0);
  t.is(done.length, 4, 'its time was over');
  nextTurn();
  nextTurn();
  t.deepEqual(done, 'abcdefgh'.split(''));
});
