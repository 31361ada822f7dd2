import { LocalService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description("Leave the cluster: this node's tasks stop and its state is wiped.")
      .option('-f, --force', 'even if the cluster loses a manager it needs');
    addExamples(command, ['tsctl leave', 'tsctl leave --force']);
    command.action(async (options: { readonly force?: boolean }) => {
      const connection = await cli.connect();
      await connection.call(
        LocalService.leave,
        { force: options.force === true },
        { deadlineMs: 60_000 },
      );
      cli.terminal.out('Node left the cluster.\n');
    });
  },
};
