import { LocalService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';

const deadlineMs = 120_000;

export const command: CommandModule = {
  configure(command, cli) {
    command.description(
      "On a manager that says its log is damaged ('tsctl info'): sets the log aside, and has the " +
        'other managers take this one in again. They need a quorum without it.',
    );
    addExamples(command, ['tsctl cluster rejoin']);
    command.action(async () => {
      const connection = await cli.connect();
      const { notes } = await connection.call(LocalService.rejoin, {}, { deadlineMs });
      for (const note of notes) cli.terminal.out(`${note}\n`);
    });
  },
};
