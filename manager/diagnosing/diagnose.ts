import { DiagnoseNetworksResponse, NetworkCheck, NetworkProblem, NodeNetworkChecks } from '#proto';
import { checksumProblems } from './checksum-problems.ts';
import { mtuProblems } from './mtu-problems.ts';
import { reachProblems } from './reach-problems.ts';
import type { NodeAnswer, Scene } from './scene.ts';

/** Names by id of all nodes and networks. */
export interface Names {
  readonly nodes: ReadonlyMap<string, string>;
  readonly networks: ReadonlyMap<string, string>;
}

/** What is wrong, by check; and every node that was asked, by name. */
export function diagnose(answers: readonly NodeAnswer[], names: Names): DiagnoseNetworksResponse {
  const scene = sceneOf(answers, names);
  const problems = [
    ...answers.filter(({ report }) => report === undefined).map((one) => silence(scene, one)),
    ...reachProblems(scene),
    ...mtuProblems(scene),
    ...checksumProblems(scene),
    ...answers.flatMap(({ nodeId, report }) =>
      (report?.problems ?? []).map((problem) => ({ ...problem, nodeIds: [nodeId] })),
    ),
  ];
  const nodes = answers
    .map(({ nodeId, report, error }) =>
      NodeNetworkChecks.create({
        nodeId,
        nodeHostname: scene.nodeName(nodeId),
        error,
        checks: (report?.checks ?? []).map((check) => counted(check, nodeId, problems)),
      }),
    )
    .toSorted((a, b) => a.nodeHostname.localeCompare(b.nodeHostname, 'en', { numeric: true }));
  return DiagnoseNetworksResponse.create({ nodes, problems });
}

/** What is only seen by looking at several nodes shows at each of them. */
function counted(
  check: NetworkCheck,
  nodeId: string,
  problems: readonly NetworkProblem[],
): NetworkCheck {
  const own = problems.filter((one) => one.check === check.name && one.nodeIds.includes(nodeId));
  return NetworkCheck.create({ ...check, wrong: Math.max(check.wrong, own.length) });
}

function sceneOf(answers: readonly NodeAnswer[], { nodes, networks }: Names): Scene {
  const shared = Map.groupBy(nodes, ([, name]) => name);
  return {
    answers,
    reports: new Map(
      answers.flatMap(({ nodeId, report }) =>
        report === undefined ? [] : [[nodeId, report] as const],
      ),
    ),
    nodeName: (id) => {
      const name = nodes.get(id) || id;
      return (shared.get(name)?.length ?? 0) > 1 ? `${name} (${id.slice(0, 12)})` : name;
    },
    networkName: (id) => networks.get(id) || id,
  };
}

function silence(scene: Scene, { nodeId, error }: NodeAnswer): NetworkProblem {
  const name = scene.nodeName(nodeId);
  return NetworkProblem.create({
    check: 'answer',
    nodeIds: [nodeId],
    what: `${name} was not examined`,
    evidence: error,
    remedy: `see 'tsctl node inspect ${name}' and the log of tesserad there; when it is busy, give it longer (--timeout); a node that is gone for good is removed by 'tsctl node rm ${name}'`,
  });
}
