import { ClusterError, hasCode } from '#lib';
import { ControlService, LogOptions } from '#proto';
import type { Task } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import type { Connection } from '../connection.ts';
import { addExamples } from '../flags.ts';
import { parseSince } from '../parse/since.ts';
import { parseInteger } from '../parse/integer.ts';
import { listNodes, listTasks } from '../service/lookup.ts';
import { LogPrinter } from '../service/log-lines.ts';

interface Options {
  readonly follow?: boolean;
  readonly tail: string;
  readonly since?: string;
  readonly timestamps?: boolean;
  readonly raw?: boolean;
  readonly resolve: boolean;
  readonly trunc: boolean;
  readonly taskIds: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<SERVICE|TASK>', 'name or id')
      .option('-f, --follow', 'go on as more is written')
      .option('-n, --tail <n>', 'only the last lines of each task', 'all')
      .option('--since <time>', 'a time (2026-01-31T10:00:00) or how long ago (10m)')
      .option('-t, --timestamps', 'print when each line was written')
      .option('--raw', 'the lines as they were written, nothing before them')
      .option('--no-resolve', 'ids instead of names')
      .option('--no-trunc', 'whole ids')
      .option('--no-task-ids', 'no ids in the names of tasks');
    addExamples(command, [
      'tsctl service logs web',
      'tsctl service logs -f --tail 100 web',
      'tsctl service logs --since 10m -t web.2',
    ]);
    command.action(async (ref: string, options: Options) => {
      const connection = await cli.connect();
      const request = LogOptions.create({
        follow: options.follow === true,
        sinceMs: options.since === undefined ? 0 : parseSince('--since', options.since, cli.clock),
        ...(options.tail === 'all' ? {} : { tail: parseInteger('--tail', options.tail, 0, 1e9) }),
      });
      const printer = new LogPrinter({
        isRaw: options.raw === true,
        hasTimes: options.timestamps === true,
        hasNames: options.resolve,
        hasTaskIds: options.taskIds,
        isTruncated: options.trunc,
        hasColour: cli.terminal.hasColour,
      });
      const refresh = async (): Promise<void> => {
        printer.setNodes(await listNodes(connection));
        printer.setTasks(await tasksFor(connection, ref));
      };
      if (options.raw !== true) await refresh();
      let hasFailed = false;
      const asked = new Set<string>();
      try {
        const stream = connection.stream(
          ControlService.serviceLogs,
          { ref, options: request },
          cli.signal,
        );
        for await (const chunk of stream) {
          // A task that came later is looked up, once.
          if (options.raw !== true && !printer.knows(chunk.taskId) && !asked.has(chunk.taskId)) {
            asked.add(chunk.taskId);
            await refresh();
          }
          const { out, err } = printer.print(chunk);
          if (out !== '') cli.terminal.out(out);
          if (err !== '') cli.terminal.err(err);
          hasFailed ||= chunk.error !== '';
        }
      } catch (error) {
        if (!cli.signal.aborted) throw error;
      }
      if (hasFailed) throw new ClusterError('UNAVAILABLE', 'some nodes could not be asked');
    });
  },
};

/** The tasks whose lines may come: of the service, or whichever task was meant. */
async function tasksFor(connection: Connection, ref: string): Promise<readonly Task[]> {
  try {
    return await listTasks(connection, { serviceRef: ref, includeHistory: true });
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND')) throw error;
    const { task } = await connection.call(ControlService.getTask, { ref });
    return task === undefined ? [] : [task];
  }
}
