import type { Task } from '#proto';
import type { ClusterView } from './cluster-view.ts';
import { hasRoom, suits } from './filter.ts';
import { requirementsOf } from './requirements.ts';
import { hasTopology } from './topology-rules.ts';

/**
 * What a node that has changed means for a task that waits: `none`, it is not of the kind that the task asks for; `open`,
 * it takes the task now; `unclear`, it lacks room, or rules about other tasks decide.
 */
export type Prospect = 'none' | 'unclear' | 'open';

/** Looks at the one node only, O(1). */
export function prospectOf(view: ClusterView, task: Task, nodeId: string): Prospect {
  const record = view.node(nodeId);
  if (record === undefined || (task.nodeId !== '' && task.nodeId !== nodeId)) return 'none';
  const requirements = requirementsOf(task);
  if (!suits(record, requirements)) return 'none';
  const isRoomy = hasRoom(record, requirements, view.service(task.serviceId));
  return isRoomy && !hasTopology(view, task) ? 'open' : 'unclear';
}
