import { ControlService, ClusterSpec } from '#proto';
import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { untilFresh } from '../service/change.ts';
import { addClusterFlags, withClusterFlags } from '../service/cluster-flags.ts';
import type { ClusterFlags } from '../service/cluster-flags.ts';

export const command: CommandModule = {
  configure(command, cli) {
    addClusterFlags(command);
    addExamples(command, [
      'tsctl update --task-history-limit 2',
      'tsctl update --cert-expiry 720h',
    ]);
    command.action(async (options: ClusterFlags) => {
      if (Object.keys(options).length === 0)
        throw new UsageError("nothing to change: see 'tsctl update --help'");
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
    });
  },
};
