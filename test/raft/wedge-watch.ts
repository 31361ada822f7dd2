import test from 'ava';
import { WedgeWatch } from '../../raft/node/wedge-watch.ts';

const limits = { tickMs: 50, writeStallMs: 1000, loopLagMs: 250, handOverPauseMs: 60_000 };

/** Ticks each of which comes so many milliseconds after the one before; the time at the end. */
function tickAll(watch: WedgeWatch, fromMs: number, gaps: readonly number[]): number {
  return gaps.reduce((nowMs, gap) => {
    watch.ticked(nowMs + gap);
    return nowMs + gap;
  }, fromMs);
}

test('a write that is out for longer than the limit is a slow disk', (t) => {
  const watch = new WedgeWatch(limits, 0);
  watch.writeBegan(100);
  t.is(watch.reason(1100), null);
  t.is(watch.reason(1101), 'slow-disk');
});

test('a write that came back is forgotten, however long it took', (t) => {
  const watch = new WedgeWatch(limits, 0);
  watch.writeBegan(0);
  watch.writeEnded();
  watch.writeBegan(5000);
  t.is(watch.reason(5900), null);
  t.false(watch.isDiskStalled(5900));
});

test('one late tick is an accident, three within ten seconds are not', (t) => {
  const watch = new WedgeWatch(limits, 0);
  let nowMs = tickAll(watch, 0, [50, 400, 50, 400]);
  t.is(watch.reason(nowMs), null);
  nowMs = tickAll(watch, nowMs, [400]);
  t.is(watch.reason(nowMs), 'late-loop');
});

test('late ticks that are long ago do not count', (t) => {
  const watch = new WedgeWatch(limits, 0);
  let nowMs = tickAll(watch, 0, [400, 400]);
  nowMs = tickAll(
    watch,
    nowMs,
    Array.from({ length: 250 }, () => 50),
  );
  nowMs = tickAll(watch, nowMs, [400]);
  t.is(watch.reason(nowMs), null);
});

test('ticks that are late by the limit are not late', (t) => {
  const watch = new WedgeWatch(limits, 0);
  t.is(watch.reason(tickAll(watch, 0, [300, 300, 300, 300])), null);
});

test('a reason is given at most once in the pause', (t) => {
  const watch = new WedgeWatch(limits, 0);
  watch.writeBegan(0);
  t.is(watch.reason(2000), 'slow-disk');
  t.is(watch.reason(61_999), null);
  t.true(watch.isDiskStalled(61_999));
  t.is(watch.reason(62_000), 'slow-disk');
});
