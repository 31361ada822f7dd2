import type { NodeRecord } from './node-record.ts';

/** A node that may take tasks of the group, with its rank. */
export interface Candidate {
  readonly record: NodeRecord;
  /** To be taken only when nothing else is left: tasks of the service keep failing there. */
  readonly isLast: boolean;
  /** Taints that ask to be avoided and that the task does not tolerate. */
  readonly unpreferredCount: number;
  /** The higher, the better; what goes into it is the placing's. */
  score: number;
  /** Tasks of this service here. */
  serviceTaskCount: number;
}

/** Whether `a` is to be taken before `b`: a strict, total order. */
export function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.isLast !== b.isLast) return b.isLast;
  return a.score === b.score ? hasFewer(a, b) : a.score > b.score;
}

/** Of two with the same score the one with fewer tasks; a strict, total order. */
export function hasFewer(a: Candidate, b: Candidate): boolean {
  if (a.serviceTaskCount !== b.serviceTaskCount) return a.serviceTaskCount < b.serviceTaskCount;
  if (a.record.taskCount !== b.record.taskCount) return a.record.taskCount < b.record.taskCount;
  return a.record.id < b.record.id;
}
