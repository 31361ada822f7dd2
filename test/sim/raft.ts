import test from 'ava';
import { mendedSeeds } from './sim-seeds.ts';
import { clocksWorld, raftWorld } from './raft-world.ts';
import { runSeeds } from './sim-runner.ts';

// Parts, so that a failure shows early which seeds it is in; each seed is tens of milliseconds.
const PARTS = 3;
const SEEDS_PER_PART = 50;

for (let part = 0; part < PARTS; part++) {
  const first = 1 + part * SEEDS_PER_PART;
  const last = first + SEEDS_PER_PART - 1;
  test.serial(
    `the invariants of Raft hold in the worlds of seeds ${first} to ${last}`,
    async (t) => {
      const report = await runSeeds(raftWorld, { first, count: SEEDS_PER_PART, isTwice: false });
      t.is(report.failure, null, report.failure?.message ?? '');
      t.true(report.eventCount > SEEDS_PER_PART * 500, 'the worlds did something');
    },
  );
}

for (const { seed, what } of mendedSeeds('raft')) {
  test.serial(`seed ${seed} stays mended: ${what}`, async (t) => {
    const report = await runSeeds(raftWorld, { first: seed, count: 1, isTwice: false });
    t.is(report.failure, null, report.failure?.message ?? '');
  });
}

test.serial('reads by lease are right while the clocks differ by what was promised', async (t) => {
  const world = clocksWorld({ toldPerMille: 400, truePerMille: 400 });
  const report = await runSeeds(world, { first: 1, count: 20, isTwice: false });
  t.is(report.failure, null, report.failure?.message ?? '');
});

test.serial('a lease that is longer than the clocks allow is found out', async (t) => {
  const world = clocksWorld({ toldPerMille: 1, truePerMille: 600 });
  const report = await runSeeds(world, { first: 1, count: 40, isTwice: false });
  t.is(report.failure?.kind, 'checker');
  t.regex(report.failure?.message ?? '', /^a read at \d+ misses what was known/);
});

test.serial('the same seed gives the same history', async (t) => {
  const report = await runSeeds(raftWorld, { first: 1000, count: 10, isTwice: true });
  t.is(report.failure, null, report.failure?.message ?? '');
});

test.serial('another seed gives another history', async (t) => {
  const one = await raftWorld.run(1);
  const other = await raftWorld.run(2);
  t.not(one.traceHash, other.traceHash);
});
