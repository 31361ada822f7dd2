import { NetworkProbeFailureKind, NetworkProblem } from '#proto';
import { clustersOf } from './clusters.ts';
import { failuresOf, joined } from './scene.ts';
import type { Scene } from './scene.ts';

/**
 * Pings pass and TCP does not. A node answers TCP to a closed port only when the checksum is right; that of
 * TCP is left to the network card, that of a ping never is.
 */
export function checksumProblems(scene: Scene): readonly NetworkProblem[] {
  const seen = failuresOf(scene).filter(
    ({ failure }) => failure.kind === NetworkProbeFailureKind.CHECKSUM,
  );
  const troubles = clustersOf(
    seen,
    ({ from, failure }) => [from, failure.nodeId] as const,
    (id) => scene.nodeName(id),
  );
  return troubles.map(({ center, others, items }) => {
    const [first] = items;
    const report = scene.reports.get(first?.from ?? '');
    const uplink = report?.uplink || 'UPLINK';
    const target = first?.failure;
    return NetworkProblem.create({
      check: 'checksum',
      nodeIds: [center, ...others],
      what: `pings pass between ${scene.nodeName(center)} and ${joined(others.map((id) => scene.nodeName(id)))}, TCP does not`,
      evidence: `${target?.address ?? ''} (${scene.nodeName(target?.nodeId ?? '')} on ${scene.networkName(first?.probe.networkId ?? '')}) answers pings of ${scene.nodeName(first?.from ?? '')}, but no TCP connection within 3 s${items.length > 1 ? `; ${items.length - 1} more such` : ''}`,
      remedy: `a network card that fills in checksums wrongly does this: on ${joined([center, ...others].map((id) => scene.nodeName(id)))} try 'ethtool -K ${uplink} tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off' and, when that does not help, 'ethtool -K ${uplink} tx off' and 'ethtool -K ${first?.probe.vxlan ?? ''} tx off'; if neither helps, look for firewall rules that drop TCP of ${first?.probe.bridge ?? ''}`,
    });
  });
}
