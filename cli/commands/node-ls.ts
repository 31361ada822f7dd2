import { Availability, AvailabilityNames, ControlService } from '#proto';
import { Node, NodeStateNames, Reachability } from '#proto';
import { toJson } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addListFlags } from '../flags.ts';
import { printList } from '../output/list.ts';
import type { ListOptions } from '../output/list.ts';
import { titleCase } from '../output/words.ts';

export const command: CommandModule = {
  configure(command, cli) {
    addListFlags(command, ['tsctl node ls', 'tsctl node ls -q', 'tsctl node ls --format json']);
    command.action(async (options: ListOptions) => {
      const connection = await cli.connect();
      const { nodes } = await connection.call(ControlService.listNodes);
      const sorted = nodes.toSorted((a, b) => hostnameOf(a).localeCompare(hostnameOf(b), 'en'));
      printList(cli, options, {
        heads: ['ID', 'HOSTNAME', 'STATUS', 'AVAILABILITY', 'MANAGER STATUS', 'ENGINE VERSION'],
        items: sorted,
        row: (node) => nodeRow(node, ''),
        id: (node) => node.id,
        name: hostnameOf,
        json: (node) => toJson(Node, node),
      });
    });
  },
};

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
