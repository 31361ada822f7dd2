import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { forEach } from '../output/inspect.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command.argument('<CONTEXT...>', 'names');
    addExamples(command, ['tsctl context rm far']);
    command.action(async (names: readonly string[]) => {
      await forEach(cli, names, (name) => {
        // Damaged ones are in the list too.
        if (!cli.contexts.list().some((context) => context.name === name)) cli.contexts.get(name);
        cli.contexts.remove(name);
        cli.terminal.out(`${name}\n`);
        return Promise.resolve();
      });
    });
  },
};
