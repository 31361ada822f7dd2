/** Reads that many commands need. */
import { ControlService } from '#proto';
import type { ListTasksRequest, Node, Task } from '#proto';
import type { Connection } from '../connection.ts';

/** Every task that matches, however many answers it takes. */
export async function listTasks(
  connection: Connection,
  request: Partial<ListTasksRequest>,
): Promise<Task[]> {
  const tasks: Task[] = [];
  let afterId = '';
  do {
    const answer = await connection.call(ControlService.listTasks, { ...request, afterId });
    tasks.push(...answer.tasks);
    afterId = answer.nextAfterId;
  } while (afterId !== '');
  return tasks;
}

export async function listNodes(connection: Connection): Promise<readonly Node[]> {
  return (await connection.call(ControlService.listNodes)).nodes;
}
