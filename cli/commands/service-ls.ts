import { shortId } from '#lib';
import { ProtocolNames, PublishMode, Service, toJson } from '#proto';
import type { PortConfig, ServiceCounts } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { filtered, matchesLabel } from '../filters.ts';
import { addListFlags, collect } from '../flags.ts';
import { printList } from '../output/list.ts';
import type { ListOptions } from '../output/list.ts';
import { listServices } from '../service/lookup.ts';

interface Options extends ListOptions {
  readonly filter?: readonly string[];
  readonly trunc: boolean;
}

interface Row {
  readonly service: Service;
  readonly counts: ServiceCounts | undefined;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .option('-f, --filter <key=value>', 'id=, label=, mode=, name= (repeatable)', collect)
      .option('--no-trunc', 'whole ids');
    addListFlags(command, ['tsctl service ls', 'tsctl service ls -f label=tier=front']);
    command.action(async (options: Options) => {
      const connection = await cli.connect();
      const { services, counts } = await listServices(connection);
      const rows = services
        .map((service): Row => ({ service, counts: counts.get(service.id) }))
        .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b), 'en', { numeric: true }));
      const items = filtered(rows, options.filter, {
        id: ({ service }, value) => service.id.startsWith(value),
        label: ({ service }, value) => matchesLabel(service.spec?.labels ?? {}, value),
        mode: ({ service }, value) => service.spec?.mode?.kind === value,
        name: (row, value) => nameOf(row).startsWith(value),
      });
      printList(cli, options, {
        heads: ['ID', 'NAME', 'MODE', 'REPLICAS', 'IMAGE', 'PORTS'],
        items,
        row: (row) => serviceRow(row.service, row.counts, options.trunc),
        id: ({ service }) => (options.trunc ? shortId(service.id) : service.id),
        name: nameOf,
        json: ({ service, counts: one }) => ({
          ...(toJson(Service, service) as object),
          running: one?.running ?? 0,
          desired: one?.desired ?? 0,
        }),
      });
    });
  },
};

const nameOf = ({ service }: Row): string => service.spec?.name ?? '';

export function serviceRow(
  service: Service,
  counts: ServiceCounts | undefined,
  isTruncated: boolean,
): readonly string[] {
  const { spec } = service;
  const perNode = spec?.task?.placement?.replicasMaxPerNode ?? 0;
  const limit = perNode > 0 ? ` (max ${perNode} per node)` : '';
  return [
    isTruncated ? shortId(service.id) : service.id,
    spec?.name ?? '',
    spec?.mode?.kind ?? '',
    `${counts?.running ?? 0}/${counts?.desired ?? 0}${limit}`,
    (spec?.task?.containers[0]?.image ?? '').replace(/@sha256:[0-9a-f]+$/, ''),
    portsOf(service),
  ];
}

function portsOf(service: Service): string {
  // Those of every node as chosen by the cluster, once they are.
  const given = service.endpoint?.ports ?? [];
  const asked = service.spec?.endpoint?.ports ?? [];
  const isGiven = ({ mode }: PortConfig): boolean =>
    mode === PublishMode.INGRESS && given.length > 0;
  return [...given, ...asked.filter((port) => !isGiven(port))]
    .map((port) => {
      const protocol = (ProtocolNames[port.protocol] ?? '').toLowerCase();
      const where = port.mode === PublishMode.HOST ? 'host' : '*';
      return `${where}:${port.publishedPort}->${port.targetPort}/${protocol}`;
    })
    .join(', ');
}
