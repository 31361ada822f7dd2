import test from 'ava';
import { Pacer } from '#lib';
import { handClock } from '../_support/hand-clock.ts';

test('a slice is full of things, or of bytes', async (t) => {
  const pacer = new Pacer(handClock(), { itemsMax: 3, bytesMax: 100 });
  t.deepEqual([pacer.isFull(), pacer.isFull(), pacer.isFull()], [false, false, true]);
  await pacer.pause();
  t.deepEqual([pacer.isFull(99), pacer.isFull(1)], [false, true]);
});

test('a slice that takes long is full, whatever it has counted; the next has its own time', async (t) => {
  const clock = handClock();
  const pacer = new Pacer(clock, { itemsMax: 100, bytesMax: Infinity });
  clock.at = 2;
  t.false(pacer.isFull());
  clock.at = 3;
  t.true(pacer.isFull());
  await pacer.pause();
  clock.at = 5;
  t.false(pacer.isFull());
  clock.at = 6;
  t.true(pacer.isFull());
});

test('a pause ends with the reason of its signal', async (t) => {
  const pacer = new Pacer(handClock(), { itemsMax: 1, bytesMax: Infinity });
  const ended = new AbortController();
  ended.abort(new Error('enough'));
  await t.throwsAsync(pacer.pause(ended.signal), { message: 'enough' });
});
