/** Commits that are refused, lost, or made without anyone hearing of it. */
import test from 'ava';
import { seededRandom } from '#lib';
import { TaskState } from '#proto';
import type { ProposalFate } from '#test/_support/faulty-replicator';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

const fates: readonly ProposalFate[] = ['commit', 'commit-unheard', 'lose', 'reject'];

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`seed ${seed}: loops whose commits go astray make no task twice`, async (t) => {
    const random = seededRandom(seed);
    let isFaulty = false;
    const fate = (): ProposalFate =>
      isFaulty ? (fates[random.below(fates.length)] ?? 'commit') : 'commit';
    const world = new OrchestrationWorld({ seed, fate });
    await world.addNodes(3);
    await world.createService(aServiceOf('web', { replicas: 12 }));
    await world.createService(aServiceOf('log', { isGlobal: true }));
    let mostWanted = 0;
    world.store.watch(() => {
      const wanted = world
        .tasks('web')
        .filter(({ desiredState }) => desiredState <= TaskState.RUNNING).length;
      mostWanted = Math.max(mostWanted, wanted);
    });
    isFaulty = true;
    world.lead();
    const isAssigned = (): boolean =>
      [...world.tasks('web'), ...world.tasks('log')].filter(({ status }) =>
        status !== undefined && status.state >= TaskState.ASSIGNED ? true : false,
      ).length === 15;
    await world.clock.until(isAssigned, 600_000, 'all tasks assigned');
    isFaulty = false;
    world.nudge();
    await world.untilRunning('web', 12);
    await world.untilRunning('log', 3);
    t.is(mostWanted, 12);
    t.is(world.tasks('web').length, 12);
  });
}
