import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { allLabs, labDown } from '../lab/lab-node.ts';
import { addNameFlag, labTools } from '../lab/tools.ts';
import type { NameOption } from '../lab/tools.ts';

export const command: CommandModule = {
  configure(command, cli) {
    addNameFlag(command)
      .description('Remove a lab with everything in it. Works on damaged and half-made labs too.')
      .option('--all', 'every lab of this machine');
    addExamples(command, ['tsctl lab down', 'tsctl lab down --name big', 'tsctl lab down --all']);
    command.action(async (options: NameOption & { readonly all?: boolean }) => {
      const known = await allLabs(cli.labRoot);
      const names = options.all === true ? known : [options.name];
      for (const name of names) {
        await labDown(name, labTools(cli));
        cli.terminal.out(`lab ${name} ${known.includes(name) ? 'removed' : 'was not there'}\n`);
      }
    });
  },
};
