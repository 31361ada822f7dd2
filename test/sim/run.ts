/**
 * node test/sim/run.ts [--seeds N] [--seed S] [--world NAME] [--once]
 *
 * Runs every world with seeds S, S+1, ... S+N-1 (default 100 from 1), each twice to compare the trace
 * hashes unless `--once`. Exit codes: 0 all held, 2 usage, 127 broken assertion, 128 no convergence
 * or two histories from one seed, 129 broken invariant. A failure prints its seed and last events.
 */
import { parseArgs } from 'node:util';
import { runSeeds } from './sim-runner.ts';
import { worlds } from './worlds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    world: { type: 'string' },
    once: { type: 'boolean', default: false },
  },
});

const count = Number(values.seeds);
const first = Number(values.seed);
const chosen = worlds.filter(({ name }) => values.world === undefined || name === values.world);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(first) || first < 0) {
  console.error('--seeds must be an integer >= 1 and --seed an integer >= 0');
  process.exitCode = 2;
} else if (chosen.length === 0) {
  console.error(
    `no world ${values.world}; there are: ${worlds.map(({ name }) => name).join(', ')}`,
  );
  process.exitCode = 2;
} else {
  for (const world of chosen) {
    const started = performance.now();
    const report = await runSeeds(world, { first, count, isTwice: !values.once });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (report.failure === null) {
      console.log(`${world.name}: ${count} seeds held, ${report.eventCount} events, ${seconds} s`);
      if (count === 1) console.log(`  ${report.summary}; trace ${report.traceHash}`);
      continue;
    }
    const { seed, kind, message } = report.failure;
    console.error(`${world.name}: seed ${seed} failed (${kind}): ${message}`);
    if (report.failure.cause !== undefined) console.error(report.failure.cause);
    console.error(`again: node test/sim/run.ts --world ${world.name} --seeds 1 --seed ${seed}`);
    process.exitCode = { assertion: 127, convergence: 128, checker: 129 }[kind];
    break;
  }
}
