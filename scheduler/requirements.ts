/** What tasks made from one version of a service ask of a node, read once for all nodes. */
import { MountKind } from '#proto';
import type { PortConfig, Task, Toleration } from '#proto';
import { architectureName, knownConstraints } from './constraint.ts';
import type { Constraint } from './constraint.ts';
import { wantedHostPorts } from './host-ports.ts';
import { nodeWishOf } from './node-affinity.ts';
import type { NodeWish } from './node-affinity.ts';
import { demandOf, noDemand } from './resources.ts';
import type { Demand } from './resources.ts';

export interface Requirements {
  readonly demand: Demand;
  /** Undefined: one of them cannot be read, so no node satisfies them. */
  readonly constraints: readonly Constraint[] | undefined;
  readonly platforms: readonly { readonly os: string; readonly architecture: string }[];
  readonly ports: readonly PortConfig[];
  /** Named volumes that the node must have. */
  readonly volumes: readonly string[];
  /** 0 = no limit. */
  readonly perNodeMax: number;
  readonly tolerations: readonly Toleration[];
  readonly nodeWish: NodeWish;
}

export function requirementsOf(task: Task): Requirements {
  const placement = task.spec?.placement;
  const demand = demandOf(task);
  const isFree =
    demand.cpuNano + demand.memoryBytes + demand.pids === 0 && demand.generic === undefined;
  return {
    demand: isFree ? noDemand : demand,
    constraints: knownConstraints(placement?.constraints ?? []),
    platforms: (placement?.platforms ?? []).map(({ os, architecture }) => ({
      os: os.toLowerCase(),
      architecture: architectureName(architecture),
    })),
    ports: wantedHostPorts(task),
    volumes: existingVolumes(task),
    perNodeMax: placement?.replicasMaxPerNode ?? 0,
    tolerations: placement?.tolerations ?? [],
    nodeWish: nodeWishOf(placement),
  };
}

const none: readonly string[] = [];

function existingVolumes({ spec }: Task): readonly string[] {
  const mounts = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(
    (container) => container.mounts,
  );
  const wanted = mounts.filter(({ kind, isExisting }) => kind === MountKind.VOLUME && isExisting);
  return wanted.length === 0 ? none : [...new Set(wanted.map(({ source }) => source))];
}
