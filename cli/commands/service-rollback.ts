import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { changeService } from '../service/change.ts';
import { followService } from '../service/follow.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<SERVICE>', 'name or id')
      .option('-d, --detach', 'do not wait until it is through')
      .option('-q, --quiet', 'no progress');
    addExamples(command, ['tsctl service rollback web']);
    command.action(
      async (ref: string, options: { readonly detach?: boolean; readonly quiet?: boolean }) => {
        const connection = await cli.connect();
        const service = await changeService(cli, connection, ref, () => 'rollback');
        cli.terminal.out(`${ref}\n`);
        if (options.detach !== true)
          await followService(cli, connection, service.id, {
            isQuiet: options.quiet === true,
            isRollback: true,
          });
      },
    );
  },
};
