import test from 'ava';
import { clusterWorld } from './cluster-world.ts';
import { runSeeds } from './sim-runner.ts';
import { mendedSeeds } from './sim-seeds.ts';

const PARTS = 4;
const SEEDS_PER_PART = 10;

for (let part = 0; part < PARTS; part++) {
  const first = 1 + part * SEEDS_PER_PART;
  const last = first + SEEDS_PER_PART - 1;
  test.serial(
    `clusters of seeds ${first} to ${last} become as desired once faults end`,
    async (t) => {
      const report = await runSeeds(clusterWorld, { first, count: SEEDS_PER_PART, isTwice: false });
      t.is(report.failure, null, report.failure?.message ?? '');
      t.true(report.eventCount > SEEDS_PER_PART * 1000, 'the clusters did something');
    },
  );
}

for (const { seed, what } of mendedSeeds('cluster'))
  test.serial(`seed ${seed} holds: ${what}`, async (t) => {
    await clusterWorld.run(seed);
    t.pass();
  });

test.serial('the same seed gives the same history of a cluster', async (t) => {
  const report = await runSeeds(clusterWorld, { first: 1000, count: 4, isTwice: true });
  t.is(report.failure, null, report.failure?.message ?? '');
});

test.serial('another seed gives another history of a cluster', async (t) => {
  const one = await clusterWorld.run(1);
  const other = await clusterWorld.run(2);
  t.not(one.traceHash, other.traceHash);
});
