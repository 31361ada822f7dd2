import { ControlService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { forEach } from '../output/inspect.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description('Remove services. Their tasks stop in the background.')
      .argument('<SERVICE...>', 'names or ids');
    addExamples(command, ['tsctl service rm web', 'tsctl service rm $(tsctl service ls -q)']);
    command.action(async (refs: readonly string[]) => {
      const connection = await cli.connect();
      await forEach(cli, refs, async (ref) => {
        await connection.call(ControlService.removeService, { ref });
        cli.terminal.out(`${ref}\n`);
      });
    });
  },
};
