import { ControlService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { unlockAdvice } from '../service/unlock-advice.ts';

interface Options {
  readonly quiet?: boolean;
  readonly rotate?: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description('Show or rotate the key that unlocks managers while autolock is on.')
      .option('-q, --quiet', 'print the key only')
      .option(
        '--rotate',
        'make a new key; managers that are away keep the old one until they are back',
      );
    addExamples(command, ['tsctl unlock-key', 'tsctl unlock-key -q', 'tsctl unlock-key --rotate']);
    command.action(async (options: Options) => {
      const connection = await cli.connect();
      const { unlockKey } =
        options.rotate === true
          ? await connection.call(ControlService.rotateUnlockKey)
          : await connection.call(ControlService.getUnlockKey);
      if (options.quiet === true) {
        cli.terminal.out(`${unlockKey}\n`);
        return;
      }
      if (options.rotate === true) cli.terminal.out('Successfully rotated manager unlock key.\n');
      cli.terminal.out(unlockAdvice(unlockKey));
    });
  },
};
