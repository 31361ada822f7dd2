/**
 * Which nodes may take a task, as far as the node itself goes. Every rule stands here twice, side by side: as
 * a quick question for placing, and as the words for a node that fails it.
 */
import { Availability, NodeState } from '#proto';
import type { Node, Placement, Task } from '#proto';
import { architectureName, nodeSatisfies, satisfiesConstraints } from './constraint.ts';
import type { Constraint } from './constraint.ts';
import { isWished, nodeWishOf } from './node-affinity.ts';
import { newNodeRecord } from './node-record.ts';
import type { NodeRecord } from './node-record.ts';
import { refusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { requirementsOf } from './requirements.ts';
import type { Requirements } from './requirements.ts';
import { noDemand } from './resources.ts';
import type { ServiceRecord } from './service-record.ts';
import { taintText, untolerated } from './toleration.ts';

function isTolerated({ hardTaints }: NodeRecord, { tolerations }: Requirements): boolean {
  return hardTaints.length === 0 || untolerated(hardTaints, tolerations) === undefined;
}

function runsOn(record: NodeRecord, { platforms }: Requirements): boolean {
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

function meets(record: NodeRecord, { constraints }: Requirements): boolean {
  return constraints !== undefined && satisfiesConstraints(record.node, constraints);
}

function hasVolumes(record: NodeRecord, { volumes }: Requirements): boolean {
  if (volumes.length === 0) return true;
  const has = record.node.description?.volumes ?? [];
  return volumes.every((name) => has.includes(name));
}

/** Whether the node is of the right kind: what does not change while tasks are placed. */
export function suits(record: NodeRecord, requirements: Requirements): boolean {
  return (
    record.isAvailable &&
    isTolerated(record, requirements) &&
    isWished(record.node, requirements.nodeWish) &&
    meets(record, requirements) &&
    runsOn(record, requirements) &&
    hasVolumes(record, requirements)
  );
}

/** Whether the node has room for one more task: what tasks take away as they are placed. */
export function hasRoom(
  record: NodeRecord,
  requirements: Requirements,
  service: ServiceRecord | undefined,
): boolean {
  const { demand, ports, perNodeMax } = requirements;
  return (
    record.reserved.leavesRoomFor(demand, record.node.description?.resources) &&
    (ports.length === 0 || record.ports.areFree(ports)) &&
    (perNodeMax === 0 || (service?.taskCounts.get(record.id) ?? 0) < perNodeMax)
  );
}

/** Whether the node, as far as it goes without the tasks on it, may take the task. */
export function mayTake(node: Node, task: Task): boolean {
  return suits(newNodeRecord(node), requirementsOf(task));
}

/**
 * Whether the node has what a service asks of nodes by their names and labels: constraints, node selector,
 * required node affinity.
 */
export function isAskedFor(node: Node, placement: Placement | undefined): boolean {
  return nodeSatisfies(node, placement?.constraints ?? []) && isWished(node, nodeWishOf(placement));
}

/** The first reason against `suits`. */
function unsuitable(record: NodeRecord, requirements: Requirements): Refusal | undefined {
  if (!record.isAvailable) return refusal('availability', unavailable(record.node));
  const taint = untolerated(record.hardTaints, requirements.tolerations);
  if (taint !== undefined)
    return refusal('taints', `node(s) had untolerated taint ${taintText(taint)}`);
  if (!isWished(record.node, requirements.nodeWish))
    return refusal('node-affinity', "node(s) didn't match Pod's node affinity/selector");
  if (!meets(record, requirements))
    return refusal('constraints', unmet(record, requirements.constraints));
  if (!runsOn(record, requirements))
    return refusal('platform', 'node(s) had an unsupported platform');
  return undefined;
}

function unavailable(node: Node): string {
  if (node.status?.state !== NodeState.READY) return 'node(s) were not ready';
  const isDrained = node.spec?.availability === Availability.DRAIN;
  return `node(s) were unschedulable (${isDrained ? 'drained' : 'paused'})`;
}

function unmet(record: NodeRecord, constraints: readonly Constraint[] | undefined): string {
  const failed = constraints?.find((one) => !satisfiesConstraints(record.node, [one]));
  return failed === undefined
    ? 'node(s) had a constraint that cannot be read'
    : `node(s) didn't satisfy constraint ${failed.text}`;
}

/** The first reason against `hasRoom`, and against volumes, which Kubernetes asks for here; of resources all that are short. */
function crowded(
  record: NodeRecord,
  requirements: Requirements,
  service: ServiceRecord | undefined,
): Refusal | undefined {
  const { demand, ports, perNodeMax } = requirements;
  if (ports.length > 0 && !record.ports.areFree(ports))
    return refusal('ports', "node(s) didn't have free ports for the requested pod ports", true);
  const shortages =
    demand === noDemand
      ? []
      : record.reserved.shortages(demand, record.node.description?.resources);
  if (shortages.length > 0)
    return {
      filter: 'resources',
      reasons: shortages.map(({ name }) => `Insufficient ${name}`),
      // No eviction makes a node larger than it is.
      isResolvable: shortages.every(({ need, capacity }) => need <= capacity),
      shortages,
    };
  if (!hasVolumes(record, requirements))
    return refusal('volumes', 'node(s) had volume node affinity conflict');
  const count = service?.taskCounts.get(record.id) ?? 0;
  if (perNodeMax === 0 || count < perNodeMax) return undefined;
  return {
    ...refusal('replicas-per-node', 'node(s) reached the max replicas per node limit'),
    shortages: [{ name: 'replicas', need: 1, have: perNodeMax - count, capacity: perNodeMax }],
  };
}

/** Why the node may not take one more task; undefined when it may, as far as the node itself goes. */
export function refuse(
  record: NodeRecord,
  requirements: Requirements,
  service: ServiceRecord | undefined,
): Refusal | undefined {
  return unsuitable(record, requirements) ?? crowded(record, requirements, service);
}
