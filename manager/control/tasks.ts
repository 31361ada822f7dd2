import { GetTaskResponse, ListTasksResponse, Task } from '#proto';
import type { GetTaskRequest, ListTasksRequest } from '#proto';
import type { ReadTransaction } from '../store/types.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { pageOf } from './pages.ts';
import { redactTask } from './redact.ts';
import { findNode, findService, findTask } from './refs.ts';
import { isHistory } from './service-counts.ts';

function page(tx: ReadTransaction, request: ListTasksRequest): ListTasksResponse {
  const { serviceRef, nodeRef, includeHistory, afterId } = request;
  const serviceId = serviceRef === '' ? '' : findService(tx, serviceRef).id;
  const nodeId = nodeRef === '' ? '' : findNode(tx, nodeRef).id;
  const source =
    serviceId !== ''
      ? tx.tasksOfService(serviceId, afterId)
      : nodeId !== ''
        ? tx.tasksOfNode(nodeId, afterId)
        : tx.list('task', afterId);
  const show = (task: Task): Task | undefined => {
    if (nodeId !== '' && task.nodeId !== nodeId) return undefined;
    return !includeHistory && isHistory(task) ? undefined : redactTask(task);
  };
  const { items: tasks, nextAfterId } = pageOf(source, show, (task) => Task.encode(task));
  return ListTasksResponse.create({ tasks, nextAfterId });
}

/** Tasks, read only: the cluster makes them. */
export function taskHandlers(
  options: ControlOptions,
): Pick<ControlHandlers, 'listTasks' | 'getTask'> {
  const { store } = options;
  return {
    async listTasks(request: ListTasksRequest, context) {
      await store.readBarrier(context.signal);
      return store.view((tx) => page(tx, request));
    },
    async getTask(request: GetTaskRequest, context) {
      await store.readBarrier(context.signal);
      return store.view((tx) =>
        GetTaskResponse.create({ task: redactTask(findTask(tx, request.ref)) }),
      );
    },
  };
}
