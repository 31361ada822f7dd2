import { ControlService, LocalService, Node, toJson } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { forEach, inspectAll } from '../output/inspect.ts';
import { prettyNode } from '../service/pretty-node.ts';

interface Options {
  readonly pretty?: boolean;
  readonly format?: string;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<NODE...>', "names, ids or 'self'")
      .option('--pretty', 'for people: what matters, in words')
      .option('--format <format>', 'json');
    addExamples(command, ['tsctl node inspect host2', 'tsctl node inspect --pretty self']);
    command.action(async (refs: readonly string[], options: Options) => {
      const connection = await cli.connect();
      const get = async (given: string): Promise<Node> => {
        const isSelf = given === 'self';
        const ref = isSelf ? (await connection.call(LocalService.info)).nodeId : given;
        return (await connection.call(ControlService.getNode, { ref })).node ?? Node.create();
      };
      if (options.pretty === true)
        await forEach(cli, refs, async (ref) => cli.terminal.out(prettyNode(await get(ref))));
      else await inspectAll(cli, refs, async (ref) => toJson(Node, await get(ref)));
    });
  },
};
