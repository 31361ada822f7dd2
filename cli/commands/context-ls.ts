import type { CommandModule } from '../command-tree.ts';
import { addListFlags } from '../flags.ts';
import { printList } from '../output/list.ts';
import type { ListOptions } from '../output/list.ts';

export const command: CommandModule = {
  configure(command, cli) {
    addListFlags(command, ['tsctl context ls']);
    command.action((options: ListOptions) => {
      const current = cli.contexts.currentName();
      printList(cli, options, {
        heads: ['NAME', 'DESCRIPTION', 'HOST'],
        items: cli.contexts.list(),
        row: ({ name, description, host }) => [
          name === current ? `${name} *` : name,
          description ?? '',
          host,
        ],
        id: ({ name }) => name,
        name: ({ name }) => name,
        json: (context) => ({ ...context, isCurrent: context.name === current }),
      });
    });
  },
};
