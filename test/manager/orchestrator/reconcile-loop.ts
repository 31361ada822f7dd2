import test from 'ava';
import { ClusterError, seededRandom, silentLogger, silentMetrics } from '#lib';
import { ReconcileLoop } from '#manager/orchestrator/reconcile-loop';
import type { LoopOptions } from '#manager/orchestrator/reconcile-loop';
import { settle, VirtualClock } from '#test/_support/virtual-clock';

function aLoop(pass: LoopOptions['pass'], more: Partial<LoopOptions> = {}) {
  const clock = new VirtualClock();
  const calls: string[] = [];
  const loop = new ReconcileLoop({
    name: 'test',
    clock,
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
    pass: (signal) => {
      calls.push('pass');
      return pass(signal);
    },
    onFailure: () => calls.push('mark'),
    catchUp: () => {
      calls.push('catch up');
      return Promise.resolve();
    },
    ...more,
  });
  return { clock, loop, calls };
}

test('many rings before a pass are one pass', async (t) => {
  const { clock, loop, calls } = aLoop(() => Promise.resolve(0));
  loop.start();
  for (let at = 0; at < 5; at++) loop.ring();
  await clock.advance(10);
  t.deepEqual(calls, ['pass']);
  loop.ring();
  await clock.advance(10);
  t.deepEqual(calls, ['pass', 'pass']);
  await loop.stop();
});

test('a pass that fails is repeated on a state that has caught up, until it succeeds', async (t) => {
  let failures = 3;
  const { clock, loop, calls } = aLoop(() =>
    failures-- > 0
      ? Promise.reject(new ClusterError('OUTCOME_UNKNOWN', 'lost'))
      : Promise.resolve(0),
  );
  loop.start();
  await clock.advance(60_000);
  const again = ['catch up', 'mark', 'pass'];
  t.deepEqual(calls, ['pass', ...again, ...again, ...again]);
  await loop.stop();
});

test('a state that cannot catch up holds the pass back', async (t) => {
  let barriers = 0;
  const { clock, loop, calls } = aLoop(
    () => (barriers === 0 ? Promise.reject(new Error('once')) : Promise.resolve(0)),
    {
      catchUp: () =>
        ++barriers < 3 ? Promise.reject(new ClusterError('NO_LEADER', 'none')) : Promise.resolve(),
    },
  );
  loop.start();
  await clock.advance(60_000);
  t.deepEqual(calls, ['pass', 'mark', 'pass']);
  await loop.stop();
});

const rests = [
  [1, 0],
  [100, 200],
  [5_000, 1_000],
] as const;
for (const [costMs, restMs] of rests) {
  test(`after a pass that cost ${costMs} ms the next one comes ${restMs} ms later`, async (t) => {
    const times: number[] = [];
    const { clock, loop } = aLoop(() => {
      times.push(clock.monotonic());
      if (times.length === 1) loop.ring();
      return Promise.resolve(costMs);
    });
    loop.start();
    await clock.advance(10_000);
    t.deepEqual(times, [0, restMs]);
    await loop.stop();
  });
}

test('a loop that always rings itself leaves others their turn', async (t) => {
  const { clock, loop, calls } = aLoop(() => {
    loop.ring();
    return Promise.resolve(0);
  });
  loop.start();
  await settle();
  for (let turn = 0; turn < 3; turn++) t.true(await clock.step());
  t.true(calls.length > 16 && calls.length < 100, String(calls.length));
  await loop.stop();
});

test('it rings at the earliest time it was asked to', async (t) => {
  const times: number[] = [];
  const { clock, loop } = aLoop(() => {
    times.push(clock.monotonic());
    return Promise.resolve(0);
  });
  loop.start();
  await clock.advance(0);
  const now = clock.now();
  loop.ringAt(now + 500);
  loop.ringAt(now + 200);
  loop.ringAt(now + 300);
  loop.ringAt(Infinity);
  await clock.advance(1_000);
  t.deepEqual(times, [0, 200]);
  await loop.stop();
});

test('stop waits for the pass under way, and no other follows', async (t) => {
  let finish = (): void => undefined;
  const { clock, loop, calls } = aLoop(
    () =>
      new Promise((resolve) => {
        finish = () => resolve(0);
      }),
  );
  loop.start();
  await clock.advance(1);
  loop.ring();
  let isStopped = false;
  const stopped = loop.stop().then(() => {
    isStopped = true;
  });
  await clock.advance(1_000);
  t.false(isStopped);
  finish();
  await clock.resolve(stopped, 1_000);
  t.deepEqual(calls, ['pass']);
});
