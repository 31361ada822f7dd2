import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { setRole } from '../service/role.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command.argument('<NODE...>', 'names or ids');
    addExamples(command, ['tsctl node promote host2']);
    command.action((refs: readonly string[]) => setRole(cli, refs, 'manager'));
  },
};
