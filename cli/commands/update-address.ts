import { LocalService } from '#proto';
import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';

interface Options {
  readonly advertiseAddr?: string;
  readonly listenAddr?: string;
  readonly manager?: readonly string[];
}

const deadlineMs = 120_000;

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description(
        'Run on the node that is reached elsewhere from now on. A manager tells the others, and they ' +
          'tell every node that is connected. Containers keep running.',
      )
      .option('--advertise-addr <address>', 'where other nodes reach this one: IP[:PORT] or a NIC')
      .option('--listen-addr <address>', 'where the daemon listens')
      .option('--manager <host:port>', 'where a manager is now (repeatable)', collect);
    addExamples(command, [
      'tsctl cluster update-address --advertise-addr 192.168.1.20',
      'tsctl cluster update-address --manager 192.168.1.20:7377    # on a node that missed it',
    ]);
    command.action(async (options: Options) => {
      if (Object.keys(options).length === 0)
        throw new UsageError("nothing to change: see 'tsctl cluster update-address --help'");
      const request = {
        advertiseAddress: options.advertiseAddr ?? '',
        listenAddress: options.listenAddr ?? '',
        managerAddresses: options.manager ?? [],
      };
      const connection = await cli.connect();
      const answer = await connection.call(LocalService.updateAddress, request, { deadlineMs });
      cli.terminal.out(`This node is reached at ${answer.advertiseAddress}.\n`);
      for (const note of answer.notes) cli.terminal.out(`${note}\n`);
    });
  },
};
