/**
 * A node that is DOWN has a taint that nobody put on: `node.tessera.io/unreachable:NoExecute`, since it went. A task leaves
 * it at once, as in Swarm, unless its service names the taint among its tolerations.
 */
import type { Ms } from '#lib';
import { TaintEffect } from '#proto';
import type { Node, Task, Toleration } from '#proto';
import { tolerates } from './toleration.ts';

/** Keys of taints that only the managers put on begin so. */
export const managersTaintPrefix = 'node.tessera.io/';
export const unreachableTaintKey = `${managersTaintPrefix}unreachable`;
/** The second is how services that came from Kubernetes name it. */
const namesOfIt: readonly string[] = [unreachableTaintKey, 'node.kubernetes.io/unreachable'];

/** What of these tolerations is about lost nodes. `*` is not: whoever lives with all taints still wants to be replaced. */
function namedBy(tolerations: readonly Toleration[]): Toleration | undefined {
  return tolerations.find(
    (one) =>
      namesOfIt.includes(one.key) &&
      tolerates(one, { key: one.key, value: '', effect: TaintEffect.NO_EXECUTE }),
  );
}

function untilMs(node: Node, toleration: Toleration, assignedAtMs: Ms): Ms {
  const { seconds } = toleration;
  if (seconds === undefined) return Infinity;
  if (seconds <= 0) return -Infinity;
  return Math.max(node.status?.changedAtMs ?? 0, assignedAtMs) + seconds * 1_000;
}

/**
 * Until when, ms since the epoch, a task may stay on a node that is DOWN by what its service tolerates now; undefined:
 * the service says nothing of lost nodes. Infinity: until the node is back or removed. A time that the task's own tolerations set
 * is never made longer. What counts is stored, so every leader says the same.
 */
export function stayOnLostNode(
  node: Node,
  task: Task,
  service: readonly Toleration[],
): Ms | undefined {
  const named = namedBy(service);
  if (named === undefined) return undefined;
  const nowMs = untilMs(node, named, task.assignedAtMs);
  const own = namedBy(task.spec?.placement?.tolerations ?? []);
  if (own === undefined) return nowMs;
  const ownMs = untilMs(node, own, task.assignedAtMs);
  return ownMs > -Infinity ? Math.min(ownMs, nowMs) : nowMs;
}
