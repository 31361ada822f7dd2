/** What the view keeps about one node: the object and sums over the tasks that stand on it. */
import { Availability, NodeState, TaintEffect } from '#proto';
import type { Node, Taint } from '#proto';
import { HostPorts } from './host-ports.ts';
import { Reserved } from './resources.ts';

/** Owned and changed by ClusterView only. */
export interface NodeRecord {
  readonly id: string;
  node: Node;
  /** READY and active: may get new tasks. */
  isAvailable: boolean;
  /** Taints that keep away what does not tolerate them: NoSchedule and NoExecute. */
  hardTaints: readonly Taint[];
  /** Taints that ask to be filled last: PreferNoSchedule. */
  softTaints: readonly Taint[];
  /** Tasks meant to run here, of all services. */
  taskCount: number;
  /** `taskCount` as the view's order knows it. */
  orderedCount: number;
  readonly reserved: Reserved;
  readonly ports: HostPorts;
}

export function newNodeRecord(node: Node): NodeRecord {
  const record: NodeRecord = {
    id: node.id,
    node,
    isAvailable: false,
    hardTaints: [],
    softTaints: [],
    taskCount: 0,
    orderedCount: 0,
    reserved: new Reserved(),
    ports: new HostPorts(),
  };
  describeNode(record, node);
  return record;
}

/** Takes over a newer state of the node. */
export function describeNode(record: NodeRecord, node: Node): void {
  const taints = node.spec?.taints ?? [];
  record.node = node;
  record.isAvailable =
    node.status?.state === NodeState.READY && node.spec?.availability === Availability.ACTIVE;
  record.hardTaints = taints.filter(({ effect }) => effect !== TaintEffect.PREFER_NO_SCHEDULE);
  record.softTaints = taints.filter(({ effect }) => effect === TaintEffect.PREFER_NO_SCHEDULE);
}
