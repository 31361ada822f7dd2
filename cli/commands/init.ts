import { resolve } from 'node:path';
import { ClusterSpec, InitRequest, LocalService } from '#proto';
import type { InitResponse } from '#proto';
import { checkBackup } from '../backup-file-node.ts';
import { UsageError } from '../cli.ts';
import type { Cli } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';
import { parseLabel } from '../parse/key-value.ts';
import { parseAvailability } from '../parse/words.ts';
import { addClusterFlags, hasClusterFlags, withClusterFlags } from '../service/cluster-flags.ts';
import { addNetworkFlags, hasNetworkFlags, withNetworkFlags } from '../service/network-flags.ts';
import type { NetworkFlags } from '../service/network-flags.ts';
import { unlockAdvice } from '../service/unlock-advice.ts';
import type { ClusterFlags } from '../service/cluster-flags.ts';

interface Options extends ClusterFlags, NetworkFlags {
  readonly label?: readonly string[];
  readonly advertiseAddr?: string;
  readonly listenAddr?: string;
  readonly dataPathAddr?: string;
  readonly availability?: string;
  readonly restore?: string;
  readonly forceNewCluster?: boolean;
  readonly force?: boolean;
}

/** A restore reads and checks a whole backup. */
const restoreDeadlineMs = 600_000;

export const command: CommandModule = {
  configure(command, cli) {
    command
      .option('--advertise-addr <address>', 'where other nodes reach this one: IP[:PORT] or a NIC')
      .option('--listen-addr <address>', 'where the daemon listens (default 0.0.0.0:7377)')
      .option('--data-path-addr <address>', 'where other nodes send overlay packets: IP or a NIC')
      .option('--availability <state>', 'active, pause or drain (default active)')
      .option('--label <key=value>', 'label of this node (repeatable)', collect)
      .option(
        '--restore <file>',
        "from a backup of 'tsctl cluster backup': this is its only manager",
      )
      .option(
        '--force-new-cluster',
        'on a manager whose group has lost its majority for good: it goes on as the only manager',
      )
      .option('--force', 'with --force-new-cluster: also while a majority can be reached');
    addClusterFlags(command);
    addNetworkFlags(command);
    addExamples(command, [
      'tsctl init',
      'tsctl init --advertise-addr 192.168.1.10',
      'tsctl init --autolock',
      'tsctl init --strategy spread',
      'tsctl init --default-addr-pool 10.20.0.0/16 --default-addr-pool-mask-length 26 --data-path-addr eth1',
      'tsctl init --force-new-cluster    # two of three managers are lost for good',
      'tsctl init --restore /srv/backups/cluster.tsbackup --advertise-addr 192.168.1.10',
    ]);
    command.action(async (options: Options) => {
      const request = await withUnlockKey(cli, requestOf(options));
      const connection = await cli.connect();
      const limits = isLong(options) ? { deadlineMs: restoreDeadlineMs } : {};
      const answer = await connection.call(LocalService.init, request, limits);
      for (const note of answer.notes) cli.terminal.out(`${note}\n`);
      if (options.forceNewCluster !== true) cli.terminal.out(welcome(answer));
      if (answer.unlockKey !== '') cli.terminal.out(unlockAdvice(answer.unlockKey));
    });
  },
};

/** The key of an encrypted backup is asked for; what cannot be read here is the daemon's to refuse. */
async function withUnlockKey(cli: Cli, request: InitRequest): Promise<InitRequest> {
  if (request.restorePath === '') return request;
  const backup = await checkBackup(request.restorePath).catch(() => undefined);
  if (backup === undefined || backup.header.encryptionSalt.length === 0) return request;
  const key = await cli.readSecret('Please enter the unlock key that the cluster had: ');
  return { ...request, restoreUnlockKey: key.trim() };
}

function isLong({ restore, forceNewCluster }: Options): boolean {
  return restore !== undefined || forceNewCluster === true;
}

function requestOf(options: Options): InitRequest {
  const labels = (options.label ?? []).map((text) => parseLabel('--label', text));
  const isRestore = options.restore !== undefined;
  const hasSettings = hasClusterFlags(options) || hasNetworkFlags(options);
  if (isRestore && hasSettings)
    throw new UsageError(
      "--restore takes the cluster's settings from the backup: change them afterwards with 'tsctl cluster update'",
    );
  const isForce = options.forceNewCluster === true;
  if (isForce && (isRestore || hasSettings))
    throw new UsageError('--force-new-cluster goes with --force only');
  if (options.force === true && !isForce)
    throw new UsageError('--force belongs to --force-new-cluster');
  const availability = options.availability ?? 'active';
  return InitRequest.create({
    advertiseAddress: options.advertiseAddr ?? '',
    listenAddress: options.listenAddr ?? '',
    dataPathAddress: options.dataPathAddr ?? '',
    availability: parseAvailability('--availability', availability),
    nodeLabels: Object.fromEntries(labels),
    forceNewCluster: isForce,
    force: options.force === true,
    spec: isRestore
      ? undefined
      : withNetworkFlags(withClusterFlags(ClusterSpec.create(), options), options),
    restorePath: options.restore === undefined ? '' : resolve(options.restore),
  });
}

function welcome(answer: InitResponse): string {
  return [
    `Cluster initialized: this node (${answer.nodeId}) is now a manager.`,
    '',
    'To add a worker to this cluster, run the following command on it:',
    '',
    `    tsctl join --token ${answer.tokens?.worker ?? ''} ${answer.advertiseAddress}`,
    '',
    "To add a manager, run 'tsctl join-token manager' and follow the instructions.",
    '',
  ].join('\n');
}
