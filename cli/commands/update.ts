import { ControlService, ClusterSpec } from '#proto';
import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { untilFresh } from '../service/change.ts';
import { addClusterFlags, withClusterFlags } from '../service/cluster-flags.ts';
import { unlockAdvice } from '../service/unlock-advice.ts';
import type { ClusterFlags } from '../service/cluster-flags.ts';

export const command: CommandModule = {
  configure(command, cli) {
    addClusterFlags(command);
    addExamples(command, [
      'tsctl cluster update --task-history-limit 2',
      'tsctl cluster update --cert-expiry 720h',
      'tsctl cluster update --strategy binpack --score-weight resources=3',
      'tsctl cluster update --auto-rebalance on',
      'tsctl cluster update --autolock',
      'tsctl cluster update --autolock=false',
    ]);
    command.action(async (options: ClusterFlags) => {
      if (Object.keys(options).length === 0)
        throw new UsageError("nothing to change: see 'tsctl cluster update --help'");
      withClusterFlags(ClusterSpec.create(), options);
      const connection = await cli.connect();
      await untilFresh(async () => {
        const { cluster } = await connection.call(ControlService.getCluster);
        await connection.call(ControlService.updateCluster, {
          version: cluster?.meta?.version ?? 0,
          spec: withClusterFlags(cluster?.spec ?? ClusterSpec.create(), options),
        });
      });
      cli.terminal.out('Cluster updated.\n');
      if (options.autolock !== true) return;
      const { unlockKey } = await connection.call(ControlService.getUnlockKey);
      cli.terminal.out(unlockAdvice(unlockKey));
    });
  },
};
