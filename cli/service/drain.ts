/** Waits until nodes are empty, shows how they get there, and says what is in the way. */
import { ClusterError, sleep } from '#lib';
import { ControlService, NodeState, TaskState } from '#proto';
import type { Node, Task } from '#proto';
import type { Cli } from '../cli.ts';
import type { Connection } from '../connection.ts';
import { shortDuration } from '../output/words.ts';
import { listTasks } from './lookup.ts';
import { sortTasks, taskName } from './task-list.ts';

const pollMs = 500;
/** Tasks that are named one by one; of the others only the number is told. */
const namedMax = 20;

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;
const nameOf = (node: Node): string => node.description?.hostname || node.id;

/** Whether it may still run on its node. */
const isLeft = (task: Task): boolean =>
  stateOf(task) >= TaskState.ASSIGNED && stateOf(task) < TaskState.COMPLETE;

const isWanted = (task: Task): boolean => task.desiredState <= TaskState.COMPLETE;

function reasonOf(task: Task): string {
  const { error = '', message = '' } = task.status ?? {};
  return error || message || 'it is not running';
}

/** Why the task is still on its node that is being drained; `siblings` are the tasks of its service. */
export function whyLeft(task: Task, node: Node, siblings: readonly Task[]): string {
  if (node.status?.state === NodeState.DOWN)
    return 'the node is down: it stops its tasks when it comes back';
  if (!isWanted(task)) return 'it was told to stop and has not stopped yet';
  const missing = siblings.find(
    (one) => one.id !== task.id && isWanted(one) && stateOf(one) !== TaskState.RUNNING,
  );
  if (missing === undefined) return "its service's disruption budget does not let it go yet";
  return (
    "its service's disruption budget does not let it go while " +
    `${taskName(missing)} does not run: ${reasonOf(missing)}`
  );
}

async function nodesOf(connection: Connection, refs: readonly string[]): Promise<readonly Node[]> {
  const nodes = await Promise.all(
    refs.map((ref) => connection.call(ControlService.getNode, { ref })),
  );
  return nodes.flatMap(({ node }) => node ?? []);
}

async function tasksLeft(connection: Connection, node: Node): Promise<readonly Task[]> {
  return (await listTasks(connection, { nodeRef: node.id })).filter(isLeft);
}

/** One task of each slot that has no node, with the reason. */
async function waiting(connection: Connection, serviceIds: Iterable<string>): Promise<string[]> {
  const lines: string[] = [];
  for (const serviceRef of serviceIds) {
    const tasks = await listTasks(connection, { serviceRef }).catch(() => []);
    for (const task of sortTasks(tasks)) {
      const { error = '' } = task.status ?? {};
      if (isWanted(task) && stateOf(task) < TaskState.ASSIGNED && error !== '')
        lines.push(`${taskName(task)} has no node: ${error}`);
    }
  }
  return lines;
}

function warn(cli: Cli, lines: readonly string[]): void {
  for (const line of lines.slice(0, namedMax)) cli.terminal.err(`tsctl: warning: ${line}\n`);
  if (lines.length > namedMax)
    cli.terminal.err(`tsctl: warning: and ${lines.length - namedMax} more\n`);
}

/**
 * Returns when nothing runs on the nodes any more. DEADLINE_EXCEEDED after `timeoutMs`, with the tasks that are
 * left and why as warnings before. The drain itself goes on in any case.
 */
export async function followDrain(
  cli: Cli,
  connection: Connection,
  refs: readonly string[],
  timeoutMs: number,
): Promise<void> {
  const endMs = cli.clock.monotonic() + timeoutMs;
  const told = new Map<string, number>();
  const serviceIds = new Set<string>();
  try {
    for (;;) {
      const left: { node: Node; tasks: readonly Task[] }[] = [];
      for (const node of await nodesOf(connection, refs)) {
        const tasks = await tasksLeft(connection, node);
        for (const { serviceId } of tasks) serviceIds.add(serviceId);
        tell(cli, told, node, tasks.length);
        if (tasks.length > 0) left.push({ node, tasks });
      }
      if (left.length === 0) break;
      if (cli.clock.monotonic() >= endMs) throw await timedOut(cli, connection, left, timeoutMs);
      await sleep(cli.clock, pollMs, cli.signal);
    }
  } catch (error) {
    if (!cli.signal.aborted) throw error;
    cli.terminal.out(
      '\nThe drain goes on in the background.\n' +
        `Use 'tsctl node ps ${refs.join(' ')}' to see what is left, 'tsctl node uncordon' to end it.\n`,
    );
    return;
  }
  warn(cli, await waiting(connection, serviceIds));
}

function tell(cli: Cli, told: Map<string, number>, node: Node, count: number): void {
  if (told.get(node.id) === count) return;
  told.set(node.id, count);
  const what = count === 0 ? 'empty' : `${count} ${count === 1 ? 'task' : 'tasks'} left`;
  cli.terminal.out(`${nameOf(node)}: ${what}\n`);
}

async function timedOut(
  cli: Cli,
  connection: Connection,
  left: readonly { readonly node: Node; readonly tasks: readonly Task[] }[],
  timeoutMs: number,
): Promise<ClusterError> {
  const siblings = new Map<string, readonly Task[]>();
  const lines: string[] = [];
  for (const { node, tasks } of left)
    for (const task of sortTasks(tasks)) {
      const { serviceId } = task;
      if (!siblings.has(serviceId) && lines.length < namedMax)
        siblings.set(
          serviceId,
          await listTasks(connection, { serviceRef: serviceId }).catch(() => []),
        );
      const why = whyLeft(task, node, siblings.get(serviceId) ?? []);
      lines.push(`${taskName(task)} is still on ${nameOf(node)}: ${why}`);
    }
  warn(cli, lines);
  const names = left.map(({ node }) => nameOf(node)).join(', ');
  return new ClusterError(
    'DEADLINE_EXCEEDED',
    `not empty after ${shortDuration(timeoutMs)}: ${names}; the drain goes on in the background`,
  );
}
