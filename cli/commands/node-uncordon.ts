import { Availability } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { setAvailability } from '../service/availability.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description('Let cordoned or drained nodes take tasks again: active.')
      .argument('<NODE...>', 'names or ids');
    addExamples(command, ['tsctl node uncordon host2']);
    command.action((refs: readonly string[]) => setAvailability(cli, refs, Availability.ACTIVE));
  },
};
