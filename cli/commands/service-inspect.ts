import { ControlService, Service, toJson } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { forEach, inspectAll } from '../output/inspect.ts';
import { namesById } from '../service/lookup.ts';
import { prettyService } from '../service/pretty.ts';

interface Options {
  readonly format?: string;
  readonly pretty?: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<SERVICE...>', 'names or ids')
      .option('--pretty', 'for people: what matters, in words')
      .option('--format <format>', 'json');
    addExamples(command, ['tsctl service inspect web', 'tsctl service inspect --pretty web']);
    command.action(async (refs: readonly string[], options: Options) => {
      const connection = await cli.connect();
      const get = async (ref: string): Promise<Service> => {
        const answer = await connection.call(ControlService.getService, { ref });
        return answer.service ?? Service.create();
      };
      if (options.pretty === true) {
        const names = await namesById(connection);
        await forEach(cli, refs, async (ref) =>
          cli.terminal.out(prettyService(await get(ref), names)),
        );
      } else await inspectAll(cli, refs, async (ref) => toJson(Service, await get(ref)));
    });
  },
};
