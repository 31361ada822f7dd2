/** The overlay of a host in memory, with what the managers tell of one network and three nodes. */
import { silentLogger, silentMetrics } from '#lib';
import { systemRandom } from '#lib/random-node';
import type { ViewSource } from '#agent/network-view/consumer';
import { LiveNetworkView } from '#agent/network-view/view';
import { macOf } from '#agent/network/subnet';
import { Overlay } from '#agent/overlay/index';
import type { TaskLink } from '#agent/overlay/index';
import type { Tunnel } from '#agent/wireguard/tunnel';
import {
  Endpoint,
  Network,
  NetworkChanges,
  NetworkHost,
  NetworkService,
  NetworkSpec,
  SubnetConfig,
} from '#proto';
import { ModelHost } from './model-host.ts';
import { VirtualClock } from './virtual-clock.ts';

export const networkIds = ['aaaaaaaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbbbbbbb'];
export const noMending = (): void => undefined;
export const nodeIds = ['self', 'n1', 'n2'];
const indexOf = (networkId: string): number => networkIds.indexOf(networkId) + 1;

export function network(id: string): Network {
  const i = indexOf(id);
  return Network.create({
    id,
    spec: NetworkSpec.create({ name: `net${i}` }),
    allocation: {
      vni: 4_096 + i,
      subnets: [
        SubnetConfig.create({ subnet: `10.${i}.0.0/24`, gateway: `10.${i}.0.1` }),
        SubnetConfig.create({ subnet: `fd00:${i}::/64`, gateway: `fd00:${i}::1` }),
      ],
    },
  });
}

export function host(
  networkId: string,
  nodeId: string,
  path = nodeIds.indexOf(nodeId),
): NetworkHost {
  const i = indexOf(networkId);
  const n = 240 + nodeIds.indexOf(nodeId);
  return NetworkHost.create({
    networkId,
    nodeId,
    dataPathAddress: `192.168.0.${path + 1}`,
    addresses: { address: `10.${i}.0.${n}`, addressV6: `fd00:${i}::${n}` },
  });
}

export function endpoint(
  networkId: string,
  taskId: string,
  nodeId: string,
  last: number,
): Endpoint {
  const i = indexOf(networkId);
  return Endpoint.create({
    networkId,
    taskId,
    nodeId,
    address: `10.${i}.0.${last}`,
    addressV6: `fd00:${i}::${last}`,
    isServing: last % 2 === 0,
  });
}

export function world(tunnel?: Tunnel) {
  const clock = new VirtualClock();
  const model = new ModelHost();
  const open = () =>
    new Overlay({
      nodeId: 'self',
      host: model,
      clock,
      random: systemRandom(),
      log: silentLogger,
      metrics: silentMetrics,
      ...(tunnel === undefined ? {} : { tunnel }),
    });
  return { clock, model, open, view: new LiveNetworkView() };
}

/** What the attach script leaves on the host. */
export function putLinks(model: ModelHost, links: readonly TaskLink[]): void {
  for (const { link, bridge, address } of links) {
    model.entries.set(`member ${link}`, `${bridge} task`);
    model.entries.set(`port ${bridge} ${macOf(address)}`, link);
  }
}

export const first = networkIds[0] ?? '';
export const start = NetworkChanges.create({
  isFull: true,
  networks: [network(first)],
  hosts: [host(first, 'self'), host(first, 'n1')],
  endpoints: [endpoint(first, 't1', 'n1', 11), endpoint(first, 'own', 'self', 12)],
  services: [NetworkService.create({ networkId: first, serviceId: 's', address: '10.1.0.2' })],
});

export const sorted = (entries: ReadonlyMap<string, string>) =>
  [...entries]
    .filter(([key]) => !/^(host|table)/.test(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));

type World = ReturnType<typeof world>;

/** An overlay brings the host to these messages, one after the other, and stops: what is there then. */
export async function earlierLife(
  { model, open, view }: World,
  ...messages: readonly NetworkChanges[]
): Promise<ReturnType<typeof sorted>> {
  const before = open();
  before.start(new Map(), noMending);
  for (const message of messages) await before.apply(view, view.apply(message));
  await before.stop();
  return sorted(model.entries);
}

/** Another one, which has been told nothing yet. */
export function nextLife({ open }: World) {
  const overlay = open();
  overlay.start(new Map(), noMending);
  const view = new LiveNetworkView();
  const tell = (message: NetworkChanges, source?: ViewSource): Promise<void> =>
    overlay.apply(view, view.apply(message), source);
  return { overlay, tell };
}

/** The links of the host's own task on the first network. */
export const ownLinks = (overlay: Overlay): Promise<readonly TaskLink[]> =>
  overlay.linksFor(
    'own',
    [{ networkId: first, address: '10.1.0.12', addressV6: '' }],
    new AbortController().signal,
  );
