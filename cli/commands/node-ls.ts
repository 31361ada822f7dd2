import { Availability, AvailabilityNames, LocalService } from '#proto';
import { Node, NodeRoleNames, NodeStateNames, Reachability, toJson } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import type { Connection } from '../connection.ts';
import { filtered, matchesLabel } from '../filters.ts';
import { addListFlags, collect } from '../flags.ts';
import { printList } from '../output/list.ts';
import type { ListOptions } from '../output/list.ts';
import { titleCase } from '../output/words.ts';
import { listNodes } from '../service/lookup.ts';

interface Options extends ListOptions {
  readonly filter?: readonly string[];
}

export const command: CommandModule = {
  configure(command, cli) {
    command.option(
      '-f, --filter <key=value>',
      'id=, name=, role=, node.label=, availability= (repeatable)',
      collect,
    );
    addListFlags(command, ['tsctl node ls', 'tsctl node ls -q', 'tsctl node ls --format json']);
    command.action(async (options: Options) => {
      const connection = await cli.connect();
      const [nodes, selfId] = await Promise.all([listNodes(connection), ownNodeId(connection)]);
      const wanted = filtered(nodes, options.filter, {
        id: (node, value) => node.id.startsWith(value),
        name: (node, value) => hostnameOf(node).startsWith(value),
        role: (node, value) => NodeRoleNames[node.role]?.toLowerCase() === value,
        'node.label': (node, value) => matchesLabel(node.spec?.labels ?? {}, value),
        availability: (node, value) =>
          AvailabilityNames[node.spec?.availability ?? 0]?.toLowerCase() === value,
      });
      const sorted = wanted.toSorted((a, b) =>
        hostnameOf(a).localeCompare(hostnameOf(b), 'en', { numeric: true }),
      );
      printList(cli, options, {
        heads: ['ID', 'HOSTNAME', 'STATUS', 'AVAILABILITY', 'MANAGER STATUS', 'ENGINE VERSION'],
        items: sorted,
        row: (node) => nodeRow(node, selfId),
        id: (node) => node.id,
        name: hostnameOf,
        json: (node) => toJson(Node, node),
      });
    });
  },
};

/** The node that answers; none when the daemon is not on this machine. */
async function ownNodeId(connection: Connection): Promise<string> {
  if (!connection.target.host.startsWith('unix:')) return '';
  const info = await connection.call(LocalService.info).catch(() => undefined);
  return info?.nodeId ?? '';
}

const hostnameOf = (node: Node): string => node.description?.hostname ?? '';

/** `selfId`: the node that answers, marked by a star as in docker. */
export function nodeRow(node: Node, selfId: string): readonly string[] {
  return [
    node.id === selfId ? `${node.id} *` : node.id,
    hostnameOf(node),
    titleCase(NodeStateNames[node.status?.state ?? 0] ?? ''),
    titleCase(AvailabilityNames[node.spec?.availability ?? Availability.ACTIVE] ?? ''),
    managerWord(node),
    node.description?.tesseraVersion ?? '',
  ];
}

function managerWord(node: Node): string {
  const manager = node.managerStatus;
  if (manager === undefined) return '';
  if (manager.isLeader) return 'Leader';
  if (manager.reachability === Reachability.UNREACHABLE) return 'Unreachable';
  return manager.reachability === Reachability.REACHABLE ? 'Reachable' : 'Unknown';
}
