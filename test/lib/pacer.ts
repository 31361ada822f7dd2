import test from 'ava';
import { Pacer } from '#lib';
import type { Clock } from '#lib';

/** Time that goes by only when the test says so; what waits runs at once. */
class HandClock implements Clock {
  at = 0;
  now = (): number => this.at;
  monotonic = (): number => this.at;
  after = (_delayMs: number, run: () => void) => {
    queueMicrotask(run);
    return { cancel: () => undefined };
  };
}

test('a slice is full of things, or of bytes', async (t) => {
  const pacer = new Pacer(new HandClock(), { itemsMax: 3, bytesMax: 100 });
  t.deepEqual([pacer.isFull(), pacer.isFull(), pacer.isFull()], [false, false, true]);
  await pacer.pause();
  t.deepEqual([pacer.isFull(99), pacer.isFull(1)], [false, true]);
});

test('a slice that takes long is full, whatever it has counted; the next has its own time', async (t) => {
  const clock = new HandClock();
  const pacer = new Pacer(clock, { itemsMax: 100, bytesMax: Infinity });
  clock.at = 4;
  t.false(pacer.isFull());
  clock.at = 5;
  t.true(pacer.isFull());
  await pacer.pause();
  clock.at = 9;
  t.false(pacer.isFull());
  clock.at = 10;
  t.true(pacer.isFull());
});

test('a pause ends with the reason of its signal', async (t) => {
  const pacer = new Pacer(new HandClock(), { itemsMax: 1, bytesMax: Infinity });
  const ended = new AbortController();
  ended.abort(new Error('enough'));
  await t.throwsAsync(pacer.pause(ended.signal), { message: 'enough' });
});
