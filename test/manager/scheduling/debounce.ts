import test from 'ava';
import { Debounce } from '#manager/scheduling/debounce';
import { VirtualClock } from '#test/_support/virtual-clock';

function made(): { clock: VirtualClock; debounce: Debounce; fired: number[] } {
  const clock = new VirtualClock();
  const fired: number[] = [];
  const limits = { quietMs: 50, latestMs: 1_000 };
  const debounce = new Debounce(clock, limits, () => void fired.push(clock.monotonic()));
  return { clock, debounce, fired };
}

test('what comes after a quiet while is handled at once', async (t) => {
  const { clock, debounce, fired } = made();
  debounce.touch();
  t.deepEqual(fired, [0]);
  await clock.advance(50);
  debounce.touch();
  t.deepEqual(fired, [0, 50]);
});

test('what comes in quick succession is gathered until nothing came for 50 ms', async (t) => {
  const { clock, debounce, fired } = made();
  debounce.touch();
  for (let at = 0; at < 5; at++) {
    await clock.advance(20);
    debounce.touch();
  }
  t.deepEqual(fired, [0]);
  await clock.advance(1_000);
  t.deepEqual(fired, [0, 150]);
});

test('what never ends coming is handled after a second all the same', async (t) => {
  const { clock, debounce, fired } = made();
  debounce.touch();
  for (let at = 0; at < 300; at++) {
    await clock.advance(10);
    debounce.touch();
  }
  t.deepEqual(fired, [0, 1_010, 2_010]);
});

test('enough of it is handled at once, and what others handled counts', async (t) => {
  const { clock, debounce, fired } = made();
  debounce.touch();
  await clock.advance(10);
  debounce.touch(true);
  t.deepEqual(fired, [0, 10]);
  await clock.advance(10);
  debounce.touch();
  debounce.handled();
  await clock.advance(1_000);
  t.deepEqual(fired, [0, 10]);
  debounce.touch();
  await clock.advance(10);
  debounce.touch();
  debounce.stop();
  await clock.advance(1_000);
  t.deepEqual(fired, [0, 10, 1_020]);
});

test('what is worth no waiting starts it, and never prolongs it', async (t) => {
  const { clock, debounce, fired } = made();
  debounce.nudge();
  t.deepEqual(fired, [0], 'at once after a quiet while');
  await clock.advance(10);
  debounce.touch();
  for (let at = 0; at < 20; at++) {
    await clock.advance(10);
    debounce.nudge();
  }
  // Due 50 ms after the touch; the nudges after that begin again, each time for 50 ms.
  t.deepEqual(fired, [0, 60, 110, 160, 210]);
});
