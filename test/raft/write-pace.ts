import test from 'ava';
import { WritePace } from '../../raft/log/write-pace.ts';

const small = 400;

/** So many writes, each of which takes `ms`; which of them were made in place. */
function write(pace: WritePace, count: number, ms: number, bytes = small): boolean[] {
  return Array.from({ length: count }, () => {
    const isInPlace = pace.isInPlace(bytes);
    pace.took(ms, isInPlace);
    return isInPlace;
  });
}

/** How many writes go to another thread before the next one in place, which takes `ms`. */
function rest(pace: WritePace, ms: number): number {
  for (let count = 0; ; count++) {
    const isInPlace = pace.isInPlace(small);
    pace.took(isInPlace ? ms : 0.2, isInPlace);
    if (isInPlace) return count;
  }
}

test('writes are made in place once the disk has been fast for 32 writes', (t) => {
  const pace = new WritePace();
  t.is(write(pace, 100, 0.2).indexOf(true), 32);
  t.true(write(pace, 1_000, 0.2).every(Boolean));
});

test('a disk that is not fast is never waited for in place', (t) => {
  t.false(write(new WritePace(), 1_000, 1.5).some(Boolean));
  const mixed = new WritePace();
  for (let i = 0; i < 100; i++) {
    t.false(write(mixed, 31, 0.2).some(Boolean));
    write(mixed, 1, 1.5);
  }
});

test('large writes go to another thread, and small ones stay in place beside them', (t) => {
  const pace = new WritePace();
  write(pace, 32, 0.2);
  t.deepEqual(write(pace, 3, 0.9, 4_097), [false, false, false]);
  t.deepEqual(write(pace, 3, 0.2, 4_096), [true, true, true]);
});

test('each slow write in place is followed by a longer rest', (t) => {
  const pace = new WritePace();
  t.is(rest(pace, 11), 32);
  const rests = Array.from({ length: 8 }, () => rest(pace, 11));
  t.deepEqual(
    rests,
    [256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 16_384].map((n) => n - 1),
  );
});

test('after a good time in place the next rest is a short one again', (t) => {
  const pace = new WritePace();
  rest(pace, 11);
  rest(pace, 11);
  write(pace, 512 + 4_096, 0.2);
  t.is(rest(pace, 11), 0);
  t.is(rest(pace, 11), 255);
});
