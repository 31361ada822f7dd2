import { Availability } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { setAvailability } from '../service/availability.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description('Keep new tasks away from nodes: their availability becomes pause.')
      .argument('<NODE...>', 'names or ids');
    addExamples(command, ['tsctl node cordon host2', 'tsctl node uncordon host2']);
    command.action((refs: readonly string[]) => setAvailability(cli, refs, Availability.PAUSE));
  },
};
