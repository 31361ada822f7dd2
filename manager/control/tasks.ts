import { GetTaskResponse, ListTasksResponse, Task } from '#proto';
import type { GetTaskRequest, ListTasksRequest } from '#proto';
import type { ReadTransaction } from '../store/types.ts';
import { answerBytesMax } from './answer-size.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { redactTask } from './redact.ts';
import { findNode, findService, findTask } from './refs.ts';
import { isHistory } from './service-counts.ts';

function* selected(tx: ReadTransaction, request: ListTasksRequest): Iterable<Task> {
  const serviceId = request.serviceRef === '' ? '' : findService(tx, request.serviceRef).id;
  const nodeId = request.nodeRef === '' ? '' : findNode(tx, request.nodeRef).id;
  const source =
    serviceId !== ''
      ? tx.tasksOfService(serviceId)
      : nodeId !== ''
        ? tx.tasksOfNode(nodeId)
        : tx.list('task');
  for (const task of source) {
    if (task.id <= request.afterId) continue;
    if (nodeId !== '' && task.nodeId !== nodeId) continue;
    if (!request.includeHistory && isHistory(task)) continue;
    yield task;
  }
}

function page(tx: ReadTransaction, request: ListTasksRequest): ListTasksResponse {
  const tasks: Task[] = [];
  let bytes = 0;
  for (const stored of selected(tx, request)) {
    const task = redactTask(stored);
    bytes += Task.encode(task).length + 8;
    if (bytes > answerBytesMax && tasks.length > 0)
      return ListTasksResponse.create({ tasks, nextAfterId: tasks.at(-1)?.id ?? '' });
    tasks.push(task);
  }
  return ListTasksResponse.create({ tasks });
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
