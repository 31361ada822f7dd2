/** Waits until nodes are empty, shows how they get there, and says what is in the way. */
import { ClusterError, sleep } from '#lib';
import { ControlService, NodeState, TaskState } from '#proto';
import type { Node, Service, Task } from '#proto';
import type { Cli } from '../cli.ts';
import type { Connection } from '../connection.ts';
import { shortDuration } from '../output/words.ts';
import { allowsNone, budgetText, isLeft, isWanted, serviceOf } from './drain-budgets.ts';
import { stateOf, wayOut } from './drain-budgets.ts';
import { listNodes, listTasks } from './lookup.ts';
import { sortTasks, taskName } from './task-list.ts';

const pollMs = 500;
/** Tasks that are named one by one; of the others only the number is told. */
const namedMax = 20;

const nameOf = (node: Node): string => node.description?.hostname || node.id;

/** What else there is to know of a task that is left. */
export interface Surroundings {
  readonly service: Service | undefined;
  /** All tasks of its service. */
  readonly siblings: readonly Task[];
  /** The host names of nodes that are down, by their ids. */
  readonly lost: ReadonlyMap<string, string>;
}

/** Why a task of the service is missing now; undefined: it runs. */
function whyMissing(task: Task, { lost }: Surroundings): string | undefined {
  const host = lost.get(task.nodeId);
  if (host !== undefined) return `its node ${host} is down`;
  if (stateOf(task) === TaskState.RUNNING) return undefined;
  const { error = '', message = '' } = task.status ?? {};
  return error || message || 'it is not running';
}

/** Why the task is still on its node that is being drained. */
export function whyLeft(task: Task, node: Node, around: Surroundings): string {
  if (node.status?.state === NodeState.DOWN)
    return 'the node is down: it stops its tasks when it comes back';
  if (!isWanted(task)) return 'it was told to stop and has not stopped yet';
  const { service, siblings } = around;
  if (service !== undefined && allowsNone(service))
    return (
      `no task of its service may be missing (${budgetText(service)}), so it never leaves:` +
      ` ${wayOut(service, nameOf(node))}`
    );
  const budget = budgetText(service);
  const said = `its service's disruption budget${budget === '' ? '' : ` (${budget})`} does not let it go`;
  for (const one of siblings) {
    if (one.id === task.id || !isWanted(one)) continue;
    const why = whyMissing(one, around);
    if (why !== undefined) return `${said} while ${taskName(one)} does not run: ${why}`;
  }
  return `${said} yet`;
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
  const nodes = await listNodes(connection);
  const isDown = ({ status }: Node): boolean => status?.state === NodeState.DOWN;
  const lost = new Map(nodes.filter(isDown).map((node) => [node.id, nameOf(node)]));
  const known = new Map<string, Surroundings>();
  const lines: string[] = [];
  for (const { node, tasks } of left)
    for (const task of sortTasks(tasks)) {
      const { serviceId } = task;
      let around = known.get(serviceId) ?? { service: undefined, siblings: [], lost };
      if (!known.has(serviceId) && lines.length < namedMax) {
        const service = await serviceOf(connection, serviceId);
        const isThere = service !== undefined;
        const siblings = isThere ? await listTasks(connection, { serviceRef: serviceId }) : [];
        around = { service, siblings, lost };
        known.set(serviceId, around);
      }
      lines.push(`${taskName(task)} is still on ${nameOf(node)}: ${whyLeft(task, node, around)}`);
    }
  warn(cli, lines);
  const names = left.map(({ node }) => nameOf(node)).join(', ');
  return new ClusterError(
    'DEADLINE_EXCEEDED',
    `not empty after ${shortDuration(timeoutMs)}: ${names}; the drain goes on in the background`,
  );
}
