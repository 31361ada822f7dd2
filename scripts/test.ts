/**
 * `make test`: checks, unit tests, simulation, then real hosts. Usage: test.ts [PART...] with the
 * parts check, unit, sim, e2e; all by default. The last line is "N passed, N failed", alone; the
 * exit code is 1 when something failed.
 */
import { createWriteStream, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AvaOutput } from './ava-output.ts';
import type { TestCounts } from './ava-output.ts';
import { runChecks } from './check.ts';
import { planE2e } from './e2e-plan.ts';
import { node, project, requireNode, run, secondsSince, tool } from './steps.ts';

/** What failed, said again at the end: between a failure and the counts stand the other parts. */
const failures: string[] = [];

/** Seeds per simulated world in one `make test`; `make sim` runs more. */
const simSeeds = 20;

async function checks(): Promise<TestCounts> {
  const results = await runChecks([]);
  const failed = results.filter(({ isGood }) => !isGood);
  failures.push(...failed.map((check) => `check: ${check.name}`));
  return { passed: results.length - failed.length, failed: failed.length };
}

/**
 * No test is silent for as long. ava has such a limit too, but looks at it once: when a test has asked for a longer one
 * just then, a file that does not end is waited for without end.
 */
const silence = { interruptAfterMs: 12 * 60_000, killAfterMs: 30_000 } as const;

/** Runs ava; its whole output is kept in build/NAME.log. */
async function ava(name: string, args: readonly string[]): Promise<TestCounts> {
  mkdirSync(join(project, 'build'), { recursive: true });
  const file = createWriteStream(join(project, `build/${name}.log`));
  const reader = new AvaOutput();
  const { code } = await run([node, tool('ava'), ...args], {
    // Hundreds of files load the same modules: each is stripped of its types and compiled once.
    env: { NO_COLOR: '1', NODE_COMPILE_CACHE: join(project, 'build/compile-cache') },
    silence,
    onLine: (line) => {
      file.write(`${line}\n`);
      if (reader.read(line)) console.log(line);
    },
  });
  file.end();
  failures.push(...reader.failures.map((failure) => `${name}: ${failure}`));
  return reader.end(code);
}

async function simulation(): Promise<TestCounts> {
  let passed = 0;
  const { code, output } = await run([node, 'test/sim/run.ts', '--seeds', String(simSeeds)], {
    onLine: (line) => {
      console.log(line);
      if (/ seeds held/.test(line)) passed++;
    },
  });
  const isGood = code === 0 && output !== '' && passed > 0;
  return { passed, failed: isGood ? 0 : 1 };
}

async function realHosts(): Promise<TestCounts> {
  if (process.getuid?.() !== 0) {
    console.log('e2e: needs root: run make test as root');
    return { passed: 0, failed: 1 };
  }
  // Bundles start in half the time of the sources, which daemons and commands of three hosts feel.
  for (const script of ['scripts/build.ts', 'scripts/make-image.ts']) {
    const made = await run([node, script]);
    if (made.code === 0) continue;
    console.log(made.output);
    return { passed: 0, failed: 1 };
  }
  const folder = 'test/e2e';
  const files = readdirSync(join(project, folder)).filter((name) => name.endsWith('.ts'));
  const { beside, alone } = planE2e(files.map((name) => `${folder}/${name}`));
  const config = ['--config', 'e2e.config.js'];
  const together = await ava('e2e', [...config, '--concurrency', '2', ...beside]);
  const apart = await ava('e2e-alone', [...config, ...alone]);
  return { passed: together.passed + apart.passed, failed: together.failed + apart.failed };
}

const parts: Readonly<Record<string, () => Promise<TestCounts>>> = {
  check: checks,
  unit: () => ava('unit', []),
  sim: simulation,
  e2e: realHosts,
};

requireNode();
const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) {
  console.error(`no part '${unknown}': use ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
const startedAt = performance.now();
let passed = 0;
let failed = 0;
for (const name of names.length > 0 ? names : Object.keys(parts)) {
  const partAt = performance.now();
  console.log(`test: ${name} ...`);
  const counts = (await parts[name]?.()) ?? { passed: 0, failed: 1 };
  passed += counts.passed;
  failed += counts.failed;
  const took = secondsSince(partAt);
  console.log(`test: ${name}: ${counts.passed} passed, ${counts.failed} failed (${took})`);
}
console.log(`test: all after ${secondsSince(startedAt)}`);
for (const failure of failures) console.log(`test: failed: ${failure}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
