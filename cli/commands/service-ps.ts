import type { Task } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { forEach } from '../output/inspect.ts';
import { listNodes, listTasks } from '../service/lookup.ts';
import { addTaskListFlags, printTasks } from '../service/task-list.ts';
import type { TaskListOptions } from '../service/task-list.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command.argument('<SERVICE...>', 'names or ids');
    addTaskListFlags(command, [
      'tsctl service ps web',
      'tsctl service ps -f desired-state=running web',
      'tsctl service ps --no-trunc --format json web',
    ]);
    command.action(async (refs: readonly string[], options: TaskListOptions) => {
      const connection = await cli.connect();
      const nodes = listNodes(connection);
      nodes.catch(() => undefined);
      const tasks: Task[] = [];
      try {
        await forEach(cli, refs, async (serviceRef) => {
          tasks.push(...(await listTasks(connection, { serviceRef, includeHistory: true })));
        });
      } finally {
        if (tasks.length > 0 || refs.length > 1) printTasks(cli, tasks, await nodes, options);
      }
      if (tasks.length === 0 && refs.length === 1) printTasks(cli, [], await nodes, options);
    });
  },
};
