/** The judge of the tests is tested too: a bug that survives must not look like one that is caught. */
import test from 'ava';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '../_support/command.ts';
import type { CommandResult } from '../_support/command.ts';
import { verdictOf } from '../../scripts/mutant-verdict.ts';
import { mutants } from '../mutants/index.ts';
import { ava, sim } from '../mutants/mutant.ts';

const script = join(import.meta.dirname, '../../scripts/mutants.ts');
const list = 'test/_support/sample-mutants.ts';

const plant = (...names: readonly string[]): Promise<CommandResult> =>
  attempt([process.execPath, script, '--list', list, ...names]);

test.serial('a bug that is caught, one that survives, and one that only breaks off', async (t) => {
  t.timeout(120_000);
  const all = await plant('half-is-a-majority', 'nothing-at-all', 'not-a-program');
  t.regex(all.stdout, /half-is-a-majority +caught/);
  t.regex(all.stdout, /\| half-is-a-majority \| .* \| test\/raft\/quorum.ts: .*majority.* \|/);
  t.regex(all.stdout, /nothing-at-all +SURVIVED/);
  t.regex(all.stdout, /not-a-program +BROKE OFF: ReferenceError/);
  t.regex(all.stdout, /1 of 3 caught/);
  t.is(all.code, 1);
});

test.serial('all caught is a success', async (t) => {
  t.timeout(120_000);
  const one = await plant('half-is-a-majority');
  t.is(one.code, 0, one.stderr);
  t.regex(one.stdout, /1 of 1 caught/);
});

test.serial('a bug whose place is gone is an error', async (t) => {
  t.timeout(120_000);
  const gone = await plant('moved-away');
  t.is(gone.code, 1);
  t.regex(gone.stderr, /moved-away: 0 times in raft\/core\/quorum.ts: no such line/);
  const unknown = await plant('nobody');
  t.is(unknown.code, 1);
  t.regex(unknown.stderr, /no mutant 'nobody'/);
});

test('every planted bug has its place and its suite, once; their names differ', (t) => {
  const root = join(import.meta.dirname, '../..');
  const text = (file: string): string => readFileSync(join(root, file), 'utf8');
  const wrong = mutants.flatMap(({ name, edits, suite }) => [
    ...edits
      .filter(({ file, find }) => text(file).split(find).length !== 2)
      .map(({ file, find }) => `${name}: not once in ${file}: ${find}`),
    ...(suite.kind === 'ava' && !existsSync(join(root, suite.file))
      ? [`${name}: ${suite.file}`]
      : []),
  ]);
  t.deepEqual(wrong, [], 'the source has moved on: let test/mutants follow');
  t.is(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  t.true(mutants.length >= 60);
});

const tests = ava('test/some.ts');
const world = sim('raft', 10);

test('a failed test is red, and named; a program that breaks off is not', (t) => {
  const block = (title: string, details: string): string =>
    `TAP version 13\nnot ok 1 - ${title}\n  ---\n${details}\n  ...\n\n# pass 0\n`;
  const of = (output: string, code = 1) => verdictOf(tests, { code, output });
  t.deepEqual(of(block('it holds', '    message: 1 is not 2')), { kind: 'red', by: 'it holds' });
  const logged = block('it holds\n#   seed 1\n#   more\n', '    message: 1 is not 2');
  t.deepEqual(of(logged), { kind: 'red', by: 'it holds' });
  t.is(of(block('it holds', '        TypeError {')).kind, 'broken');
  t.is(of(block('file:///x.ts', '    name: Error')).kind, 'broken');
  t.is(of('not ok 1 - test/some.ts exited with a non-zero exit code: 1').kind, 'broken');
  t.is(of('# pass 3\n', 0).kind, 'green');
  t.is(of('# pass 0\n', 0).kind, 'broken', 'nothing ran');
});

test('a seed that fails is red, with its number; a crash is not', (t) => {
  const of = (output: string, code: number) => verdictOf(world, { code, output });
  t.deepEqual(of('raft: seed 7 failed (checker): two leaders\n  0.1 x\n', 129), {
    kind: 'red',
    by: 'checker: two leaders',
    seeds: 7,
  });
  const stopped = 'raft: seed 7 failed (assertion): member 1 stopped: BROKEN\n  0.1 x\n';
  t.like(of(`${stopped}RaftAssertionError: commit goes back\n    at x`, 127), {
    by: 'assertion: member 1 stopped: BROKEN commit goes back',
  });
  t.is(of(`${stopped}TypeError: x is not a function\n    at x`, 127).kind, 'broken');
  t.is(of('', 137).kind, 'broken');
  t.is(of('raft: 10 seeds held, 3 events, 1 s', 0).kind, 'green');
});
