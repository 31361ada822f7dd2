import { ControlService, GetClusterStatusResponse, ManagerStateNames, toJson } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { checkFormat } from '../output/list.ts';
import { hasQuorum, managerHeads, managerRow, quorumWords } from '../output/manager-status.ts';
import { renderTable } from '../output/table.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description(
        'Show how the managers are doing. The manager that answers asks each of the others, so it ' +
          'works without a leader, too. Exit code 1 when too few can be reached for a quorum.',
      )
      .option('--format <format>', 'table, json or name');
    addExamples(command, [
      'tsctl cluster status',
      'tsctl cluster status --format json',
      'tsctl cluster status >/dev/null || echo "no quorum"',
    ]);
    command.action(async (options: { readonly format?: string }) => {
      const format = checkFormat(options.format);
      const connection = await cli.connect();
      const status = await connection.call(ControlService.getClusterStatus);
      const out = (text: string): void => cli.terminal.out(text);
      if (format === 'json') {
        const value = toJson(GetClusterStatusResponse, status);
        out(`${JSON.stringify(value, undefined, 2)}\n`);
      } else if (format === 'name') {
        for (const one of status.managers)
          out(`${one.hostname} ${ManagerStateNames[one.state]?.toLowerCase()}\n`);
      } else {
        out(`${quorumWords(status)}\n`);
        out(renderTable(managerHeads, status.managers.map(managerRow)));
      }
      if (!hasQuorum(status)) cli.setExitCode(1);
    });
  },
};
