import test from 'ava';
import { Cluster, ClusterSpec, ControlService, GetClusterResponse, PlannedMove } from '#proto';
import { RebalanceResponse, RebalanceStatus, SchedulingSpec, SchedulingStrategy } from '#proto';
import { UsageError } from '#cli/cli';
import { hasClusterFlags, withClusterFlags } from '#cli/service/cluster-flags';
import { schedulingLines } from '#cli/service/scheduling-flags';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';

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

const aMove = PlannedMove.create({
  taskName: 'web.2',
  fromHostname: 'host1',
  toHostname: 'host3',
  gain: 'service',
  reason: 'a node with fewer tasks of the service',
});

test('cluster rebalance --plan shows what would move, and asks for nothing else', async (t) => {
  const daemon = new FakeDaemon().on(ControlService.rebalance, () =>
    RebalanceResponse.create({ moves: [aMove], isWhole: true }),
  );
  const { out } = await tsctl(daemon, ['cluster', 'rebalance', '--plan']);
  t.is(
    out,
    `1 task would move:

TASK    FROM    TO      BECAUSE
web.2   host1   host3   a node with fewer tasks of the service
`,
  );
  t.deepEqual(
    daemon.requests.map(({ request }) => request),
    [{ isPlanOnly: true }],
  );
});

test('cluster rebalance waits until the leader is done, and says what is left', async (t) => {
  const status = RebalanceStatus.create({ requestedAtMs: 7 });
  const message = '1 moves are left: the disruption budget of web allows none now';
  let asked = 0;
  const daemon = new FakeDaemon()
    .on(ControlService.rebalance, () =>
      RebalanceResponse.create({ moves: [aMove], isWhole: true, status }),
    )
    .on(ControlService.getCluster, () => {
      const rebalance = ++asked < 3 ? status : { ...status, finishedAtMs: 9, moved: 1, message };
      return GetClusterResponse.create({ cluster: Cluster.create({ rebalance }) });
    });
  const { out } = await tsctl(daemon, ['cluster', 'rebalance']);
  t.true(out.startsWith('Moving 1 task, a few at a time:\n'));
  t.true(out.endsWith(`\n1 task has moved.\n${message}.\n`), out);
});
