import { ControlService, DiagnoseNetworksResponse, toJson } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { UsageError } from '../cli.ts';
import { addExamples, collect } from '../flags.ts';
import { formatOf } from '../output/list.ts';
import { parseDuration } from '../parse/duration.ts';
import { diagnosisText } from '../service/diagnosis-text.ts';

interface Options {
  readonly network?: readonly string[];
  readonly node?: readonly string[];
  readonly timeout: string;
  readonly format?: string;
}

const timeoutMinMs = 1_000;
const timeoutMaxMs = 300_000;
/** Beside the time that nodes get. */
const callSlackMs = 15_000;

export const command: CommandModule = {
  configure(command, cli) {
    command
      .option('--network <network>', 'only this network (repeatable)', collect)
      .option('--node <node>', 'only what this node sees (repeatable)', collect)
      .option('--timeout <duration>', 'how long a node may take, at most 5m', '30s')
      .option('--format <format>', 'table or json');
    addExamples(command, [
      'tsctl doctor network                   # 0: all is well, 1: something is wrong',
      'tsctl doctor network --network front --node host2',
      'tsctl doctor network --format json',
    ]);
    command.action(async (options: Options) => {
      const format = formatOf(options.format, ['table', 'json']);
      const timeoutMs = parseDuration('--timeout', options.timeout, timeoutMaxMs);
      if (timeoutMs < timeoutMinMs)
        throw new UsageError(`--timeout '${options.timeout}': a node needs 1s at least`);
      const connection = await cli.connect();
      const diagnosis = await connection.call(
        ControlService.diagnoseNetworks,
        { networkRefs: options.network ?? [], nodeRefs: options.node ?? [], timeoutMs },
        { deadlineMs: timeoutMs + callSlackMs },
      );
      if (format === 'json') {
        const json = toJson(DiagnoseNetworksResponse, diagnosis) as object;
        // Lists are there when they are empty, too.
        const whole = { nodes: [], problems: [], ...json };
        cli.terminal.out(`${JSON.stringify(whole, undefined, 2)}\n`);
      } else cli.terminal.out(diagnosisText(diagnosis));
      if (diagnosis.problems.length > 0) cli.setExitCode(1);
    });
  },
};
