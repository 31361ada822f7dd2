import type { Pacer } from '#lib';
import { NodeState, ServiceCounts, TaskState } from '#proto';
import type { Service, Task } from '#proto';
import type { ReadTransaction } from '../store/types.ts';

/** Whether the task is finished and its slot has moved on: shown only with the history. */
export function isHistory(task: Task): boolean {
  const state = task.status?.state ?? TaskState.NEW;
  return task.desiredState > TaskState.RUNNING && state >= TaskState.COMPLETE;
}

/** Tasks that are counted between two turns of the event loop. */
export const countSlice = { itemsMax: 5_000, bytesMax: Infinity } as const;

/**
 * `running` counts tasks that run and should, on nodes that are not DOWN; `desired` is the number of
 * replicas, or of tasks that should run for a global service. The cost is that of the service's tasks.
 * Takes several turns for many: hand in an image.
 */
export async function countTasks(
  image: ReadTransaction,
  service: Service,
  pacer: Pacer,
  signal?: AbortSignal,
): Promise<ServiceCounts> {
  let running = 0;
  let wanted = 0;
  let completed = 0;
  for (const task of image.tasksOfService(service.id)) {
    if (pacer.isFull()) await pacer.pause(signal);
    const state = task.status?.state ?? TaskState.NEW;
    const isWanted = task.desiredState <= TaskState.RUNNING;
    if (isWanted && state <= TaskState.RUNNING) wanted++;
    if (state === TaskState.COMPLETE) completed++;
    if (!isWanted || state !== TaskState.RUNNING) continue;
    if (image.get('node', task.nodeId)?.status?.state !== NodeState.DOWN) running++;
  }
  const mode = service.spec?.mode;
  const replicas = mode?.kind === 'replicated' ? mode.replicated.replicas : wanted;
  const desired = service.isRemoving ? 0 : replicas;
  return ServiceCounts.create({ serviceId: service.id, running, desired, completed });
}
