import test from 'ava';
import { Alarm } from '#lib';
import { VirtualClock } from '#test/_support/virtual-clock';

test('an alarm rings once, when the most hurried wants it', async (t) => {
  const clock = new VirtualClock();
  const rungAt: number[] = [];
  const beganAt = clock.monotonic();
  const alarm = new Alarm(clock, () => rungAt.push(clock.monotonic() - beganAt));
  alarm.within(50);
  alarm.within(10);
  alarm.within(30);
  await clock.advance(100);
  t.deepEqual(rungAt, [10]);
  alarm.within(5);
  await clock.advance(100);
  t.deepEqual(rungAt, [10, 105]);
});

test('an alarm that is cancelled does not ring, and can be set again', async (t) => {
  const clock = new VirtualClock();
  let rings = 0;
  const alarm = new Alarm(clock, () => rings++);
  alarm.within(5);
  alarm.cancel();
  await clock.advance(100);
  t.is(rings, 0);
  alarm.within(5);
  await clock.advance(5);
  t.is(rings, 1);
});
