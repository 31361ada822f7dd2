import { ClusterError } from '#lib';
import { ControlService } from '#proto';
import type { BackupHeader } from '#proto';
import { UsageError } from '../cli.ts';
import type { Cli } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { checkBackup, pipeBackup, saveBackup } from '../backup-file-node.ts';
import type { BackupFile } from '../backup-file-node.ts';
import { addExamples } from '../flags.ts';
import { humanBytes } from '../output/words.ts';

const warning =
  "It holds the key of the cluster's certificate authority and registry passwords: keep it as you keep root's password.";

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description(
        'Write the whole state of the cluster, at one moment, into FILE (- is standard output) while ' +
          'the cluster works on. The file is checked before it gets its name, and only its owner may ' +
          `read it. ${warning} Of a cluster with ` +
          '--autolock it is encrypted, and can be restored with the unlock key of that time only.',
      )
      .argument('<FILE>', 'the backup')
      .option('--verify', 'check an existing backup and show what it is; needs no daemon');
    addExamples(command, [
      'tsctl cluster backup /srv/backups/cluster.tsbackup',
      'tsctl cluster backup --verify /srv/backups/cluster.tsbackup',
      'tsctl cluster backup - | ssh vault "cat >cluster.tsbackup"',
      'tsctl init --restore /srv/backups/cluster.tsbackup    # on a host in no cluster',
    ]);
    command.action(async (path: string, options: { readonly verify?: boolean }) => {
      if (options.verify === true) {
        if (path === '-') throw new UsageError('--verify needs a file');
        show(cli, await checkBackup(path));
        return;
      }
      if (path === '-' && cli.terminal.isTty)
        throw new UsageError('a backup is not written to a terminal: name a file, or use a pipe');
      const chunks = received(cli);
      if (path === '-') {
        await pipeBackup(chunks);
        cli.terminal.err(`${warning}\n`);
        return;
      }
      const { header, bytes, digest } = await saveBackup(path, chunks);
      cli.terminal.out(
        `Backup of cluster ${header.clusterId} at version ${header.version} written to ${path}: ` +
          `${humanBytes(bytes)}, checked, SHA-256 ${digest}.\n${warning}\n`,
      );
    });
  },
};

async function* received(cli: Cli): AsyncGenerator<Uint8Array> {
  const connection = await cli.connect();
  for await (const { chunk } of connection.stream(ControlService.backupCluster, {}, cli.signal))
    yield chunk;
  if (cli.signal.aborted) throw new ClusterError('CANCELLED', 'interrupted: no backup was made');
}

function show(cli: Cli, file: BackupFile): void {
  const { header, digest, bytes } = file;
  const lines: readonly (readonly [string, string])[] = [
    ['Cluster', header.clusterId],
    ['Name', header.clusterName],
    ['Version', String(header.version)],
    ['Made', new Date(header.createdAtMs).toISOString()],
    ['By', `tesserad ${header.tesseraVersion}`],
    ['Format', String(header.format)],
    ['Encrypted', header.encryptionSalt.length === 0 ? 'no' : 'with the unlock key'],
    ['Objects', objectWords(header)],
    ['Size', humanBytes(bytes)],
    ['SHA-256', digest],
    ['Check', 'good'],
  ];
  for (const [name, value] of lines) cli.terminal.out(`${`${name}:`.padEnd(11)}${value}\n`);
}

function objectWords(header: BackupHeader): string {
  return Object.entries(header.counts)
    .map(([table, count]) => `${count} ${table}${count === 1 ? '' : 's'}`)
    .join(', ');
}
