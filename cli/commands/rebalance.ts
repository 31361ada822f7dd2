import { sleep } from '#lib';
import { ControlService, RebalanceResponse, RebalanceStatus, toJson } from '#proto';
import type { Cli } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import type { Connection } from '../connection.ts';
import { addExamples } from '../flags.ts';
import { formatOf } from '../output/list.ts';
import { renderTable } from '../output/table.ts';

interface Options {
  readonly plan?: boolean;
  readonly detach?: boolean;
  readonly format?: string;
}

const pollMs = 500;

export const command: CommandModule = {
  configure(command, cli) {
    command
      .option('--plan', 'show what would move, and move nothing')
      .option('-d, --detach', 'do not wait until everything has moved')
      .option('--format <format>', 'table or json');
    addExamples(command, [
      'tsctl cluster rebalance --plan',
      'tsctl cluster rebalance',
      'tsctl cluster update --auto-rebalance on    # by itself, when nodes became ready',
    ]);
    command.action(async (options: Options) => {
      const format = formatOf(options.format, ['table', 'json']);
      const connection = await cli.connect();
      const isPlanOnly = options.plan === true;
      const answer = await connection.call(ControlService.rebalance, { isPlanOnly });
      if (format === 'json') {
        const json = toJson(RebalanceResponse, answer);
        cli.terminal.out(`${JSON.stringify(json, undefined, 2)}\n`);
      } else cli.terminal.out(planText(answer, isPlanOnly));
      if (isPlanOnly || options.detach === true) return;
      const end = await followed(cli, connection, answer.status);
      if (format === 'table' && (answer.moves.length > 0 || end.moved > 0))
        cli.terminal.out(endText(end));
    });
  },
};

function planText({ moves, isWhole }: RebalanceResponse, isPlanOnly: boolean): string {
  if (moves.length === 0)
    return isWhole
      ? 'Nothing to move: no task would lie better elsewhere.\n'
      : 'Nothing to move among the tasks that were looked at.\n';
  const rows = moves.map((one) => [one.taskName, one.fromHostname, one.toHostname, one.reason]);
  const count = moves.length === 1 ? '1 task' : `${moves.length} tasks`;
  const more = isWhole ? '' : ' at least';
  const head = isPlanOnly
    ? `${count}${more} would move:`
    : `Moving ${count}${more}, a few at a time:`;
  return `${head}\n\n${renderTable(['TASK', 'FROM', 'TO', 'BECAUSE'], rows)}`;
}

/** Waits until the leader says that it is done; Ctrl-C ends the waiting only. */
async function followed(
  cli: Cli,
  connection: Connection,
  asked: RebalanceStatus | undefined,
): Promise<RebalanceStatus> {
  for (;;) {
    const { cluster } = await connection.call(ControlService.getCluster);
    const status = cluster?.rebalance ?? RebalanceStatus.create();
    if (status.finishedAtMs > 0 || status.requestedAtMs !== asked?.requestedAtMs) return status;
    await sleep(cli.clock, pollMs, cli.signal);
  }
}

function endText({ moved, message }: RebalanceStatus): string {
  const count = moved === 1 ? '1 task has' : `${moved} tasks have`;
  const left = message === '' ? '' : `${message.charAt(0).toUpperCase()}${message.slice(1)}.\n`;
  return `\n${count} moved.\n${left}`;
}
