/** The control API over one store, whose proposals get lost or are not heard of. */
import test from 'ava';
import { seededRandom } from '#lib';
import { aCall, makeTestControl } from '../_support/control.ts';
import { FaultyReplicator } from '../_support/faulty-replicator.ts';
import type { ProposalFate } from '../_support/faulty-replicator.ts';
import { checkHistory } from '../_support/linearizability/checker.ts';
import type { Verdict } from '../_support/linearizability/checker.ts';
import { ControlClient } from '../_support/linearizability/control-client.ts';
import type { ControlLine, Plant } from '../_support/linearizability/control-client.ts';
import { History } from '../_support/linearizability/history.ts';
import type { RegisterHistory } from '../_support/linearizability/control-client.ts';
import { registerModel } from '../_support/linearizability/register.ts';
import { makeTestStore } from '../_support/test-store.ts';
import { VirtualClock } from '../_support/virtual-clock.ts';

const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
const names = ['web-a', 'web-b'];
const fates: readonly ProposalFate[] = ['commit-unheard', 'lose', 'reject'];

/** Five users at once for two seconds, and what the checker says. */
async function run(seed: number, plant?: Plant): Promise<[Verdict, RegisterHistory]> {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const chance = random.fork('fate');
  const fate = (): ProposalFate =>
    (chance.below(4) === 0 ? fates[chance.below(fates.length)] : undefined) ?? 'commit';
  const wrap = (inner: ConstructorParameters<typeof FaultyReplicator>[0]): FaultyReplicator =>
    new FaultyReplicator(inner, fate);
  const { store } = makeTestStore({ clock, commitDelayMs: 5, wrap });
  const { control } = await clock.resolve(makeTestControl({ clock, store }), 1_000);
  const history: RegisterHistory = new History();
  const use = async (i: number): Promise<void> => {
    const own = random.fork(`client/${i}`);
    const line: ControlLine = async (call) => {
      await clock.wait(own.below(4));
      return call({ control, store }, aCall());
    };
    const client = new ControlClient({ id: `c${i}`, random: own, history, names, line, plant });
    while (clock.monotonic() < 2_000) {
      await clock.wait(1 + own.below(40));
      await client.act();
    }
  };
  await clock.resolve(Promise.all([0, 1, 2, 3, 4].map(use)), 10_000);
  return [checkHistory(registerModel, history.operations), history];
}

test('what users are told has one order, whatever becomes of proposals', async (t) => {
  for (const seed of seeds) {
    const [verdict, history] = await run(seed);
    const why = verdict.kind === 'violation' ? verdict.explanation : '';
    t.is(verdict.kind, 'linearizable', `seed ${seed}: ${why}`);
    t.true(
      history.operations.some(({ end }) => end.kind === 'unknown'),
      `seed ${seed}`,
    );
  }
});

for (const plant of ['blind-update', 'unknown-as-failed'] as const) {
  test(`a client with ${plant} is found out`, async (t) => {
    let found = 0;
    for (const seed of seeds) {
      const [verdict] = await run(seed, plant);
      if (verdict.kind === 'violation') found++;
    }
    t.true(found > seeds.length / 2, `${found} of ${seeds.length} seeds`);
  });
}
