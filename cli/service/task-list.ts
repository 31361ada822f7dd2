/** `service ps` and `node ps`: every slot's tasks, the newest first, older ones hung below it. */
import { ProtocolNames, Task, TaskState, TaskStateNames, toJson } from '#proto';
import type { Node } from '#proto';
import { shortId } from '#lib';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { filtered } from '../filters.ts';
import { addExamples, collect } from '../flags.ts';
import { printList } from '../output/list.ts';
import { truncated } from '../output/table.ts';
import { ago, titleCase } from '../output/words.ts';

export interface TaskListOptions {
  readonly format?: string;
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly filter?: readonly string[];
  readonly resolve: boolean;
}

export function addTaskListFlags(command: Command, examples: readonly string[]): void {
  command
    .option('-f, --filter <key=value>', 'desired-state=, id=, name=, node= (repeatable)', collect)
    .option('--format <format>', 'table, json or name')
    .option('--no-resolve', 'ids instead of names')
    .option('--no-trunc', 'whole ids and errors')
    .option('-q, --quiet', 'print ids only');
  addExamples(command, examples);
}

const errorWidth = 40;

/** `web.3`, or `web.<node id>` for a task of a global service. */
export function taskName(task: Task): string {
  const place = task.slot > 0 ? String(task.slot) : task.nodeId;
  return `${task.serviceName}.${place}`;
}

const newestFirst = (a: Task, b: Task): number =>
  (b.meta?.createdAtMs ?? 0) - (a.meta?.createdAtMs ?? 0) || (a.id < b.id ? 1 : -1);

/** By service, slot and node; within one slot the newest first. */
export function sortTasks(tasks: readonly Task[]): Task[] {
  return tasks.toSorted(
    (a, b) =>
      a.serviceName.localeCompare(b.serviceName, 'en') ||
      a.slot - b.slot ||
      (a.slot === 0 ? a.nodeId.localeCompare(b.nodeId, 'en') : 0) ||
      newestFirst(a, b),
  );
}

function portsOf(task: Task): string {
  return (task.status?.ports ?? [])
    .map((port) => {
      const protocol = (ProtocolNames[port.protocol] ?? '').toLowerCase();
      return `${port.hostIp || '*'}:${port.publishedPort}->${port.targetPort}/${protocol}`;
    })
    .join(',');
}

interface RowContext {
  readonly nowMs: number;
  readonly isTruncated: boolean;
  readonly nodeName: (id: string) => string;
}

/** `below`: an older task of the slot of the row before. */
export function taskRow(task: Task, below: boolean, context: RowContext): readonly string[] {
  const { status } = task;
  const state = status?.state ?? TaskState.NEW;
  const image = task.spec?.containers[0]?.image ?? '';
  const why = status?.error || (task.preemptedBy && `preempted by ${task.preemptedBy.taskName}`);
  const problem = why ? `"${why}"` : '';
  const current = titleCase(TaskStateNames[state] ?? '');
  return [
    context.isTruncated ? shortId(task.id) : task.id,
    `${below ? ' \\_ ' : ''}${taskName(task)}`,
    context.isTruncated ? image.replace(/@sha256:[0-9a-f]+$/, '') : image,
    task.nodeId === '' ? '' : context.nodeName(task.nodeId),
    titleCase(TaskStateNames[task.desiredState] ?? ''),
    `${current} ${lowerFirst(ago(context.nowMs, status?.changedAtMs ?? 0))}`,
    context.isTruncated ? truncated(problem, errorWidth) : problem,
    portsOf(task),
  ];
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

const heads = ['ID', 'NAME', 'IMAGE', 'NODE', 'DESIRED STATE', 'CURRENT STATE', 'ERROR', 'PORTS'];

export function printTasks(
  cli: Cli,
  tasks: readonly Task[],
  nodes: readonly Node[],
  options: TaskListOptions,
): void {
  const names = new Map(nodes.map((node) => [node.id, node.description?.hostname || node.id]));
  const nodeName = (id: string): string => (options.resolve ? (names.get(id) ?? id) : id);
  const wanted = filtered(tasks, options.filter, {
    'desired-state': (task, value) =>
      TaskStateNames[task.desiredState]?.toLowerCase() === value.toLowerCase(),
    id: (task, value) => task.id.startsWith(value),
    name: (task, value) => taskName(task).startsWith(value),
    node: (task, value) => task.nodeId === value || nodeName(task.nodeId) === value,
  });
  const sorted = sortTasks(wanted);
  const context = { nowMs: cli.clock.now(), isTruncated: options.trunc, nodeName };
  const isBelow = new Set(
    sorted.filter((task, at) => {
      const before = sorted[at - 1];
      return before !== undefined && taskName(before) === taskName(task);
    }),
  );
  printList(cli, options, {
    heads,
    items: sorted,
    row: (task) => taskRow(task, isBelow.has(task), context),
    id: (task) => task.id,
    name: taskName,
    json: (task) => toJson(Task, task),
  });
}
