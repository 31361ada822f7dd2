/** Why a node may not take a task, in Kubernetes' words where it has them. */

/** In the order they are asked; a node gives the reasons of the first that it fails. */
export const filterNames = [
  'availability',
  'taints',
  'node-affinity',
  'constraints',
  'platform',
  'ports',
  'resources',
  'volumes',
  'replicas-per-node',
  'topology-spread',
  'service-affinity',
] as const;
export type FilterName = (typeof filterNames)[number];

/** What is asked for against what there is, in the unit of the thing: nanos, bytes, pieces, tasks. */
export interface Shortage {
  readonly name: string;
  readonly need: number;
  /** What is left for it now. */
  readonly have: number;
  /** What the node has altogether. */
  readonly capacity: number;
}

export interface Refusal {
  readonly filter: FilterName;
  /** One or more, as in "Insufficient cpu". */
  readonly reasons: readonly string[];
  /** Whether it could take the task if other tasks left the node. */
  readonly isResolvable: boolean;
  readonly shortages: readonly Shortage[];
}

export function refusal(filter: FilterName, reason: string, isResolvable = false): Refusal {
  return { filter, reasons: [reason], isResolvable, shortages: [] };
}

/**
 * One line as Kubernetes writes it: "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) ...". The
 * counted reasons are in the order of their text.
 */
export function summarise(nodeCount: number, refusals: Iterable<Refusal>): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  for (const { reasons } of refusals)
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`);
  // By code unit, as everywhere else that prints this line: "10 x" before "2 y".
  parts.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const head = `0/${nodeCount} nodes are available`;
  return parts.length === 0 ? `${head}.` : `${head}: ${parts.join(', ')}.`;
}
