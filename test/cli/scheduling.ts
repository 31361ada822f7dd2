import test from 'ava';
import { ClusterSpec, SchedulingSpec, SchedulingStrategy } from '#proto';
import { UsageError } from '#cli/cli';
import { hasClusterFlags, withClusterFlags } from '#cli/service/cluster-flags';
import { schedulingLines } from '#cli/service/scheduling-flags';

const usage = { instanceOf: UsageError };

test('cluster update sets strategy, weights and the automatic mode, and keeps the rest', (t) => {
  const first = withClusterFlags(ClusterSpec.create({ name: 'x' }), {
    strategy: 'binpack',
    scoreWeight: ['resources=3', 'taints=0'],
  });
  t.is(first.name, 'x');
  t.deepEqual(
    first.scheduling,
    SchedulingSpec.create({
      strategy: SchedulingStrategy.BINPACK,
      scoreWeights: { resources: 3, taints: 0 },
    }),
  );
  const flags = { scoreWeight: ['taints=default'], autoRebalance: 'on' };
  t.deepEqual(schedulingLines(withClusterFlags(first, flags).scheduling), [
    ['Strategy', 'binpack'],
    ['Weights', 'resources=3'],
    ['Rebalance', 'automatic'],
  ]);
});

test('no flag of scheduling leaves the setting unset', (t) => {
  t.is(withClusterFlags(ClusterSpec.create(), { taskHistoryLimit: '2' }).scheduling, undefined);
  t.true(hasClusterFlags({ strategy: 'even' }));
  t.false(hasClusterFlags({}));
});

test('wrong flags of scheduling are named', (t) => {
  const wrong = (flags: Parameters<typeof withClusterFlags>[1]): string =>
    t.throws(() => withClusterFlags(ClusterSpec.create(), flags), usage).message;
  t.is(wrong({ strategy: 'pack' }), "--strategy 'pack': use one of even, spread, binpack");
  t.is(
    wrong({ scoreWeight: ['resources'] }),
    "--score-weight 'resources': write it as NAME=N, as in resources=3",
  );
  t.is(
    wrong({ scoreWeight: ['resources=101'] }),
    "--score-weight resources '101': use a whole number, 0 to 100",
  );
  t.is(wrong({ autoRebalance: 'yes' }), "--auto-rebalance 'yes': use one of on, off");
});
