import type { NodeRecord } from './node-record.ts';

/** A node that may take tasks of the group, with its rank. */
export interface Candidate {
  readonly record: NodeRecord;
  /** To be taken only when nothing else is left: tasks of the service keep failing there. */
  readonly isLast: boolean;
  /** Taints that ask to be avoided and that the task does not tolerate. */
  readonly unpreferredCount: number;
  /** Sum of the weights of the preferred node terms that hold here. */
  readonly preference: number;
  /** Tasks of this service here. */
  serviceTaskCount: number;
}

/** Whether `a` is to be taken before `b`: a strict, total order. */
export function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.isLast !== b.isLast) return b.isLast;
  if (a.unpreferredCount !== b.unpreferredCount) return a.unpreferredCount < b.unpreferredCount;
  if (a.preference !== b.preference) return a.preference > b.preference;
  if (a.serviceTaskCount !== b.serviceTaskCount) return a.serviceTaskCount < b.serviceTaskCount;
  if (a.record.taskCount !== b.record.taskCount) return a.record.taskCount < b.record.taskCount;
  return a.record.id < b.record.id;
}
