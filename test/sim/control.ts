import test from 'ava';
import { controlWorld, plantedControlWorld } from './control-world.ts';
import { runSeeds } from './sim-runner.ts';
import { mendedSeeds } from './sim-seeds.ts';

const PARTS = 2;
const SEEDS_PER_PART = 10;

for (let part = 0; part < PARTS; part++) {
  const first = 1 + part * SEEDS_PER_PART;
  const last = first + SEEDS_PER_PART - 1;
  test.serial(
    `the control API is linearizable and its watches are whole, seeds ${first} to ${last}`,
    async (t) => {
      const report = await runSeeds(controlWorld, { first, count: SEEDS_PER_PART, isTwice: false });
      t.is(report.failure, null, report.failure?.message ?? '');
      t.true(report.eventCount > SEEDS_PER_PART * 1000, 'the managers did something');
    },
  );
}

for (const { seed, what } of mendedSeeds('control')) {
  test.serial(`seed ${seed} stays mended: ${what}`, async (t) => {
    const report = await runSeeds(controlWorld, { first: seed, count: 1, isTwice: false });
    t.is(report.failure, null, report.failure?.message ?? '');
  });
}

for (const plant of ['stale-read', 'blind-update', 'unknown-as-failed'] as const) {
  test.serial(`a ${plant} is found within a few seeds`, async (t) => {
    const world = plantedControlWorld(plant);
    const report = await runSeeds(world, { first: 1, count: 12, isTwice: false });
    t.is(report.failure?.kind, 'checker');
    t.regex(report.failure?.message ?? '', /is not linearizable/);
  });
}

test.serial('the same seed gives the same history of the control API', async (t) => {
  const report = await runSeeds(controlWorld, { first: 1000, count: 2, isTwice: true });
  t.is(report.failure, null, report.failure?.message ?? '');
});
