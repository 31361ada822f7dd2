import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { alone, byPlan, planE2e } from '../../scripts/e2e-plan.ts';

const files = readdirSync(join(import.meta.dirname, '../e2e'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `test/e2e/${name}`);

test('every file of test/e2e runs once, and what is named is there', (t) => {
  const plan = planE2e(files);
  t.deepEqual([...plan.beside, ...plan.alone].toSorted(), files.toSorted());
  t.is(plan.alone.length, alone.length);
});

test('a name that no file has is an error', (t) => {
  const fewer = files.filter((file) => !file.endsWith('/spine.ts'));
  t.throws(() => planE2e(fewer), { message: /what is not there: spine$/ });
});

test('those that take longest begin first, the others by name', (t) => {
  const names = ['names', 'doctor-network', 'lab', 'rebalance'];
  t.deepEqual(names.toSorted(byPlan), ['rebalance', 'doctor-network', 'lab', 'names']);
});
