/** Which addresses of other nodes an examination asks. Pure. */
import type { Network } from '#proto';
import type { NetworkView } from '../network-view/view.ts';
import { hostKey } from '../network-view/view.ts';
import { isOverlay } from '../overlay/index.ts';

export interface Target {
  readonly networkId: string;
  readonly nodeId: string;
  /** This node's address, and the other's, on the network. */
  readonly from: string;
  readonly to: string;
  readonly dataPathAddress: string;
}

export interface NetworkTargets {
  readonly network: Network;
  readonly targets: readonly Target[];
  readonly leftOut: number;
}

/**
 * All other nodes on these networks but those in `absent` (as `hostKey`); IPv4 and IPv6 each count. When
 * there are more than `askedMax`, every network gets the same share, each of other nodes than the
 * network before it.
 */
export function chooseTargets(
  view: NetworkView,
  nodeId: string,
  networkIds: ReadonlySet<string>,
  absent: ReadonlySet<string>,
  askedMax: number,
): readonly NetworkTargets[] {
  const networks = [...view.networks.values()].filter(
    (network) => isOverlay(network) && (networkIds.size === 0 || networkIds.has(network.id)),
  );
  const byNetwork = Map.groupBy(view.hosts.values(), ({ networkId }) => networkId);
  const share = Math.max(1, Math.floor(askedMax / Math.max(1, networks.length)));
  let turn = 0;
  return networks.map((network) => {
    const self = view.hosts.get(hostKey(network.id, nodeId))?.addresses;
    const others = (byNetwork.get(network.id) ?? [])
      .filter((host) => host.nodeId !== nodeId && !absent.has(hostKey(network.id, host.nodeId)))
      .toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    const all = others.flatMap((host) =>
      [
        [self?.address, host.addresses?.address],
        [self?.addressV6, host.addresses?.addressV6],
      ].flatMap(([from = '', to = '']): readonly Target[] => {
        const { dataPathAddress } = host;
        if (from === '' || to === '' || dataPathAddress === '') return [];
        return [{ networkId: network.id, nodeId: host.nodeId, from, to, dataPathAddress }];
      }),
    );
    const begin = all.length === 0 ? 0 : turn % all.length;
    const targets = [...all.slice(begin), ...all.slice(0, begin)].slice(0, share);
    turn += targets.length;
    return { network, targets, leftOut: all.length - targets.length };
  });
}
