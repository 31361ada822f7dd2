import { LocalService, NodeRole } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { parseAvailability } from '../parse/words.ts';

interface Options {
  readonly token: string;
  readonly advertiseAddr?: string;
  readonly listenAddr?: string;
  readonly dataPathAddr?: string;
  readonly availability?: string;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<HOST:PORT>', 'any manager of the cluster')
      .requiredOption(
        '--token <token>',
        "from 'tsctl join-token' on a manager; it decides the role",
      )
      .option('--advertise-addr <address>', 'where other nodes reach this one: IP[:PORT] or a NIC')
      .option('--listen-addr <address>', 'where the daemon listens (default 0.0.0.0:7377)')
      .option('--data-path-addr <address>', 'where other nodes send overlay packets: IP or a NIC')
      .option('--availability <state>', 'active, pause or drain (default active)');
    addExamples(command, ['tsctl join --token TSTKN-1-... 192.168.1.10:7377']);
    command.action(async (remoteAddress: string, options: Options) => {
      const availability = options.availability ?? 'active';
      const request = {
        token: options.token,
        remoteAddress,
        advertiseAddress: options.advertiseAddr ?? '',
        listenAddress: options.listenAddr ?? '',
        dataPathAddress: options.dataPathAddr ?? '',
        availability: parseAvailability('--availability', availability),
      };
      const connection = await cli.connect();
      const limits = { deadlineMs: 60_000, signal: cli.signal };
      const answer = await connection.call(LocalService.join, request, limits);
      const role = answer.role === NodeRole.MANAGER ? 'manager' : 'worker';
      cli.terminal.out(`This node joined a cluster as a ${role}.\n`);
    });
  },
};
