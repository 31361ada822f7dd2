/** What of an agent's report enters the store. */
import { TaskState, TaskStatus } from '#proto';
import type { Task } from '#proto';

const textLengthMax = 1024;
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

/**
 * The status to store, or undefined when the report changes nothing: it goes back, or the task has
 * ended already (what it ended with stays).
 */
export function mergedStatus(
  present: TaskStatus | undefined,
  report: TaskStatus,
  nowMs: number,
): TaskStatus | undefined {
  const state = present?.state ?? TaskState.NEW;
  if (report.state < state || state >= TaskState.COMPLETE) return undefined;
  const status: TaskStatus = {
    ...report,
    changedAtMs: changedAt(present, report, nowMs),
    message: report.message.slice(0, textLengthMax),
    error: report.error.slice(0, textLengthMax),
    address: report.address.slice(0, 64),
  };
  const isSame =
    present !== undefined &&
    Buffer.compare(TaskStatus.encode(present), TaskStatus.encode(status)) === 0;
  return isSame ? undefined : status;
}
