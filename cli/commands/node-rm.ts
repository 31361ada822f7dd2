import { ControlService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { forEach } from '../output/inspect.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description('Remove nodes that are down. Their certificates are refused from then on.')
      .argument('<NODE...>', 'names or ids')
      .option('-f, --force', 'also a node that is not down');
    addExamples(command, ['tsctl node rm host3', 'tsctl node rm --force host3']);
    command.action(async (refs: readonly string[], options: { readonly force?: boolean }) => {
      const connection = await cli.connect();
      await forEach(cli, refs, async (ref) => {
        const force = options.force === true;
        await connection.call(ControlService.removeNode, { ref, force });
        cli.terminal.out(`${ref}\n`);
      });
    });
  },
};
