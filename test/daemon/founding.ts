/** What a new cluster begins with: a real daemon is asked to found one. */
import test from 'ava';
import {
  ClusterSpec,
  ControlService,
  InitRequest,
  LocalService,
  SchedulingSpec,
  SchedulingStrategy,
} from '#proto';
import { nodeManager } from '#manager/manager-node';
import { TestDaemon } from '../_support/test-daemon.ts';

test('every setting that init is given is that of the cluster, and the others have defaults', async (t) => {
  const daemon = await TestDaemon.start(t, 'one', nodeManager);
  const own = { advertiseAddress: daemon.address, listenAddress: daemon.address };
  const given = ClusterSpec.create({
    labels: { stage: 'trial' },
    snapshotInterval: 500,
    scheduling: SchedulingSpec.create({
      strategy: SchedulingStrategy.BINPACK,
      scoreWeights: { resources: 3 },
    }),
  });
  await daemon.call(LocalService.init, InitRequest.create({ ...own, spec: given }));
  const { cluster } = await daemon.call(ControlService.getCluster, {});
  t.deepEqual(cluster?.spec, {
    ...ClusterSpec.create({
      name: 'default',
      labels: given.labels,
      heartbeatPeriodMs: 1_000,
      taskHistoryLimit: 5,
      certificateLifeMs: 90 * 24 * 3_600_000,
      snapshotInterval: 500,
    }),
    scheduling: given.scheduling,
  });
});
