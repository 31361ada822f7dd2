import { hasCode } from '#lib';
import type { WorkLogs } from '#proto';
import { LogChunk, LogOptions } from '#proto';
import { containerId, containersOf } from '../task/task-spec.ts';
import { sendUp } from './work-context.ts';
import type { WorkContext } from './work-context.ts';

/**
 * Lines of all containers of the tasks asked for, each container's in order. Tasks that this node
 * does not know are left out. Ends when all logs end; with `follow` when nobody wants it any
 * more.
 */
export async function streamLogs(request: WorkLogs, context: WorkContext): Promise<void> {
  const wanted = new Set(request.taskIds);
  const options = request.options ?? LogOptions.create();
  const streams = context.tasks
    .filter(({ task }) => wanted.has(task.id))
    .flatMap(({ task }) =>
      containersOf(task).map(({ name }) => streamOne(task.id, name, options, context)),
    );
  await Promise.all(streams);
}

async function streamOne(
  taskId: string,
  containerName: string,
  options: LogOptions,
  context: WorkContext,
): Promise<void> {
  const { runtime, nodeId, signal } = context;
  try {
    for await (const record of runtime.logs(containerId(taskId, containerName), options, signal)) {
      const log = LogChunk.create({
        taskId,
        nodeId,
        containerName,
        stream: record.stream,
        atMs: record.atMs,
        line: record.line,
      });
      await sendUp(context, { kind: 'log', log });
    }
  } catch (error) {
    // Nothing was ever written, or the logs are gone by now.
    if (!hasCode(error, 'NOT_FOUND')) throw error;
  }
}
