import { LocalService, LocalState } from '#proto';
import { ClusterError } from '#lib';
import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';

const deadlineMs = 60_000;

export const command: CommandModule = {
  configure(command, cli) {
    command.description(
      'Unlock this manager. The key is asked for, or read from standard input; never an argument.',
    );
    addExamples(command, ['tsctl unlock', 'tsctl unlock < /run/key']);
    // Refused here, in words that do not repeat it.
    command.allowExcessArguments(true);
    command.action(async () => {
      if (command.args.length > 0)
        throw new UsageError(
          'the unlock key is never an argument, where others see it: it is asked for, or read from standard input',
        );
      const connection = await cli.connect();
      // Asked first: nobody should have to look for a key that is not needed.
      const { state } = await connection.call(LocalService.info);
      if (state === LocalState.ACTIVE)
        throw new ClusterError('FAILED_PRECONDITION', 'this node is not locked');
      const key = await cli.readSecret('Please enter unlock key: ');
      await connection.call(LocalService.unlock, { key: key.trim() }, { deadlineMs });
    });
  },
};
