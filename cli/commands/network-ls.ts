import { shortId } from '#lib';
import { Network, NetworkDriverNames, toJson } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { filtered, matchesLabel } from '../filters.ts';
import { addListFlags, collect } from '../flags.ts';
import { printList } from '../output/list.ts';
import type { ListOptions } from '../output/list.ts';
import { listNetworks } from '../service/lookup.ts';

interface Options extends ListOptions {
  readonly filter?: readonly string[];
  readonly trunc: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .option('-f, --filter <key=value>', 'id=, name=, label=, driver= (repeatable)', collect)
      .option('--no-trunc', 'whole ids');
    addListFlags(command, ['tsctl network ls', 'tsctl network ls -f driver=overlay']);
    command.action(async (options: Options) => {
      const networks = await listNetworks(await cli.connect());
      const sorted = networks.toSorted((a, b) =>
        nameOf(a).localeCompare(nameOf(b), 'en', { numeric: true }),
      );
      const items = filtered(sorted, options.filter, {
        id: (network, value) => network.id.startsWith(value),
        name: (network, value) => nameOf(network).startsWith(value),
        label: (network, value) => matchesLabel(network.spec?.labels ?? {}, value),
        driver: (network, value) => driverOf(network) === value,
      });
      const idOf = ({ id }: Network): string => (options.trunc ? shortId(id) : id);
      printList(cli, options, {
        heads: ['NETWORK ID', 'NAME', 'DRIVER', 'VNI', 'SUBNETS', 'OPTIONS', 'ERROR'],
        items,
        row: (network) => [
          idOf(network),
          nameOf(network),
          driverOf(network),
          network.allocation?.vni ? String(network.allocation.vni) : '',
          (network.allocation?.subnets ?? []).map(({ subnet }) => subnet).join(', '),
          optionsOf(network),
          network.error,
        ],
        id: idOf,
        name: nameOf,
        json: (network) => toJson(Network, network),
      });
    });
  },
};

const nameOf = (network: Network): string => network.spec?.name ?? '';
const driverOf = (network: Network): string =>
  (NetworkDriverNames[network.spec?.driver ?? 0] ?? '').toLowerCase();

function optionsOf({ spec, isIngress }: Network): string {
  const words = [
    isIngress ? 'ingress' : '',
    spec?.isInternal === true ? 'internal' : '',
    spec?.isAttachable === true ? 'attachable' : '',
    spec?.isIsolated === true ? 'isolated' : '',
    spec?.isEncrypted === true ? 'encrypted' : '',
  ];
  return words.filter((word) => word !== '').join(', ');
}
