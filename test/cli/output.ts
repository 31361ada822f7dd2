import test from 'ava';
import fc from 'fast-check';
import { cellWidth, renderTable, truncated } from '#cli/output/table';
import { humanBytes, humanDuration, humanMemory, shortDuration } from '#cli/output/words';
import { changedLines, progressLines } from '#cli/service/progress';
import type { ConvergenceView, PlaceView } from '#cli/service/convergence';

test('columns are as wide as their widest cell, wide characters counted', (t) => {
  t.is(
    renderTable(
      ['A', 'B'],
      [
        ['名前', 'x'],
        ['b', 'y'],
      ],
    ),
    'A      B\n名前   x\nb      y\n',
  );
});

test('control characters never reach the terminal', (t) => {
  const table = renderTable(['A'], [['\u001b[31mred\u0007\n']]);
  // oxlint-disable-next-line no-control-regex
  t.notRegex(table, /[\u0000-\u0009\u000b-\u001f]/);
  t.is(table.split('\n').length, 3);
});

test('a truncated text is never wider than asked', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      t.true(cellWidth(truncated(text, width)) <= width);
    }),
    { numRuns: 300 },
  );
});

test('durations read as docker writes them', (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [0, 'Less than a second'],
    [-5, 'Less than a second'],
    [1_000, '1 second'],
    [59_000, '59 seconds'],
    [60_000, 'About a minute'],
    [150_000, '2 minutes'],
    [3_600_000, 'About an hour'],
    [7_200_000, '2 hours'],
    [259_200_000, '3 days'],
    [1_209_600_000, '2 weeks'],
    [7_776_000_000, '3 months'],
    [94_608_000_000, '3 years'],
  ];
  for (const [durationMs, text] of cases) t.is(humanDuration(durationMs), text);
});

test('sizes have three digits and a unit', (t) => {
  t.is(humanBytes(999), '999B');
  t.is(humanBytes(1_234_567), '1.23MB');
  t.is(humanMemory(64 << 20), '64MiB');
  t.is(humanMemory(1.5 * 2 ** 30), '1.5GiB');
  t.is(shortDuration(90_000), '1m30s');
  t.is(shortDuration(0), '0s');
});

const place = (label: string, state: string, error = ''): PlaceView => ({
  label,
  state,
  error,
  isDone: state === 'running',
  isLost: false,
});

function view(places: readonly PlaceView[]): ConvergenceView {
  const done = places.filter((one) => one.isDone).length;
  return {
    exists: true,
    done,
    desired: places.length,
    places,
    isSettled: done === places.length,
    failure: undefined,
    updateMessage: '',
  };
}

test('few tasks have a line and a bar each', (t) => {
  const lines = progressLines(
    view([
      place('1/3', 'running'),
      place('2/3', 'preparing'),
      place('3/3', 'failed', 'no such image'),
    ]),
    80,
  );
  t.deepEqual(lines, [
    'overall progress: 1 out of 3 tasks',
    `1/3: running   [${'='.repeat(50)}]`,
    `2/3: preparing [${'='.repeat(28)}>${' '.repeat(21)}]`,
    '3/3: failed    no such image',
  ]);
});

test('many tasks share one bar, and their errors are counted', (t) => {
  const places = Array.from({ length: 40 }, (_, n) =>
    n < 20 ? place(`${n + 1}/40`, 'running') : place(`${n + 1}/40`, 'pending', 'no suitable node'),
  );
  t.deepEqual(progressLines(view(places), 120), [
    `overall progress: 20 out of 40 tasks [${'='.repeat(25)}>${' '.repeat(24)}]`,
    '20 tasks: no suitable node',
  ]);
});

test('no line is wider than the terminal', (t) => {
  const lines = progressLines(view([place('1/1', 'failed', 'x'.repeat(200))]), 40);
  for (const line of lines) t.true(cellWidth(line) <= 40);
});

test('on a pipe only what changed is said', (t) => {
  const first = view([place('1/2', 'new'), place('2/2', 'new')]);
  const second = view([place('1/2', 'running'), place('2/2', 'failed', 'boom')]);
  t.deepEqual(changedLines(undefined, first), ['overall progress: 0 out of 2 tasks']);
  t.deepEqual(changedLines(first, first), []);
  t.deepEqual(changedLines(first, second), [
    'overall progress: 1 out of 2 tasks',
    '2/2: failed: boom',
  ]);
  t.deepEqual(changedLines(second, second), []);
});
