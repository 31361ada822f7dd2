import { ControlService, NodeRole } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { parseRole } from '../parse/words.ts';

interface Options {
  readonly quiet?: boolean;
  readonly rotate?: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<ROLE>', 'worker or manager')
      .option('-q, --quiet', 'print the token only')
      .option('--rotate', 'make a new token; the old one admits nobody any more');
    addExamples(command, ['tsctl join-token worker', 'tsctl join-token --rotate -q manager']);
    command.action(async (word: string, options: Options) => {
      const role = parseRole('ROLE', word);
      const connection = await cli.connect();
      const answer =
        options.rotate === true
          ? await connection.call(ControlService.rotateJoinToken, { role })
          : await connection.call(ControlService.getJoinTokens);
      const isManager = role === NodeRole.MANAGER;
      const token = (isManager ? answer.tokens?.manager : answer.tokens?.worker) ?? '';
      if (options.quiet === true) {
        cli.terminal.out(`${token}\n`);
        return;
      }
      const kind = isManager ? 'manager' : 'worker';
      const rotated = options.rotate === true ? `Successfully rotated ${kind} join token.\n\n` : '';
      const address = answer.managerAddresses[0] ?? 'HOST:PORT';
      cli.terminal.out(
        `${rotated}To add a ${kind} to this cluster, run the following command on it:\n\n` +
          `    tsctl join --token ${token} ${address}\n\n`,
      );
    });
  },
};
