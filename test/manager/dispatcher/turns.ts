import test from 'ava';
import { inTurns } from '#manager/dispatcher/turns';
import { makeTestDispatcher } from '#test/_support/dispatcher';
import { VirtualClock } from '#test/_support/virtual-clock';

test('the first are done at once, the others in later turns, each once and in order', async (t) => {
  const clock = new VirtualClock();
  const items = Array.from({ length: 25 }, (_, at) => at);
  const done: number[] = [];
  inTurns(clock, items, (item) => done.push(item), 10);
  t.is(done.length, 10);
  await clock.advance(1);
  t.deepEqual(done, items);
});

test('a change that all agents must hear of reaches each of hundreds', async (t) => {
  const nodes = Array.from({ length: 450 }, (_, at) => `n${at + 1}`);
  const own = await makeTestDispatcher({ nodes });
  const agents = await Promise.all(nodes.map((id) => own.join(id)));
  const before = agents.map(({ infos }) => infos.length);
  const changed = own.store.update((tx) => {
    for (const cluster of tx.list('cluster'))
      tx.update('cluster', {
        ...cluster,
        spec: cluster.spec && { ...cluster.spec, heartbeatPeriodMs: 5_000 },
      });
  });
  await own.clock.resolve(changed, 1_000);
  await own.clock.advance(100);
  for (const [at, { infos, isOpen }] of agents.entries()) {
    t.true(isOpen);
    t.is(infos.length, (before[at] ?? 0) + 1);
    t.true((infos.at(-1)?.heartbeatPeriodMs ?? 0) > 4_000);
  }
});
