import { ControlService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { forEach } from '../output/inspect.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description('Remove networks that nothing uses.')
      .argument('<NETWORK...>', 'names or ids');
    addExamples(command, ['tsctl network rm backend']);
    command.action(async (refs: readonly string[]) => {
      const connection = await cli.connect();
      await forEach(cli, refs, async (ref) => {
        await connection.call(ControlService.removeNetwork, { ref });
        cli.terminal.out(`${ref}\n`);
      });
    });
  },
};
