import { NetworkProbeFailureKind, NetworkProblem } from '#proto';
import type { NetworkReport } from '#proto';
import { clustersOf } from './clusters.ts';
import type { Trouble } from './clusters.ts';
import { failuresOf, joined } from './scene.ts';
import type { Scene, Seen } from './scene.ts';

/** What VXLAN adds to a packet, bytes. */
const headerBytes = { v4: 50, v6: 70 } as const;

const headerOf = ({ dataPathAddress }: NetworkReport): number =>
  dataPathAddress.includes(':') ? headerBytes.v6 : headerBytes.v4;

/** Large packets that do not pass, and those that have to be cut in two to pass. */
export function mtuProblems(scene: Scene): readonly NetworkProblem[] {
  const seen = failuresOf(scene).filter(
    ({ failure }) => failure.kind === NetworkProbeFailureKind.MTU,
  );
  const troubles = clustersOf(
    seen,
    ({ from, failure }) => [from, failure.nodeId] as const,
    (id) => scene.nodeName(id),
  );
  return [...troubles.map((trouble) => stopped(scene, trouble)), ...cutInTwo(scene)];
}

function stopped(scene: Scene, { center, others, items }: Trouble<Seen>): NetworkProblem {
  const nodeIds = [center, ...others];
  const uplinks = nodeIds.flatMap((id) => {
    const report = scene.reports.get(id);
    return report === undefined || report.uplinkMtu === 0 ? [] : [{ id, report }];
  });
  const [smallest] = uplinks.toSorted((a, b) => a.report.uplinkMtu - b.report.uplinkMtu);
  const largestMtu = Math.max(0, ...uplinks.map(({ report }) => report.uplinkMtu));
  const passes = items.map(({ failure }) => failure.passesBytes).filter((size) => size > 0);
  const passing = passes.length === 0 ? 0 : Math.min(...passes);
  const [first] = items;
  const network = scene.networkName(first?.probe.networkId ?? '');
  const measured = items.find(({ failure }) => failure.passesBytes === passing) ?? first;
  const evidence = [
    `${first?.probe.mtu ?? 0} bytes on network ${network} do not pass`,
    ...(passing === 0 || measured === undefined
      ? []
      : [
          `at most ${passing} do from ${scene.nodeName(measured.from)} to ${scene.nodeName(measured.failure.nodeId)}`,
        ]),
    `uplinks: ${joined(uplinks.map(({ id, report }) => `${scene.nodeName(id)} ${report.uplink} ${report.uplinkMtu}`))}`,
  ];
  const bridges = bridgeMtus(scene, nodeIds, first?.probe.networkId ?? '');
  const isUplinks = smallest !== undefined && smallest.report.uplinkMtu < largestMtu;
  return NetworkProblem.create({
    check: 'mtu',
    nodeIds,
    what: `large packets do not pass between ${scene.nodeName(center)} and ${joined(others.map((id) => scene.nodeName(id)))}`,
    evidence: evidence.join('; '),
    remedy: isUplinks
      ? uplinkRemedy(scene, smallest.id, smallest.report, largestMtu)
      : new Set(bridges.values()).size > 1
        ? `the nodes have different MTUs on ${network} (${joined([...bridges].map(([id, mtu]) => `${scene.nodeName(id)} ${mtu}`))}): when an uplink has just been changed they follow within 15 s, ask again then; else see 'entries'`
        : betweenRemedy(passing, largestMtu, headerOf(uplinks[0]?.report ?? noReport)),
  });
}

/** Of the bridges of one network, by node. */
function bridgeMtus(
  { reports }: Scene,
  nodeIds: readonly string[],
  networkId: string,
): ReadonlyMap<string, number> {
  return new Map(
    nodeIds.flatMap((id) => {
      const probe = reports.get(id)?.probes.find((one) => one.networkId === networkId);
      return probe === undefined ? [] : [[id, probe.mtu] as const];
    }),
  );
}

const noReport = { dataPathAddress: '' } as NetworkReport;

function uplinkRemedy(
  scene: Scene,
  nodeId: string,
  report: NetworkReport,
  largestMtu: number,
): string {
  const { uplink, uplinkMtu } = report;
  return `raise ${uplink} of ${scene.nodeName(nodeId)} to ${largestMtu} ('ip link set dev ${uplink} mtu ${largestMtu}', and where the host's network is configured); or lower the uplinks of the others to ${uplinkMtu}, which their networks follow; or make networks with --opt mtu=${uplinkMtu - headerOf(report)}`;
}

function betweenRemedy(passing: number, uplinkMtu: number, header: number): string {
  const raise = `something between them does not take packets of ${uplinkMtu} bytes: raise the MTU there`;
  if (passing === 0) return raise;
  return `${raise}; or lower the nodes' uplinks to ${passing + header}, which their networks follow; or make networks with --opt mtu=${passing}`;
}

/** A network whose packets are larger than the uplink: the kernel cuts them, which costs throughput. */
function cutInTwo(scene: Scene): readonly NetworkProblem[] {
  const found = [...scene.reports].flatMap(([nodeId, report]) =>
    report.probes
      .filter(({ mtu }) => report.uplinkMtu > 0 && mtu + headerOf(report) > report.uplinkMtu)
      .map((probe) => ({ nodeId, report, probe })),
  );
  return [...Map.groupBy(found, ({ probe }) => probe.networkId)].map(([networkId, items]) => {
    const [first] = items;
    const network = scene.networkName(networkId);
    const { uplink = '', uplinkMtu = 0 } = first?.report ?? {};
    const header = headerOf(first?.report ?? noReport);
    return NetworkProblem.create({
      check: 'mtu',
      nodeIds: items.map(({ nodeId }) => nodeId),
      networkId,
      what: `packets of network ${network} are cut in two on ${joined(items.map(({ nodeId }) => scene.nodeName(nodeId)))}: slow, and lost where fragments are dropped`,
      evidence: `its MTU ${first?.probe.mtu ?? 0} and ${header} of VXLAN are more than the ${uplinkMtu} of ${uplink}`,
      remedy: `make the network with --opt mtu=${uplinkMtu - header}, or without that option, or raise the uplinks`,
    });
  });
}
