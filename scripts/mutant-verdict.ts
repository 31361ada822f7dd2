/** Reads what a suite printed: did it find the bug, and by what? */
import type { RunResult } from './steps.ts';
import type { Suite } from '../test/mutants/mutant.ts';

export type Verdict =
  | { readonly kind: 'green' }
  /** An assertion failed. `by`: its test or invariant; `seeds`: how many it took, in a simulation. */
  | { readonly kind: 'red'; readonly by: string; readonly seeds?: number }
  /** The suite broke off: that says nothing about the bug. */
  | { readonly kind: 'broken'; readonly why: string };

/** Errors of a program that is wrong in itself; no assertion throws them. */
const crash = /(?:^|\s)(TypeError|ReferenceError|SyntaxError)\b[^\n]*/;
const lengthMax = 150;

const short = (text: string): string => text.trim().replaceAll(/\s+/g, ' ').slice(0, lengthMax);

export function verdictOf(suite: Suite, result: RunResult): Verdict {
  return suite.kind === 'sim' ? ofSimulation(result) : ofTests(result);
}

/** The output of `test/sim/run.ts`, which ends with 127, 128 or 129 when a seed fails. */
function ofSimulation({ code, output }: RunResult): Verdict {
  if (code === 0) return / seeds held,/.test(output) ? { kind: 'green' } : broken(output);
  const failed = /^\S+: seed (\d+) failed \((\w+)\): (.*)$/m.exec(output);
  const [, seed = '', kind = '', message = ''] = failed ?? [];
  if (failed === null || crash.test(output)) return broken(output);
  // "member 3 stopped: BROKEN" says little; what stopped it is printed as the cause.
  const cause = / stopped: /.test(message)
    ? (/^\w*(?:Error|Failure): (.*)$/m.exec(output)?.[1] ?? '')
    : '';
  return { kind: 'red', by: short(`${kind}: ${message} ${cause}`), seeds: Number(seed) };
}

/** TAP as ava prints it: one block for each test that failed, after what the test has logged. */
function ofTests({ code, output }: RunResult): Verdict {
  const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1] ?? 0);
  if (code === 0) return passed > 0 ? { kind: 'green' } : broken(output);
  // One crash among the failures, and the others may well be of the same kind: properties hide theirs.
  if (crash.test(output)) return broken(output);
  const blocks = output.matchAll(/^not ok \d+ - (.*)\n(?:#.*\n|\n)* {2}---$/gm);
  for (const [, title = ''] of blocks) {
    if (!title.startsWith('file:')) return { kind: 'red', by: short(title) };
  }
  return broken(output);
}

function broken(output: string): Verdict {
  const line = crash.exec(output)?.[0] ?? output.trim().split('\n').at(-1) ?? '';
  return { kind: 'broken', why: short(line === '' ? 'no output' : line) };
}
