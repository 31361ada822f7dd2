/** What a failed step means for its task; pure. */
import type { ErrorCode } from '#lib';
import { ClusterError, messageOf } from '#lib';
import type { HostStep } from './executor.ts';

export type Verdict =
  /** Try the step again after a pause; nothing is known to have changed. */
  | { readonly kind: 'retry' }
  /** What was known of the containers is out of date: look again, then go on. */
  | { readonly kind: 'relist' }
  /** The task cannot be prepared here: REJECTED. */
  | { readonly kind: 'reject'; readonly error: string }
  /** It could not be started: FAILED. */
  | { readonly kind: 'fail'; readonly error: string };

/** Tries of a step whose errors may pass by themselves but should not hold a task for ever. */
export const triesMax = 4;

/** Nothing is wrong with the task: the host's services do not answer. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'RUNTIME_UNAVAILABLE',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
]);

/** As long as pauses allow for an earlier start to be taken away: some 12 s. */
const startTriesMax = 7;

/** Steps that take things away: never given up. */
const releasing: ReadonlySet<HostStep['kind']> = new Set<HostStep['kind']>([
  'signal',
  'remove',
  'detach',
  'save',
  'clean',
]);

/** `tries`: how often this step has failed now, >= 1. */
export function judge(
  step: HostStep,
  error: unknown,
  tries: number,
  isPortBeingFreed: boolean,
): Verdict {
  if (releasing.has(step.kind)) return { kind: 'retry' };
  const code = error instanceof ClusterError ? error.code : 'INTERNAL';
  const text = messageOf(error);
  if (step.kind === 'start') return judgeStart(code, text, tries);
  if (passing.has(code)) return { kind: 'retry' };
  if (code === 'REGISTRY_UNAVAILABLE' && tries < triesMax) return { kind: 'retry' };
  if (step.kind === 'attach' && code === 'FAILED_PRECONDITION' && isPortBeingFreed)
    return { kind: 'retry' };
  // Its networks' bridge came or went in the same moment: the next try finds it whole.
  if (step.kind === 'attach' && code === 'RUNTIME_ERROR' && tries < triesMax)
    return { kind: 'retry' };
  // The image went between the look-up and now.
  if (step.kind === 'create' && code === 'IMAGE_NOT_FOUND' && tries < triesMax)
    return { kind: 'relist' };
  return { kind: 'reject', error: text };
}

function judgeStart(code: ErrorCode, text: string, tries: number): Verdict {
  // It may have started: what the runtime has decides.
  if (passing.has(code)) return { kind: 'relist' };
  if (code === 'NOT_FOUND' && tries < triesMax) return { kind: 'relist' };
  if (code === 'IN_USE' && tries < startTriesMax) return { kind: 'relist' };
  return { kind: 'fail', error: text };
}
