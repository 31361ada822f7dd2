import {
  ControlService,
  InfoResponse,
  LocalService,
  LocalState,
  LocalStateNames,
  NodeRole,
  NodeRoleNames,
  SchedulingSpec,
  toJson,
} from '#proto';
import type { Cli } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import type { Connection } from '../connection.ts';
import { addExamples } from '../flags.ts';
import { checkFormat } from '../output/list.ts';
import { titleCase } from '../output/words.ts';
import { schedulingLines } from '../service/scheduling-flags.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command.option('--format <format>', 'table or json');
    addExamples(command, ['tsctl info', 'tsctl info --format json']);
    command.action(async (options: { readonly format?: string }) => {
      const format = checkFormat(options.format);
      const connection = await cli.connect();
      const info = await connection.call(LocalService.info);
      const cluster = await schedulingOf(connection, info);
      if (format === 'json')
        cli.terminal.out(`${JSON.stringify(infoJson(info, cluster), undefined, 2)}\n`);
      else printInfo(cli, connection.target, info, cluster);
    });
  },
};

const clusterDeadlineMs = 2_000;

/** The cluster's settings where this node is a manager and the cluster has a leader; else undefined. */
async function schedulingOf(
  connection: Connection,
  info: InfoResponse,
): Promise<SchedulingSpec | undefined> {
  if (info.state !== LocalState.ACTIVE || info.role !== NodeRole.MANAGER) return undefined;
  try {
    const limits = { deadlineMs: clusterDeadlineMs };
    const { cluster } = await connection.call(ControlService.getCluster, {}, limits);
    return cluster?.spec?.scheduling ?? SchedulingSpec.create();
  } catch {
    // What the daemon says of itself is shown all the same.
    return undefined;
  }
}

function infoJson(info: InfoResponse, scheduling: SchedulingSpec | undefined): object {
  const shown = toJson(InfoResponse, info);
  if (scheduling === undefined) return { ...(shown as object) };
  return { ...(shown as object), scheduling: toJson(SchedulingSpec, scheduling) };
}

function printInfo(
  cli: Cli,
  { host, context = 'default' }: Connection['target'],
  info: InfoResponse,
  scheduling: SchedulingSpec | undefined,
): void {
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
    ...(scheduling === undefined ? [] : schedulingLines(scheduling)),
    ['Version', info.tesseraVersion],
    ['Daemon pid', info.pid === 0 ? '' : String(info.pid)],
  ];
  for (const [name, value] of lines)
    if (value !== '') cli.terminal.out(`${`${name}:`.padEnd(13)}${value}\n`);
}
