/** What of an agent's report enters the store. */
import { TaskState, TaskStatus } from '#proto';
import type { StatusBatch, Task } from '#proto';
import { visible } from '../work/index.ts';
import { mayFollow } from '../orchestrator/task-transitions.ts';

/** Most statuses in one batch of an agent. */
const batchUpdatesMax = 1000;
/** Largest report of one task, bytes. */
const reportBytesMax = 16_384;

const reportable: ReadonlySet<number> = new Set([
  TaskState.ACCEPTED,
  TaskState.PREPARING,
  TaskState.READY,
  TaskState.STARTING,
  TaskState.RUNNING,
  TaskState.COMPLETE,
  TaskState.SHUTDOWN,
  TaskState.FAILED,
  TaskState.REJECTED,
]);

/** Why a whole batch is refused; undefined when it is good. */
export function batchFault({ updates }: StatusBatch): string | undefined {
  if (updates.length <= batchUpdatesMax) return undefined;
  return `a batch of ${updates.length} statuses is too large: send at most ${batchUpdatesMax}`;
}

/** Why a report is refused, in one word for the metric; undefined when it is good. */
export function reportFault(
  task: Task | undefined,
  status: TaskStatus | undefined,
  nodeId: string,
): string | undefined {
  // A task that is gone already is no fault of the agent: the removal is on its way to it.
  if (task === undefined) return undefined;
  if (task.nodeId !== nodeId) return 'other_node';
  if (status === undefined || !reportable.has(status.state)) return 'bad_state';
  return TaskStatus.encode(status).length > reportBytesMax ? 'too_large' : undefined;
}

/** The status is that of an agent with a clock of its own: it may not lead ours, nor go back. */
function changedAt(present: TaskStatus | undefined, report: TaskStatus, nowMs: number): number {
  if (present !== undefined && report.state === present.state) return present.changedAtMs;
  const notBefore = present?.changedAtMs ?? 0;
  const told = report.changedAtMs === 0 ? nowMs : report.changedAtMs;
  return Math.max(notBefore, Math.min(told, nowMs));
}

/** An error at STARTING or later is a failure; only what never started is REJECTED. */
function reportedState(present: TaskState, reported: TaskState): TaskState {
  const isLate = present >= TaskState.STARTING && reported === TaskState.REJECTED;
  return isLate ? TaskState.FAILED : reported;
}

/** What to do with a report: `stale` goes back, repeats, or is about a task that has ended already. */
export type MergedReport =
  | { readonly kind: 'new'; readonly status: TaskStatus }
  | { readonly kind: 'stale' }
  | { readonly kind: 'forbidden' };

/** The status to store after `report`. What a task ended with stays. */
export function mergeReport(
  present: TaskStatus | undefined,
  report: TaskStatus,
  nowMs: number,
): MergedReport {
  const from = present?.state ?? TaskState.NEW;
  const state = reportedState(from, report.state);
  if (state < from || from >= TaskState.COMPLETE) return { kind: 'stale' };
  if (!mayFollow(from, state)) return { kind: 'forbidden' };
  const status: TaskStatus = {
    ...report,
    state,
    changedAtMs: changedAt(present, { ...report, state }, nowMs),
    message: visible(report.message),
    error: visible(report.error),
    address: visible(report.address).slice(0, 64),
  };
  const isSame =
    present !== undefined &&
    Buffer.compare(TaskStatus.encode(present), TaskStatus.encode(status)) === 0;
  return isSame ? { kind: 'stale' } : { kind: 'new', status };
}
