/** Which nodes may take a task, and the words for those that may not. */
import type { Node, PortConfig, Task, Toleration } from '#proto';
import { architectureName, knownConstraints, satisfiesConstraints } from './constraint.ts';
import type { Constraint } from './constraint.ts';
import { wantedHostPorts } from './host-ports.ts';
import { newNodeRecord } from './node-record.ts';
import type { NodeRecord } from './node-record.ts';
import { demandOf, noDemand } from './resources.ts';
import type { Demand } from './resources.ts';
import type { ServiceRecord } from './service-record.ts';
import { untolerated } from './toleration.ts';

/** What tasks made from one version of a service ask of a node. */
export interface Requirements {
  readonly demand: Demand;
  /** Undefined: one of them cannot be read, so no node satisfies them. */
  readonly constraints: readonly Constraint[] | undefined;
  readonly platforms: readonly { readonly os: string; readonly architecture: string }[];
  readonly ports: readonly PortConfig[];
  /** 0 = no limit. */
  readonly perNodeMax: number;
  readonly tolerations: readonly Toleration[];
}

/** In the order they are asked; a node counts for the first that it fails. */
const refusals = [
  'unavailable',
  'resources',
  'constraints',
  'platform',
  'ports',
  'per-node-max',
  'taints',
] as const;
export type Refusal = (typeof refusals)[number];

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
    perNodeMax: placement?.replicasMaxPerNode ?? 0,
    tolerations: placement?.tolerations ?? [],
  };
}

function runsOn(record: NodeRecord, requirements: Requirements): boolean {
  const { platforms } = requirements;
  if (platforms.length === 0) return true;
  const has = record.node.description?.platform;
  // A node that has not said what it is: its agent will refuse what it cannot run.
  if (has === undefined) return true;
  const architecture = architectureName(has.architecture);
  return platforms.some(
    (platform) =>
      (platform.os === '' || platform.os === has.os.toLowerCase()) &&
      (platform.architecture === '' || platform.architecture === architecture),
  );
}

/** What tasks take away as they are placed: the part of `refuse` that changes within a pass. */
export function refuseMore(
  record: NodeRecord,
  requirements: Requirements,
  service: ServiceRecord | undefined,
): Refusal | undefined {
  const { demand, ports, perNodeMax } = requirements;
  if (!record.reserved.leavesRoomFor(demand, record.node.description?.resources))
    return 'resources';
  if (ports.length > 0 && !record.ports.areFree(ports)) return 'ports';
  if (perNodeMax > 0 && (service?.taskCounts.get(record.id) ?? 0) >= perNodeMax)
    return 'per-node-max';
  return undefined;
}

function suits(record: NodeRecord, requirements: Requirements): Refusal | undefined {
  const { constraints } = requirements;
  if (constraints === undefined || !satisfiesConstraints(record.node, constraints))
    return 'constraints';
  return runsOn(record, requirements) ? undefined : 'platform';
}

function isTolerated({ hardTaints }: NodeRecord, { tolerations }: Requirements): boolean {
  return hardTaints.length === 0 || untolerated(hardTaints, tolerations) === undefined;
}

/** The first reason why the node may not take one more of these tasks; undefined when it may. */
export function refuse(
  record: NodeRecord,
  requirements: Requirements,
  service: ServiceRecord | undefined,
): Refusal | undefined {
  if (!record.isAvailable) return 'unavailable';
  const more = refuseMore(record, requirements, service);
  if (more === 'resources') return more;
  const unsuitable = suits(record, requirements);
  if (unsuitable !== undefined) return unsuitable;
  if (more !== undefined) return more;
  return isTolerated(record, requirements) ? undefined : 'taints';
}

/** Whether the node, as far as it goes without the tasks on it, may take the task. */
export function mayTake(node: Node, task: Task): boolean {
  const record = newNodeRecord(node);
  const requirements = requirementsOf(task);
  const isOpen = record.isAvailable && isTolerated(record, requirements);
  return isOpen && suits(record, requirements) === undefined;
}

/** Counts refusals and says them in one line. */
export class RefusalCounts {
  readonly #counts = new Map<Refusal, number>();

  add(refusal: Refusal): void {
    this.#counts.set(refusal, (this.#counts.get(refusal) ?? 0) + 1);
  }

  /** As in "no suitable node (insufficient resources on 1 node; ... on 5 nodes)". */
  explain(): string {
    const parts = refusals.flatMap((refusal) => {
      const count = this.#counts.get(refusal);
      return count === undefined
        ? []
        : [phrase(refusal, count === 1 ? '1 node' : `${count} nodes`)];
    });
    return `no suitable node (${parts.length === 0 ? 'there are no nodes' : parts.join('; ')})`;
  }
}

function phrase(refusal: Refusal, nodes: string): string {
  switch (refusal) {
    case 'unavailable':
      return `${nodes} not available for new tasks`;
    case 'resources':
      return `insufficient resources on ${nodes}`;
    case 'constraints':
      return `scheduling constraints not satisfied on ${nodes}`;
    case 'platform':
      return `unsupported platform on ${nodes}`;
    case 'ports':
      return `host-mode port already in use on ${nodes}`;
    case 'per-node-max':
      return `max replicas per node limit reached on ${nodes}`;
    case 'taints':
      return `taint not tolerated on ${nodes}`;
  }
}
