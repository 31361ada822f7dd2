import type { Entry } from 'raft-ts';
import fc from 'fast-check';
import test from 'ava';
import { MemoryLog } from '../../raft/core/memory-log.ts';

const emptySnapshot = { index: 0, term: 0, membership: { members: [] } };

function entryAt(index: number, term: number, bytes = 1): Entry {
  return { index, term, kind: 'data', data: new Uint8Array(bytes) };
}

function emptyLog(): MemoryLog {
  const base = { index: 0, term: 0 };
  return new MemoryLog({ base, entries: [], snapshot: emptySnapshot, commit: 0 });
}

function logOf(terms: readonly number[]): MemoryLog {
  const log = emptyLog();
  log.append(terms.map((term, i) => entryAt(i + 1, term)));
  return log;
}

type Step =
  | { readonly kind: 'append'; readonly back: number; readonly count: number }
  | { readonly kind: 'commit'; readonly ahead: number }
  | { readonly kind: 'stable'; readonly ahead: number }
  | { readonly kind: 'compact'; readonly back: number; readonly keep: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('append' as const), back: fc.nat(4), count: fc.nat(5) }),
    fc.record({ kind: fc.constant('commit' as const), ahead: fc.nat(4) }),
    fc.record({ kind: fc.constant('stable' as const), ahead: fc.nat(6) }),
    fc.record({ kind: fc.constant('compact' as const), back: fc.nat(3), keep: fc.nat(4) }),
  ),
  { maxLength: 40 },
);

test('the log behaves like an array of terms with three marks', (t) => {
  fc.assert(
    fc.property(steps, (all) => {
      const log = emptyLog();
      const model: number[] = [0];
      let commit = 0;
      let stable = 0;
      let term = 0;
      for (const step of all) {
        const last = model.length - 1;
        if (step.kind === 'append') {
          const from = Math.max(commit, last - step.back) + 1;
          term++;
          const entries = Array.from({ length: step.count }, (_, i) => entryAt(from + i, term));
          log.append(entries);
          if (step.count > 0) {
            model.length = from;
            for (const entry of entries) model.push(entry.term);
            stable = Math.min(stable, from - 1);
          }
        } else if (step.kind === 'commit') {
          commit = Math.min(last, commit + step.ahead);
          log.commitTo(commit);
        } else if (step.kind === 'stable') {
          stable = Math.min(last, stable + step.ahead);
          log.stableTo(stable, model[stable] ?? 0);
        } else {
          const index = Math.min(commit, stable) - step.back;
          if (index < log.first) continue;
          const meta = { ...emptySnapshot, index, term: model[index] ?? 0 };
          log.compact(meta, index - step.keep);
        }
        t.deepEqual([log.last, log.commit, log.stable], [model.length - 1, commit, stable]);
        t.true(log.first - 1 <= log.snapshot.index && log.snapshot.index <= log.commit);
        for (let i = log.first - 1; i < model.length; i++) t.is(log.termOf(i), model[i]);
        t.is(log.termOf(model.length), undefined);
        t.is(log.termOf(log.first - 2), undefined);
        t.is(log.bytes, (log.last - log.first + 1) * 33);
      }
    }),
    { seed: 3 },
  );
});

test('a slice is cut at the limits but never below one entry', (t) => {
  const log = logOf([1, 1, 1, 1, 1]);
  const indexes = (bytesMax: number, countMax?: number): number[] =>
    log.slice(2, 5, bytesMax, countMax).map(({ index }) => index);
  t.deepEqual(indexes(Infinity), [2, 3, 4, 5]);
  t.deepEqual(indexes(66), [2, 3]);
  t.deepEqual(indexes(1), [2]);
  t.deepEqual(indexes(Infinity, 3), [2, 3, 4]);
  t.deepEqual(log.slice(6, 5, Infinity), []);
});

test('a write that was overtaken by a truncation makes nothing stable', (t) => {
  const log = logOf([1, 1, 1]);
  log.append([entryAt(2, 2), entryAt(3, 2)]);
  log.stableTo(3, 1);
  t.is(log.stable, 0);
  log.stableTo(3, 2);
  t.is(log.stable, 3);
});

test('a committed entry is never replaced and a gap is never made', (t) => {
  const log = logOf([1, 1]);
  log.commitTo(2);
  t.throws(() => log.append([entryAt(2, 2)]), { message: /committed entry 2/ });
  t.throws(() => log.append([entryAt(4, 2)]), { message: /gap/ });
  t.throws(() => log.commitTo(3), { message: /beyond/ });
});

test('the log with the higher last term is newer, then the longer one', (t) => {
  const log = logOf([1, 1, 2]);
  t.true(log.isUpToDate(1, 3));
  t.true(log.isUpToDate(3, 2));
  t.true(log.isUpToDate(9, 2));
  t.false(log.isUpToDate(2, 2));
  t.false(log.isUpToDate(9, 1));
});

test('a hint skips all entries of terms that the leader cannot have', (t) => {
  const log = logOf([1, 1, 4, 4, 4]);
  t.deepEqual(log.hint(5, 3), { index: 2, term: 1 });
  t.deepEqual(log.hint(9, 4), { index: 5, term: 4 });
  t.deepEqual(log.hint(3, 0), { index: 0, term: 0 });
});

test('the suffix that is kept respects count and bytes', (t) => {
  const log = logOf([1, 1, 1, 1, 1]);
  t.is(log.suffixStart(5, 2, Infinity), 4);
  t.is(log.suffixStart(5, 100, Infinity), 1);
  t.is(log.suffixStart(5, 100, 70), 4);
  t.is(log.suffixStart(5, 0, Infinity), 6);
});
