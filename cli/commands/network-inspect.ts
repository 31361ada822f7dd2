import { ControlService, GetNetworkResponse, Network, NetworkEndpoint, toJson } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import type { Connection } from '../connection.ts';
import { addExamples } from '../flags.ts';
import { forEach, inspectAll } from '../output/inspect.ts';
import { prettyNetwork } from '../service/pretty-network.ts';
import { listNodes } from '../service/lookup.ts';

interface Options {
  readonly pretty?: boolean;
  readonly format?: string;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description('Show everything about networks, with the tasks and nodes on them.')
      .argument('<NETWORK...>', 'names or ids')
      .option('--pretty', 'for people: what matters, in words')
      .option('--format <format>', 'json');
    addExamples(command, [
      'tsctl network inspect backend',
      'tsctl network inspect --pretty ingress',
    ]);
    command.action(async (refs: readonly string[], options: Options) => {
      const connection = await cli.connect();
      const hostnames = await hostnamesOf(connection);
      const get = (ref: string): Promise<GetNetworkResponse> =>
        connection.call(ControlService.getNetwork, { ref });
      if (options.pretty === true)
        await forEach(cli, refs, async (ref) =>
          cli.terminal.out(prettyNetwork(await get(ref), hostnames)),
        );
      else await inspectAll(cli, refs, async (ref) => whole(await get(ref), hostnames));
    });
  },
};

async function hostnamesOf(connection: Connection): Promise<ReadonlyMap<string, string>> {
  const nodes = await listNodes(connection);
  return new Map(nodes.map(({ id, description }) => [id, description?.hostname ?? id]));
}

/** The network with its endpoints, gathered by node. */
function whole(answer: GetNetworkResponse, hostnames: ReadonlyMap<string, string>): unknown {
  const byNode: Record<string, unknown[]> = {};
  for (const endpoint of answer.endpoints) {
    const node = hostnames.get(endpoint.nodeId) ?? endpoint.nodeId;
    (byNode[node] ??= []).push(toJson(NetworkEndpoint, endpoint));
  }
  const network = answer.network ?? Network.create();
  return {
    ...(toJson(Network, network) as object),
    endpoints: byNode,
    serviceIds: answer.serviceIds,
  };
}
