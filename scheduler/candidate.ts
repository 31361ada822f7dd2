import type { NodeRecord } from './node-record.ts';

/** A node that may take tasks of the group, with its rank. */
export interface Candidate {
  readonly record: NodeRecord;
  /** To be taken only when nothing else is left: tasks keep failing there, or it asks for that. */
  readonly isLast: boolean;
  /** Tasks of this service here. */
  serviceTaskCount: number;
}

/** Whether `a` is to be taken before `b`: a strict, total order. */
export function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.isLast !== b.isLast) return b.isLast;
  if (a.serviceTaskCount !== b.serviceTaskCount) return a.serviceTaskCount < b.serviceTaskCount;
  if (a.record.taskCount !== b.record.taskCount) return a.record.taskCount < b.record.taskCount;
  return a.record.id < b.record.id;
}
