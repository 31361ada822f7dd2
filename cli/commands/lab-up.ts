import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';
import { contextName, labUp } from '../lab/lab-node.ts';
import { hostCountMax } from '../lab/names.ts';
import { addNameFlag, labTools } from '../lab/tools.ts';
import { parseInteger } from '../parse/integer.ts';

interface Options {
  readonly name: string;
  readonly hosts: string;
  readonly managers: string;
  readonly cluster: boolean;
  readonly tesseradArg?: readonly string[];
}

export const command: CommandModule = {
  configure(command, cli) {
    addNameFlag(command)
      .description(
        'Raise a cluster on this machine: hosts in namespaces, each with its own containerd and ' +
          'tesserad. Afterwards plain tsctl commands go to it. Needs root.',
      )
      .option('--hosts <n>', 'how many hosts', '3')
      .option('--managers <n>', 'how many of them are managers: 1, 3 or 5', '1')
      .option('--no-cluster', 'start the hosts, but leave init and join to you')
      .option('--tesserad-arg <arg>', 'one more argument for every tesserad (repeatable)', collect);
    addExamples(command, [
      'tsctl lab up',
      'tsctl lab up --hosts 5 --managers 3 --name big',
      'tsctl lab exec host2 -- ctr -n tessera containers ls',
    ]);
    command.action(async (options: Options) => {
      const startMs = cli.clock.monotonic();
      const lab = await labUp(
        {
          name: options.name,
          hostCount: parseInteger('--hosts', options.hosts, 1, hostCountMax),
          managerCount: parseInteger('--managers', options.managers, 1, hostCountMax),
          hasCluster: options.cluster,
          tesseradArgs: options.tesseradArg ?? [],
        },
        labTools(cli),
      );
      const seconds = ((cli.clock.monotonic() - startMs) / 1000).toFixed(1);
      const next =
        lab.tesserad === ''
          ? 'tesserad is not there: hosts have containerd only'
          : `context ${contextName(lab.name)} is in use: try 'tsctl node ls'`;
      cli.terminal.out(`lab ${lab.name} is up after ${seconds} s; ${next}\n`);
    });
  },
};
