import { ClusterError, messageOf, withDeadline } from '#lib';
import type { Ms } from '#lib';
import { NetworkReport, NodeState, WorkDiagnoseNetworks } from '#proto';
import type { DiagnoseNetworksRequest, NetworkProblem, Node } from '#proto';
import { absentHosts, diagnose } from '../diagnosing/index.ts';
import type { NodeAnswer } from '../diagnosing/index.ts';
import type { ReadTransaction } from '../store/types.ts';
import { visible } from '../work/index.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { findNetwork, findNode } from './refs.ts';

const timeoutDefaultMs: Ms = 30_000;
const timeoutMaxMs: Ms = 300_000;
const refsMax = 10_000;
/** Problems that one node may tell of itself. */
const problemsOfNodeMax = 100;

/** Asks nodes what they see of their networks, all at once, and says what is wrong. */
export function diagnosingHandlers(
  options: ControlOptions,
): Pick<ControlHandlers, 'diagnoseNetworks'> {
  const { store } = options;
  return {
    async diagnoseNetworks(request: DiagnoseNetworksRequest, { signal }) {
      const { networkRefs, nodeRefs } = request;
      if (networkRefs.length > refsMax || nodeRefs.length > refsMax)
        throw new ClusterError('INVALID_ARGUMENT', `more than ${refsMax} names are given`);
      const timeoutMs = request.timeoutMs || timeoutDefaultMs;
      if (timeoutMs > timeoutMaxMs)
        throw new ClusterError(
          'INVALID_ARGUMENT',
          `a timeout of ${timeoutMs} ms is too long: at most ${timeoutMaxMs}`,
        );
      await store.readBarrier(signal);
      const scene = store.view((tx) => sceneOf(tx, networkRefs, nodeRefs));
      const answers = await Promise.all(
        scene.nodes.map((node) => ask(options, node, scene.work, timeoutMs)),
      );
      return diagnose(answers, scene.names);
    },
  };
}

function sceneOf(tx: ReadTransaction, networkRefs: readonly string[], nodeRefs: readonly string[]) {
  const all = [...tx.list('node')];
  const named = nodeRefs.map((ref) => findNode(tx, ref));
  const nodes =
    nodeRefs.length === 0 ? all : [...new Map(named.map((one) => [one.id, one])).values()];
  const chosen = networkRefs.map((ref) => findNetwork(tx, ref));
  const networks = [...tx.list('network')];
  return {
    nodes,
    work: WorkDiagnoseNetworks.create({
      networkIds: [...new Set(chosen.map(({ id }) => id))],
      absent: [...absentHosts(tx, chosen.length === 0 ? networks : chosen)],
    }),
    names: {
      nodes: new Map(all.map(({ id, description }) => [id, description?.hostname ?? ''])),
      networks: new Map(networks.map(({ id, spec }) => [id, spec?.name ?? ''])),
    },
  };
}

async function ask(
  { work, clock }: ControlOptions,
  node: Node,
  diagnoseNetworks: WorkDiagnoseNetworks,
  timeoutMs: Ms,
): Promise<NodeAnswer> {
  const failed = (error: string): NodeAnswer => ({ nodeId: node.id, report: undefined, error });
  if (node.status?.state === NodeState.DOWN) return failed('it is down');
  try {
    const exchange = work.request(node.id, { kind: 'diagnoseNetworks', diagnoseNetworks });
    const iterator = exchange.answers[Symbol.asyncIterator]();
    try {
      const what = 'the examination of its networks';
      const { done, value } = await withDeadline(clock, timeoutMs, what, iterator.next());
      if (done === true || value.kind !== 'networkReport') return failed('it gave no report');
      return { nodeId: node.id, report: readable(value.networkReport), error: '' };
    } finally {
      exchange.cancel();
    }
  } catch (error) {
    return failed(messageOf(error));
  }
}

/** What a node says is shown to people: no control characters, and not without end. */
function readable(report: NetworkReport): NetworkReport {
  const clean = (problem: NetworkProblem): NetworkProblem => ({
    ...problem,
    check: visible(problem.check),
    what: visible(problem.what),
    evidence: visible(problem.evidence),
    remedy: visible(problem.remedy),
  });
  return NetworkReport.create({
    ...report,
    uplink: visible(report.uplink),
    dataPathAddress: visible(report.dataPathAddress),
    problems: report.problems.slice(0, problemsOfNodeMax).map(clean),
    probes: report.probes.map((probe) => ({
      ...probe,
      bridge: visible(probe.bridge),
      vxlan: visible(probe.vxlan),
      failures: probe.failures.map((failure) => ({
        ...failure,
        address: visible(failure.address),
        dataPathAddress: visible(failure.dataPathAddress),
      })),
    })),
  });
}
