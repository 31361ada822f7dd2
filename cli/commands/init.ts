import { ClusterSpec, LocalService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';
import { parseLabel } from '../parse/key-value.ts';
import { parseAvailability } from '../parse/words.ts';
import { addClusterFlags, withClusterFlags } from '../service/cluster-flags.ts';
import type { ClusterFlags } from '../service/cluster-flags.ts';

interface Options extends ClusterFlags {
  readonly label?: readonly string[];
  readonly advertiseAddr?: string;
  readonly listenAddr?: string;
  readonly availability?: string;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .option('--advertise-addr <address>', 'where other nodes reach this one: IP[:PORT] or a NIC')
      .option('--listen-addr <address>', 'where the daemon listens (default 0.0.0.0:7377)')
      .option('--availability <state>', 'active, pause or drain (default active)')
      .option('--label <key=value>', 'label of this node (repeatable)', collect);
    addClusterFlags(command);
    addExamples(command, ['tsctl init', 'tsctl init --advertise-addr 192.168.1.10']);
    command.action(async (options: Options) => {
      const labels = (options.label ?? []).map((text) => parseLabel('--label', text));
      const spec = withClusterFlags(ClusterSpec.create(), options);
      const availability = options.availability ?? 'active';
      const request = {
        advertiseAddress: options.advertiseAddr ?? '',
        listenAddress: options.listenAddr ?? '',
        availability: parseAvailability('--availability', availability),
        nodeLabels: Object.fromEntries(labels),
        spec,
      };
      const connection = await cli.connect();
      const answer = await connection.call(LocalService.init, request);
      const token = answer.tokens?.worker ?? '';
      cli.terminal.out(
        [
          `Cluster initialized: this node (${answer.nodeId}) is now a manager.`,
          '',
          'To add a worker to this cluster, run the following command on it:',
          '',
          `    tsctl join --token ${token} ${answer.advertiseAddress}`,
          '',
          "To add a manager, run 'tsctl join-token manager' and follow the instructions.",
          '',
        ].join('\n'),
      );
    });
  },
};
