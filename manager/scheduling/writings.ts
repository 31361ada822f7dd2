/**
 * What scheduling writes. Each writing looks again at tasks and nodes as they are in its transaction; what does not hold
 * any more is left, for the next pass to decide anew.
 */
import type { Ms } from '#lib';
import { TaskState } from '#proto';
import type { Node, Task } from '#proto';
import { mayTake, priorityOf } from '#scheduler';
import type { Placement } from '#scheduler';
import { DisruptionBudgets } from '../disruption/index.ts';
import { isOnNode, isWanted, stateOf, statusWith } from '../orchestrator/task-state.ts';
import type { WriteTransaction } from '../store/types.ts';
import type { PlannedPreemption } from './attempt.ts';
import { isPending } from './intake.ts';

export type Writing =
  | { readonly kind: 'assign'; readonly placement: Placement }
  | { readonly kind: 'preempt'; readonly preemption: PlannedPreemption }
  /** Why it waits; `isUnnominated`: the node that it waited for does not help it any more. */
  | {
      readonly kind: 'explain';
      readonly taskId: string;
      readonly explanation: string;
      readonly isUnnominated: boolean;
    }
  /** It is not wanted any more, and never had a node. */
  | { readonly kind: 'end'; readonly taskId: string };

/** What the decisions were made on. */
export interface WritingContext {
  readonly nowMs: Ms;
  /** The node as it was when the decision was made. */
  readonly decidedOn: (nodeId: string) => Node | undefined;
}

export function write(tx: WriteTransaction, writing: Writing, context: WritingContext): void {
  switch (writing.kind) {
    case 'assign':
      assign(tx, writing.placement, context);
      return;
    case 'preempt':
      preempt(tx, writing.preemption, context);
      return;
    case 'explain': {
      const task = tx.get('task', writing.taskId);
      if (task === undefined || stateOf(task) >= TaskState.ASSIGNED) return;
      const status = statusWith(task, { error: writing.explanation });
      const nominatedNodeId = writing.isUnnominated ? '' : task.nominatedNodeId;
      tx.update('task', { ...task, nominatedNodeId, status });
      return;
    }
    case 'end':
      end(tx, writing.taskId, context);
  }
}

/** The task, if it still waits for a node, and the node, if it is still of the kind that the task asks for. */
function stillMeant(
  tx: WriteTransaction,
  taskId: string,
  nodeId: string,
  { decidedOn }: WritingContext,
): Task | undefined {
  const task = tx.get('task', taskId);
  if (task === undefined || !isPending(task) || !isWanted(task)) return undefined;
  const node = tx.get('node', nodeId);
  const before = decidedOn(nodeId);
  if (node === undefined || before === undefined) return undefined;
  // The view lags what other writers did in entries that are not applied yet: judge the node as it is here.
  const isChanged = before.meta?.version !== node.meta?.version;
  return isChanged && !mayTake(node, task) ? undefined : task;
}

function assign(tx: WriteTransaction, placement: Placement, context: WritingContext): void {
  const { nodeId } = placement;
  const task = stillMeant(tx, placement.task.id, nodeId, context);
  if (task === undefined) return;
  const status = statusWith(task, {
    state: TaskState.ASSIGNED,
    changedAtMs: context.nowMs,
    message: 'assigned to a node',
    error: '',
  });
  const assignedAtMs = context.nowMs;
  tx.update('task', { ...task, nodeId, nominatedNodeId: '', assignedAtMs, status });
}

/** As in "web.3", or "web.<node id>" for a task of a global service. */
function nameOf(task: Task): string {
  return `${task.serviceName}.${task.slot > 0 ? task.slot : task.nodeId}`;
}

/** All of it or nothing: nothing when it would break more budgets than it was thought to. */
function preempt(tx: WriteTransaction, planned: PlannedPreemption, context: WritingContext): void {
  const { nodeId, violationCount, displaced, explanation } = planned;
  const task = stillMeant(tx, planned.task.id, nodeId, context);
  if (task === undefined) return;
  const victims = planned.victims.flatMap(({ id }) => {
    const victim = tx.get('task', id);
    return victim !== undefined && isOnNode(victim) && isWanted(victim) ? [victim] : [];
  });
  const budgets = DisruptionBudgets.of(tx);
  let violations = 0;
  for (const victim of victims) {
    if (!budgets.allows(victim)) violations++;
    budgets.take(victim);
  }
  if (violations > violationCount) return;
  const taskName = nameOf(task);
  const preemptedBy = { taskId: task.id, taskName, priority: priorityOf(task) };
  for (const victim of victims) {
    const status = statusWith(victim, { message: `preempted by ${taskName}` });
    const desiredState = TaskState.SHUTDOWN;
    tx.update('task', { ...victim, desiredState, preemptedBy, status });
  }
  for (const id of displaced) {
    const other = tx.get('task', id);
    if (other !== undefined && isPending(other) && other.nominatedNodeId === nodeId)
      tx.update('task', { ...other, nominatedNodeId: '' });
  }
  const message = `waits until ${victims.length} tasks have made room on node ${nodeId}`;
  const status = statusWith(task, { message, error: explanation });
  tx.update('task', { ...task, nominatedNodeId: nodeId, status });
}

function end(tx: WriteTransaction, taskId: string, { nowMs }: WritingContext): void {
  const task = tx.get('task', taskId);
  if (task === undefined || stateOf(task) >= TaskState.ASSIGNED || isWanted(task)) return;
  const message = 'not needed any more before it had a node';
  const status = statusWith(task, { state: TaskState.SHUTDOWN, changedAtMs: nowMs, message });
  tx.update('task', { ...task, nominatedNodeId: '', status });
}
