import test from 'ava';
import { inTurns, toldPerTurn } from '#manager/dispatcher/turns';
import { TaskState, TaskStatus } from '#proto';
import { makeTestDispatcher } from '#test/_support/dispatcher';
import { aTask } from '#test/_support/objects';
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

/** Events of the clock within which all is told that is to be. */
const turnsMax = 2_000;

test('hundreds are told of their tasks, and that reports are durable, so many in a turn', async (t) => {
  const nodes = Array.from({ length: 350 }, (_, at) => `n${at + 1}`);
  const own = await makeTestDispatcher({ nodes });
  const agents = await Promise.all(nodes.map((id) => own.join(id)));
  /** The most that one turn adds to `count`, until it is `wanted`. */
  const mostInATurn = async (count: () => number, wanted: number): Promise<number> => {
    let most = 0;
    for (let turns = 0; turns < turnsMax && count() < wanted; turns++) {
      const before = count();
      await own.clock.step();
      most = Math.max(most, count() - before);
    }
    t.is(count(), wanted, 'every agent has been told');
    return most;
  };
  const told = agents.map(({ assignments }) => assignments.length);
  const status = TaskStatus.create({ state: TaskState.ASSIGNED });
  // Many commits at one moment, as when the process has stood still.
  const written = nodes.map((nodeId) =>
    own.store.update((tx) => tx.create('task', aTask({ id: `t-${nodeId}`, nodeId, status }))),
  );
  const toldCount = (): number =>
    agents.filter(({ assignments }, at) => assignments.length > (told[at] ?? 0)).length;
  const assigned = await mostInATurn(toldCount, nodes.length);
  t.true(assigned > 1 && assigned <= toldPerTurn, `${assigned} were told in one turn`);
  await Promise.all(written);
  for (const [at, agent] of agents.entries()) agent.report(`t-${nodes[at]}`, TaskState.RUNNING);
  const acceptedCount = (): number => agents.filter(({ accepted }) => accepted.length > 0).length;
  const accepted = await mostInATurn(acceptedCount, nodes.length);
  t.true(accepted > 1 && accepted <= toldPerTurn, `${accepted} were answered in one turn`);
});
