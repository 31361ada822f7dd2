import test from 'ava';
import { SchedulingSpec, SchedulingStrategy } from '#proto';
import { defaultScoring, place, scoringOf } from '#scheduler';
import { nodeOf, taskOf, viewOf } from '#test/_support/placement';

test('a cluster that says nothing of scheduling has the defaults', (t) => {
  t.deepEqual(scoringOf(undefined), defaultScoring);
  t.deepEqual(scoringOf(SchedulingSpec.create()), defaultScoring);
});

test('weights that the spec names replace the defaults, names that there are not do nothing', (t) => {
  const scoreWeights = { resources: 3, balance: 0, colour: 7 };
  const scoring = scoringOf(
    SchedulingSpec.create({ strategy: SchedulingStrategy.BINPACK, scoreWeights }),
  );
  t.deepEqual(scoring, {
    strategy: 'binpack',
    weights: { ...defaultScoring.weights, resources: 3, balance: 0 },
  });
});

test('with binpack a task goes to the fuller node, with spread to the emptier', (t) => {
  const chosen = (strategy: SchedulingStrategy): string | undefined => {
    const held = taskOf('h', {
      service: 'o',
      nodeId: 'b',
      state: 512,
      cpus: 2,
      memoryBytes: 2 ** 32,
    });
    const view = viewOf([nodeOf('a'), nodeOf('b')], [held]);
    const scoring = scoringOf(SchedulingSpec.create({ strategy }));
    const task = taskOf('t', { cpus: 1, memoryBytes: 2 ** 30 });
    return place(view, [task], { nowMs: 0, scoring }).placed[0]?.nodeId;
  };
  t.is(chosen(SchedulingStrategy.BINPACK), 'b');
  t.is(chosen(SchedulingStrategy.SPREAD), 'a');
});
