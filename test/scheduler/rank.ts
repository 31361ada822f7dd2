import test from 'ava';
import fc from 'fast-check';
import { place, rank, strategies } from '#scheduler';
import { defaultScoring } from '#scheduler';
import { world } from '#test/_support/placement-world';
import { nodeOf, taskOf, viewOf } from '#test/_support/placement';

const settings = { seed: 20261126, numRuns: 300 };

test('the best node is the one that a task is placed on, whatever the rules and the strategy', (t) => {
  fc.assert(
    fc.property(
      world,
      fc.constantFrom(...strategies),
      fc.boolean(),
      (given, strategy, isSpread) => {
        const view = viewOf(given.nodes);
        const scoring = { ...defaultScoring, strategy };
        for (const task of given.tasks) {
          const placement = task.spec?.placement;
          const preferences = isSpread ? ['spread=node.labels.zone'] : [];
          const wishing = {
            ...task,
            spec: { ...task.spec, placement: { ...placement, preferences } },
          } as typeof task;
          const ranking = rank(view, wishing, { nowMs: 0, scoring });
          const { placed } = place(view, [wishing], { nowMs: 0, scoring });
          t.is(ranking[0]?.nodeId, placed[0]?.nodeId);
          for (const { score, parts } of ranking)
            t.is(
              score,
              parts.reduce((sum, part) => sum + part.score * part.weight, 0),
            );
        }
      },
    ),
    settings,
  );
});

test('without scores the numbers of tasks are given, of the service first', (t) => {
  const held = [
    taskOf('h1', { nodeId: 'a', state: 512 }),
    taskOf('h2', { nodeId: 'b', state: 512, service: 'o' }),
    taskOf('h3', { nodeId: 'b', state: 512, service: 'o' }),
  ];
  const view = viewOf([nodeOf('a'), nodeOf('b'), nodeOf('c', { cpus: 0 })], held);
  const base = { parts: [], score: 0, isFaulty: false };
  t.deepEqual(rank(view, taskOf('t', { slot: 2, cpus: 1 }), { nowMs: 0 }), [
    { ...base, nodeId: 'b', serviceTaskCount: 0, taskCount: 2 },
    { ...base, nodeId: 'a', serviceTaskCount: 1, taskCount: 1 },
  ]);
});

test('with binpack every part of the score is named with its weight', (t) => {
  const view = viewOf([nodeOf('a', { taints: ['old=:PreferNoSchedule'] }), nodeOf('b')]);
  const scoring = { ...defaultScoring, strategy: 'binpack' as const };
  const [best, other] = rank(view, taskOf('t', { cpus: 1, memoryBytes: 2 ** 31 }), {
    nowMs: 0,
    scoring,
  });
  t.is(best?.nodeId, 'b');
  t.deepEqual(best?.parts, [
    { name: 'taints', score: 100, weight: 3 },
    { name: 'nodeAffinity', score: 0, weight: 2 },
    { name: 'resources', score: 25, weight: 1 },
    { name: 'balance', score: 100, weight: 1 },
  ]);
  t.is(other?.parts[0]?.score, 0);
  t.is(best?.score, 425);
});
