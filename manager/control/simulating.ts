import { ClusterError, newId } from '#lib';
import type { Random } from '#lib';
import { Node, NodeDescription, NodeSpec, NodeState, NodeStatus, Service } from '#proto';
import type { DescribedCluster, SimulateRequest } from '#proto';
import type { ImageIndex } from '#scheduler';
import type { SimulatedState } from '../simulating/index.ts';
import { SimulatedCluster, simulate, simulationLimits } from '../simulating/index.ts';
import type { ReadTransaction } from '../store/types.ts';
import { clusterOf } from './cluster.ts';
import { normaliseSpec } from './normalise-spec.ts';
import { validateNodeSpec } from './nodes.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { validateServiceSpec } from './validate-service.ts';

const servicesMax = 1_000;

/** What would happen if. Reads only, and keeps nothing. */
export function simulatingHandlers({
  store,
  clock,
  random,
  images,
}: ControlOptions): Pick<ControlHandlers, 'simulate'> {
  return {
    async simulate({ steps, cluster }: SimulateRequest, { signal }) {
      const { stepsMax } = simulationLimits;
      if (steps.length > stepsMax)
        throw new ClusterError(
          'INVALID_ARGUMENT',
          `${steps.length} steps are too many: use at most ${stepsMax}`,
        );
      const own = random.fork('simulate');
      if (cluster === undefined) await store.readBarrier(signal);
      const state =
        cluster === undefined ? present(store.image(), images) : described(cluster, own);
      const simulated = await SimulatedCluster.of(state, clock, own, signal);
      return simulate(simulated, steps, own, signal);
    },
  };
}

function present(image: ReadTransaction, images: ImageIndex): SimulatedState {
  return {
    nodes: image.list('node'),
    services: image.list('service'),
    tasks: image.list('task'),
    scheduling: clusterOf(image).spec?.scheduling,
    images,
  };
}

function described(cluster: DescribedCluster, random: Random): SimulatedState {
  const { nodesMax, replicasMax } = simulationLimits;
  const nodes = nodesOf(cluster, random);
  if (cluster.services.length > servicesMax)
    throw new ClusterError('INVALID_ARGUMENT', `more than ${servicesMax} services: use fewer`);
  let replicas = 0;
  const services = cluster.services.map((given) => {
    const spec = normaliseSpec(given);
    validateServiceSpec(spec);
    replicas += spec.mode?.kind === 'replicated' ? spec.mode.replicated.replicas : nodes.length;
    return Service.create({ id: newId(random), spec, specVersion: 1 });
  });
  if (replicas > replicasMax)
    throw new ClusterError('INVALID_ARGUMENT', `more than ${replicasMax} replicas: use fewer`);
  if (nodes.length > nodesMax)
    throw new ClusterError('INVALID_ARGUMENT', `more than ${nodesMax} nodes: use fewer`);
  return { nodes, services, tasks: [], scheduling: cluster.scheduling };
}

function nodesOf({ nodes }: DescribedCluster, random: Random): readonly Node[] {
  const made: Node[] = [];
  for (const { name, count, spec = NodeSpec.create(), resources } of nodes) {
    validateNodeSpec(spec);
    const several = Math.max(1, count);
    // One beyond the limit is enough to refuse it.
    for (let at = 1; at <= several && made.length <= simulationLimits.nodesMax; at++) {
      const hostname = several === 1 ? name : `${name}-${at}`;
      made.push(
        Node.create({
          id: newId(random),
          spec,
          status: NodeStatus.create({ state: NodeState.READY }),
          description: NodeDescription.create({ hostname, resources }),
        }),
      );
    }
  }
  return made;
}
