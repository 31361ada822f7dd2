import {
  InfoResponse,
  LocalService,
  LocalState,
  LocalStateNames,
  NodeRoleNames,
  toJson,
} from '#proto';
import type { Cli } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { checkFormat } from '../output/list.ts';
import { titleCase } from '../output/words.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command.option('--format <format>', 'table or json');
    addExamples(command, ['tsctl info', 'tsctl info --format json']);
    command.action(async (options: { readonly format?: string }) => {
      const format = checkFormat(options.format);
      const connection = await cli.connect();
      const info = await connection.call(LocalService.info);
      if (format === 'json')
        cli.terminal.out(`${JSON.stringify(toJson(InfoResponse, info), undefined, 2)}\n`);
      else printInfo(cli, info, connection.target.host, connection.target.context ?? 'default');
    });
  },
};

function printInfo(cli: Cli, info: InfoResponse, host: string, context: string): void {
  const isMember = info.state !== LocalState.INACTIVE;
  const lines: (readonly [string, string])[] = [
    ['Context', context],
    ['Host', host],
    ['State', titleCase(LocalStateNames[info.state] ?? '')],
    ['Error', info.error],
    ['Node ID', info.nodeId],
    ['Cluster ID', info.clusterId],
    ['Role', isMember ? titleCase(NodeRoleNames[info.role] ?? '') : ''],
    ['Address', info.address],
    [
      'Leader',
      isMember && info.leaderId !== '' ? (info.isLeader ? 'this node' : info.leaderId) : '',
    ],
    ['Managers', info.managerAddresses.join(', ')],
    ['Version', info.tesseraVersion],
    ['Daemon pid', info.pid === 0 ? '' : String(info.pid)],
  ];
  for (const [name, value] of lines)
    if (value !== '') cli.terminal.out(`${`${name}:`.padEnd(13)}${value}\n`);
}
