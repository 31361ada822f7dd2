import { ClusterError, newId } from '#lib';
import type { Random } from '#lib';
import { Availability, NodeDescription, NodeRole, NodeSpec, NodeState, NodeStatus } from '#proto';
import type { AddedNodes, Node, SimulationStep } from '#proto';
import { isNodeKey, labelValue } from '#scheduler';
import { isGlobal, replicasOf } from '../orchestrator/service-config.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

/** Limits on what is asked of a simulation. */
export const simulationLimits = { stepsMax: 50, nodesMax: 10_000, replicasMax: 200_000 } as const;

function refused(message: string): ClusterError {
  return new ClusterError('INVALID_ARGUMENT', message);
}

/** Makes the change, before anything follows from it; gives it in words. INVALID_ARGUMENT, NOT_FOUND. */
export function applySimulationStep(
  cluster: SimulatedCluster,
  { step }: SimulationStep,
  random: Random,
): string {
  switch (step?.kind) {
    case 'drain': {
      const node = nodeNamed(cluster, step.drain);
      const spec = { ...(node.spec ?? NodeSpec.create()), availability: Availability.DRAIN };
      cluster.setNode({ ...node, spec });
      return `drain ${nameOf(node)}`;
    }
    case 'remove': {
      const node = nodeNamed(cluster, step.remove);
      cluster.removeNode(node.id);
      return `remove ${nameOf(node)}`;
    }
    case 'lose':
      return lose(cluster, step.lose);
    case 'addNodes':
      return addNodes(cluster, step.addNodes, random);
    case 'scale': {
      const { service: name, replicas } = step.scale;
      scale(cluster, name, replicas);
      return `scale ${name} to ${replicas}`;
    }
    case undefined:
      throw refused('a step of the simulation is empty');
  }
}

function nameOf(node: Node): string {
  return node.description?.hostname || node.id;
}

function nodeNamed(cluster: SimulatedCluster, ref: string): Node {
  const exact = cluster.nodes.get(ref);
  if (exact !== undefined) return exact;
  const named = [...cluster.nodes.values()].filter((node) => nameOf(node) === ref);
  const [node] = named;
  if (node === undefined)
    throw new ClusterError('NOT_FOUND', `node ${ref} is not in the simulation`);
  if (named.length > 1) throw refused(`node ${ref} is ambiguous: use an id`);
  return node;
}

/** The nodes with this label go DOWN at one moment. */
function lose(cluster: SimulatedCluster, text: string): string {
  const at = text.indexOf('=');
  const key = text.slice(0, at);
  const value = text.slice(at + 1);
  if (at < 1 || value === '' || !isNodeKey(key))
    throw refused(`--lose '${text}': write it as LABEL=VALUE, as in zone=a or node.hostname=host1`);
  const lost = [...cluster.nodes.values()].filter((node) => labelValue(node, key) === value);
  if (lost.length === 0)
    throw new ClusterError('NOT_FOUND', `--lose ${text}: no node has that label`);
  for (const node of lost) {
    const status = node.status ?? NodeStatus.create();
    const changedAtMs = cluster.nowMs;
    cluster.setNode({ ...node, status: { ...status, state: NodeState.DOWN, changedAtMs } });
  }
  return `lose ${text} (${lost.length} nodes)`;
}

function addNodes(
  cluster: SimulatedCluster,
  { count, resources, labels }: AddedNodes,
  random: Random,
): string {
  const { nodesMax } = simulationLimits;
  if (count < 1 || cluster.nodes.size + count > nodesMax)
    throw refused(`--add-nodes ${count}: a simulation has 1 to ${nodesMax} nodes`);
  const like = largest(cluster);
  const has = like?.description?.resources;
  const first = cluster.nodes.size;
  for (let at = 1; at <= count; at++) {
    const given = {
      cpuNano: resources?.cpuNano || has?.cpuNano || 0,
      memoryBytes: resources?.memoryBytes || has?.memoryBytes || 0,
      pids: 0,
      generic: resources?.generic ?? {},
    };
    const platform = like?.description?.platform;
    cluster.setNode({
      id: newId(random),
      role: NodeRole.WORKER,
      demotedAtMs: 0,
      taintedAtMs: {},
      spec: NodeSpec.create({ labels }),
      status: NodeStatus.create({ state: NodeState.READY, changedAtMs: cluster.nowMs }),
      description: NodeDescription.create({
        hostname: `new-${first + at}`,
        resources: given,
        platform,
      }),
    });
  }
  return `add ${count === 1 ? '1 node' : `${count} nodes`}`;
}

/** What a new node is like where nobody says otherwise. */
function largest(cluster: SimulatedCluster): Node | undefined {
  let best: Node | undefined;
  const size = (node: Node | undefined): number => node?.description?.resources?.cpuNano ?? 0;
  for (const node of cluster.nodes.values()) if (size(node) > size(best)) best = node;
  return best;
}

function scale(cluster: SimulatedCluster, ref: string, replicas: number): void {
  const service =
    cluster.services.get(ref) ??
    [...cluster.services.values()].find(
      ({ spec }) => spec?.name.toLowerCase() === ref.toLowerCase(),
    );
  if (service?.spec === undefined)
    throw new ClusterError('NOT_FOUND', `service ${ref} is not in the simulation`);
  if (isGlobal(service)) throw refused(`service ${ref} is global: it has no number of replicas`);
  let others = 0;
  for (const other of cluster.services.values()) if (other !== service) others += replicasOf(other);
  const { replicasMax } = simulationLimits;
  if (others + replicas > replicasMax)
    throw refused(`--scale ${ref}=${replicas}: a simulation has at most ${replicasMax} replicas`);
  const mode = { kind: 'replicated', replicated: { replicas } } as const;
  cluster.services.set(service.id, { ...service, spec: { ...service.spec, mode } });
}
