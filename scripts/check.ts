/**
 * `make check`: types, lint, format, dead code, and the tidiness test (walls, sizes, orphans).
 * Usage: check.ts [NAME...]. Exit code 1 when one fails.
 */
import { node, requireNode, run, secondsSince, tool } from './steps.ts';

const folders = ['lib', 'proto', 'raft', 'scheduler', 'manager', 'agent', 'cli', 'daemon'];

const checks: Readonly<Record<string, readonly string[]>> = {
  types: [tool('tsc'), '--noEmit'],
  lint: [tool('oxlint'), '--type-aware', '--deny-warnings', ...folders, 'scripts', 'test'],
  walls: [node, tool('ava'), 'test/tidy.ts'],
  format: [tool('biome'), 'format', '.'],
  dead: [node, tool('knip'), '--no-progress'],
};

export interface CheckResult {
  readonly name: string;
  readonly isGood: boolean;
}

/** Runs the named checks (all by default) one after the other; prints what a failed one said. */
export async function runChecks(names: readonly string[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const name of names.length > 0 ? names : Object.keys(checks)) {
    const argv = checks[name];
    if (argv === undefined)
      throw new Error(`no check '${name}': use ${Object.keys(checks).join(', ')}`);
    const startedAt = performance.now();
    const { code, output } = await run(argv);
    if (code !== 0) console.log(output.trimEnd().split('\n').slice(-60).join('\n'));
    const verdict = code === 0 ? 'good' : 'FAILED';
    console.log(`check: ${name.padEnd(7)} ${verdict} (${secondsSince(startedAt)})`);
    results.push({ name, isGood: code === 0 });
  }
  return results;
}

if (import.meta.main) {
  requireNode();
  const results = await runChecks(process.argv.slice(2));
  process.exitCode = results.every(({ isGood }) => isGood) ? 0 : 1;
}
