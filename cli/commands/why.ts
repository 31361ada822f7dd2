import { ControlService, ExplainPlacementResponse, toJson } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { formatOf } from '../output/list.ts';
import { explanationText } from '../service/explanation.ts';

interface Options {
  readonly format?: string;
  readonly all?: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<TASK|SERVICE>', 'a task (web.3, an id) or a service')
      .option('--format <format>', 'table or json')
      .option('--all', 'every node, however many there are');
    addExamples(command, [
      'tsctl why web           # why tasks of web wait',
      'tsctl why web.3         # why this one waits, or stands where it stands',
      'tsctl why web | grep nodes.are.available',
      'tsctl why web.3 --format json',
    ]);
    command.action(async (ref: string, options: Options) => {
      const format = formatOf(options.format, ['table', 'json']);
      const connection = await cli.connect();
      const answer = await connection.call(ControlService.explainPlacement, { ref });
      if (format === 'json') {
        const json = toJson(ExplainPlacementResponse, answer);
        cli.terminal.out(`${JSON.stringify(json, undefined, 2)}\n`);
        return;
      }
      const rowsMax = options.all === true ? Infinity : undefined;
      cli.terminal.out(explanationText(answer, cli.clock.now(), rowsMax));
    });
  },
};
