import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { inspectAll } from '../output/inspect.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command.argument('[CONTEXT...]', 'default: the one in use');
    addExamples(command, ['tsctl context inspect', 'tsctl context inspect lab']);
    command.action(async (given: readonly string[]) => {
      const names = given.length > 0 ? given : [cli.contexts.currentName()];
      await inspectAll(cli, names, (name) => Promise.resolve().then(() => cli.contexts.get(name)));
    });
  },
};
