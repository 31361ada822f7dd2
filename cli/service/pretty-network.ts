/** `network inspect --pretty`: what a person wants to know of a network. */
import { NetworkDriverNames, TaskStateNames } from '#proto';
import type { GetNetworkResponse, Network, NetworkEndpoint } from '#proto';
import { renderTable } from '../output/table.ts';
import { titleCase } from '../output/words.ts';

type Line = readonly [string, string];

function headLines({ id, spec, allocation, error, isIngress }: Network): readonly Line[] {
  const yes = (is: boolean | undefined): string => (is === true ? 'yes' : '');
  return [
    ['ID', id],
    ['Name', spec?.name ?? ''],
    ['Driver', (NetworkDriverNames[spec?.driver ?? 0] ?? '').toLowerCase()],
    ['VNI', allocation?.vni ? String(allocation.vni) : ''],
    ...(allocation?.subnets ?? []).map(
      ({ subnet, gateway }): Line => ['Subnet', `${subnet}, gateway ${gateway}`],
    ),
    ['MTU', spec?.mtu ? String(spec.mtu) : ''],
    ['Ingress', yes(isIngress)],
    ['Internal', yes(spec?.isInternal)],
    ['Attachable', yes(spec?.isAttachable)],
    ['Isolated', yes(spec?.isIsolated)],
    ['Encrypted', yes(spec?.isEncrypted)],
    ['Error', error],
  ];
}

const joined = (address: string, addressV6: string): string =>
  addressV6 === '' ? address : `${address}, ${addressV6}`;

function taskName({ serviceName, slot, taskId }: NetworkEndpoint): string {
  return slot > 0 ? `${serviceName}.${slot}` : `${serviceName}.${taskId}`;
}

/** `hostnames`: of nodes, by their ids. */
export function prettyNetwork(
  { network, endpoints }: GetNetworkResponse,
  hostnames: ReadonlyMap<string, string>,
): string {
  if (network === undefined) return '';
  const nameOf = (nodeId: string): string => hostnames.get(nodeId) ?? nodeId;
  const head = headLines(network)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${`${name}:`.padEnd(12)}${value}\n`)
    .join('');
  const nodes = Object.entries(network.hosts).map(([nodeId, host]) => [
    nameOf(nodeId),
    joined(host.address, host.addressV6),
  ]);
  const tasks = endpoints.map((endpoint) => [
    taskName(endpoint),
    nameOf(endpoint.nodeId),
    joined(endpoint.address?.address ?? '', endpoint.address?.addressV6 ?? ''),
    titleCase(TaskStateNames[endpoint.state] ?? ''),
  ]);
  const byFirst = (a: readonly string[], b: readonly string[]): number =>
    (a[0] ?? '').localeCompare(b[0] ?? '', 'en', { numeric: true });
  return [
    head,
    nodes.length === 0 ? '' : `\n${renderTable(['NODE', 'ADDRESS'], nodes.toSorted(byFirst))}`,
    tasks.length === 0
      ? ''
      : `\n${renderTable(['TASK', 'NODE', 'ADDRESS', 'STATE'], tasks.toSorted(byFirst))}`,
    '\n',
  ].join('');
}
