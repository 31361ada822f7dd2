/**
 * node test/sim/run.ts [--seeds N] [--seed S] [--world NAME] [--once] [--jobs N]
 *
 * Runs every world with seeds S, S+1, ... S+N-1 (default 100 from 1), each twice to compare the trace
 * hashes unless `--once`, on `--jobs` threads (default: one for each processor). What is printed does
 * not depend on the threads. Exit codes: 0 all held, 2 usage, 127 broken assertion, 128 no convergence
 * or two histories from one seed, 129 broken invariant. Of several seeds that fail the lowest is
 * printed, with its last events and the command that runs it again.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { SeedRange, SeedsReport } from './sim-runner.ts';
import { runSeedsInParallel } from './sim-pool.ts';
import { worlds } from './worlds.ts';

/** Longer runs say every so many seeds how far they are. */
const PROGRESS_SEEDS = 1000;
const exitCodes = { assertion: 127, convergence: 128, checker: 129 } as const;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    world: { type: 'string' },
    once: { type: 'boolean', default: false },
    jobs: { type: 'string', default: String(availableParallelism()) },
  },
});

function usageError(): string | null {
  const isCount = (text: string, low: number): boolean =>
    Number.isSafeInteger(Number(text)) && Number(text) >= low;
  if (!isCount(values.seeds, 1)) return '--seeds must be an integer >= 1';
  if (!isCount(values.seed, 0)) return '--seed must be an integer >= 0';
  if (!isCount(values.jobs, 1)) return '--jobs must be an integer >= 1';
  if (values.world === undefined || Object.hasOwn(worlds, values.world)) return null;
  return `no world ${values.world}; there are: ${Object.keys(worlds).join(', ')}`;
}

/** The exit code. */
function print(name: string, range: SeedRange, report: SeedsReport, seconds: string): number {
  const { failure, eventCount, runHash } = report;
  if (failure === null) {
    const hash = runHash.toString(16).padStart(8, '0');
    console.log(
      `${name}: ${range.count} seeds held, ${eventCount} events, ${seconds} s, run ${hash}`,
    );
    if (range.count === 1) console.log(`  ${report.summary}; trace ${report.traceHash}`);
    return 0;
  }
  const { seed, kind, message, cause } = failure;
  console.error(`${name}: seed ${seed} failed (${kind}): ${message}\n${cause}`);
  console.error(`again: node test/sim/run.ts --world ${name} --seeds 1 --seed ${seed}`);
  return exitCodes[kind];
}

async function runWorld(name: string): Promise<number> {
  const range = { first: Number(values.seed), count: Number(values.seeds), isTwice: !values.once };
  const started = performance.now();
  let told = 0;
  const progress = (doneCount: number): void => {
    if (doneCount - told < PROGRESS_SEEDS || doneCount === range.count) return;
    told = doneCount;
    console.error(`${name}: ${doneCount} of ${range.count} seeds`);
  };
  const report = await runSeedsInParallel(name, range, Number(values.jobs), progress);
  return print(name, range, report, ((performance.now() - started) / 1000).toFixed(1));
}

const error = usageError();
if (error !== null) {
  console.error(error);
  process.exitCode = 2;
} else {
  for (const name of values.world === undefined ? Object.keys(worlds) : [values.world]) {
    process.exitCode = await runWorld(name);
    if (process.exitCode !== 0) break;
  }
}
