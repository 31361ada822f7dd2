import { Availability } from '#proto';
import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { parseDuration } from '../parse/duration.ts';
import { setAvailability } from '../service/availability.ts';
import { warnOfBudgets } from '../service/drain-budgets.ts';
import { followDrain } from '../service/drain.ts';

interface Options {
  readonly wait?: boolean;
  readonly timeout?: string;
  readonly ignoreBudgets?: boolean;
}

const timeoutDefaultMs = 5 * 60_000;
const timeoutMaxMs = 24 * 3_600_000;

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description(
        'Move the tasks of nodes elsewhere, as fast as the disruption budgets of their services allow.',
      )
      .argument('<NODE...>', 'names or ids')
      .option('--wait', 'return when the nodes are empty')
      .option(
        '--ignore-budgets',
        'all tasks leave at once, whatever the disruption budgets of their services',
      )
      .option('--timeout <duration>', 'with --wait: give up waiting after this (default 5m)')
      .addHelpText(
        'after',
        `
The drain goes on when this command ends: by Ctrl-C, at the time-out, or without --wait.
'tsctl node uncordon' ends it. A service without a disruption budget (--max-unavailable)
moves at once; one with a budget of 0 never does, unless --ignore-budgets is given, then or
later. 'tsctl why TASK' says what keeps a task.`,
      );
    addExamples(command, [
      'tsctl node drain host2',
      'tsctl node drain host2 --wait --timeout 10m',
      'tsctl node drain host2 host3 --wait',
      'tsctl node drain --ignore-budgets host2',
    ]);
    command.action(async (refs: readonly string[], options: Options) => {
      const { wait: isWaiting = false, timeout, ignoreBudgets: isIgnoring = false } = options;
      if (timeout !== undefined && !isWaiting)
        throw new UsageError('--timeout goes with --wait: without it nothing is waited for');
      const timeoutMs =
        timeout === undefined
          ? timeoutDefaultMs
          : parseDuration('--timeout', timeout, timeoutMaxMs);
      await setAvailability(cli, refs, Availability.DRAIN, isIgnoring);
      const connection = await cli.connect();
      if (!isIgnoring) await warnOfBudgets(cli, connection, refs);
      if (isWaiting) await followDrain(cli, connection, refs, timeoutMs);
    });
  },
};
