import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command.argument('<CONTEXT>', "a name of 'tsctl context ls'");
    addExamples(command, ['tsctl context use lab', 'tsctl context use default']);
    command.action((name: string) => {
      cli.contexts.use(name);
      cli.terminal.out(`${name}\n`);
      const other = cli.env['TESSERA_HOST'] ? 'TESSERA_HOST' : 'TESSERA_CONTEXT';
      if (cli.env[other])
        cli.terminal.err(`tsctl: warning: ${other} is set and wins over the context in use\n`);
    });
  },
};
