import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { startHosts } from '../lab/lab-node.ts';
import { addNameFlag, labTools } from '../lab/tools.ts';
import type { NameOption } from '../lab/tools.ts';

export const command: CommandModule = {
  configure(command, cli) {
    addNameFlag(command)
      .description('Power hosts on again after `fault kill`, or all after the machine rebooted.')
      .argument('[HOST...]', 'default: all');
    addExamples(command, ['tsctl lab start host2', 'tsctl lab start']);
    command.action(async (hosts: readonly string[], options: NameOption) => {
      await startHosts(options.name, hosts, labTools(cli));
    });
  },
};
