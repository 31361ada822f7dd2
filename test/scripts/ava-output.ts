import test from 'ava';
import { AvaOutput } from '../../scripts/ava-output.ts';

function counts(
  text: string,
  code: number,
): { readonly shown: string[]; readonly end: unknown; readonly failures: readonly string[] } {
  const output = new AvaOutput();
  const shown = text.split('\n').filter((line) => output.read(line));
  return { shown, end: output.end(code), failures: output.failures };
}

test('passed tests are counted and not shown', (t) => {
  t.deepEqual(counts('\n  ✔ a › b\n  ✔ c (1.2s)\n  ─\n\n  2 tests passed', 0), {
    shown: [],
    end: { passed: 2, failed: 0 },
    failures: [],
  });
});

test('whatever went wrong is a failure', (t) => {
  const text = [
    '  ✔ b (1.2s)',
    '  ✘ [fail]: a Error thrown in test',
    '  ─',
    '  3 tests failed',
    '  1 unhandled rejection',
    '  2 uncaught exceptions',
    '  4 tests remained pending after a timeout',
  ].join('\n');
  t.deepEqual(counts(text, 1), {
    shown: ['  ✘ [fail]: a Error thrown in test'],
    end: { passed: 1, failed: 10 },
    failures: ['[fail]: a Error thrown in test'],
  });
});

test('what a test logs of a run of its own is not counted', (t) => {
  const text =
    '  ✘ [fail]: a\n    ℹ   ✔ b\n        8 tests passed\n\n    1 test failed\n\n  1 test failed';
  t.deepEqual(counts(text, 1).end, { passed: 0, failed: 1 });
});

test('a run that broke off is a failure, whatever it had counted', (t) => {
  t.deepEqual(counts('  ✔ a\nTypeError: broken', 1).end, { passed: 1, failed: 1 });
  t.deepEqual(counts('', 0).end, { passed: 0, failed: 1 });
  t.deepEqual(counts('  ✔ a\n  1 test passed', 1).end, { passed: 1, failed: 1 });
});
