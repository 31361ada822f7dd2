import { EndpointMode, EndpointModeNames, ProtocolNames, PublishMode } from '#proto';
import { PublishModeNames } from '#proto';
import type { PortConfig, Service } from '#proto';
import { shortDuration } from '../output/words.ts';
import { section, word } from './pretty-words.ts';
import type { Line } from './pretty-words.ts';

/** What `service inspect --pretty` says of networks, names and ports. `names`: by id. */
export function networkSections(
  { spec, endpoint }: Service,
  names: ReadonlyMap<string, string>,
): readonly string[] {
  const nameOf = (id: string): string => names.get(id) ?? id;
  const { dns, hosts = [], networks = [] } = spec?.task ?? {};
  const attachments = networks.map(({ network, aliases, addresses }): Line => {
    const vip = endpoint?.virtualAddresses.find(({ networkId }) => networkId === network);
    const words = [
      vip === undefined ? '' : ['vip', vip.address, vip.addressV6].join(' ').trimEnd(),
      aliases.length === 0 ? '' : `aliases ${aliases.join(' ')}`,
      addresses.length === 0 ? '' : `fixed ${addresses.join(' ')}`,
    ];
    return [nameOf(network), words.filter((one) => one !== '').join(', ') || '-'];
  });
  const mode = spec?.endpoint?.mode ?? EndpointMode.VIP;
  const seconds = spec?.endpoint?.sessionAffinitySeconds ?? 0;
  return [
    ...section('Networks', attachments),
    ...section('Names', [
      ['DNS', dns?.nameservers.join(' ') ?? ''],
      ['DNS search', dns?.search.join(' ') ?? ''],
      ['DNS options', dns?.options.join(' ') ?? ''],
      ['Hosts', hosts.join(' ')],
    ]),
    ...section('Endpoint', [
      [
        'Mode',
        mode === EndpointMode.VIP && networks.length === 0 ? '' : word(EndpointModeNames, mode),
      ],
      ['Session affinity', seconds === 0 ? '' : shortDuration(seconds * 1000)],
      ['Allow from', (spec?.allowFrom ?? []).map(nameOf).join(', ')],
      ['Error', endpoint?.error ?? ''],
    ]),
    ...section('Ports', portLines(spec?.endpoint?.ports ?? [], endpoint?.ports ?? [])),
  ];
}

/** The ports of every node as the cluster has chosen them, once it has. */
function portLines(asked: readonly PortConfig[], given: readonly PortConfig[]): readonly Line[] {
  const isGiven = ({ mode }: PortConfig): boolean =>
    mode === PublishMode.INGRESS && given.length > 0;
  return [...given, ...asked.filter((port) => !isGiven(port))].map((port) => [
    word(PublishModeNames, port.mode),
    `${port.publishedPort} -> ${port.targetPort}/${word(ProtocolNames, port.protocol)}`,
  ]);
}
