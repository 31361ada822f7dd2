import { LocalService } from '#proto';
import type { Task } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { forEach } from '../output/inspect.ts';
import { listNodes, listTasks } from '../service/lookup.ts';
import { addTaskListFlags, printTasks } from '../service/task-list.ts';
import type { TaskListOptions } from '../service/task-list.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command.argument('[NODE...]', "names, ids or 'self' (default: self)");
    addTaskListFlags(command, ['tsctl node ps host2', 'tsctl node ps -f desired-state=running']);
    command.action(async (given: readonly string[], options: TaskListOptions) => {
      const connection = await cli.connect();
      const refs = given.length > 0 ? given : ['self'];
      const tasks: Task[] = [];
      await forEach(cli, refs, async (ref) => {
        const nodeRef = ref === 'self' ? (await connection.call(LocalService.info)).nodeId : ref;
        tasks.push(...(await listTasks(connection, { nodeRef, includeHistory: true })));
      });
      printTasks(cli, tasks, await listNodes(connection), options);
    });
  },
};
