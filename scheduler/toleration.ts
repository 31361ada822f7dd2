/** Taints and tolerations: which taints keep a task away from a node, and how long it may stay beside one. */
import type { Ms } from '#lib';
import { TaintEffect, TolerationOperator } from '#proto';
import type { Node, Taint, Task, Toleration } from '#proto';

const effectNames: Readonly<Record<TaintEffect, string>> = {
  [TaintEffect.NO_SCHEDULE]: 'NoSchedule',
  [TaintEffect.PREFER_NO_SCHEDULE]: 'PreferNoSchedule',
  [TaintEffect.NO_EXECUTE]: 'NoExecute',
};

/** What tells the taints of one node apart: key and effect, not the value. As in "disk:NoSchedule". */
export function taintId({ key, effect }: Pick<Taint, 'key' | 'effect'>): string {
  return `${key}:${effectNames[effect]}`;
}

/** As Kubernetes writes it: "{key: value}". */
export function taintText({ key, value }: Pick<Taint, 'key' | 'value'>): string {
  return `{${key}: ${value}}`;
}

/** A whole number of 64 bits as it is written without a plus and without zeros in front. */
export function isTaintNumber(text: string): boolean {
  return /^(?:0|-?[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

function isBeyond(taint: string, toleration: string, isGreater: boolean): boolean {
  if (!isTaintNumber(taint) || !isTaintNumber(toleration)) return false;
  const difference = BigInt(taint) - BigInt(toleration);
  return isGreater ? difference > 0n : difference < 0n;
}

/** Whether the operator and the value fit; what the validation refuses fits nothing. */
function fitsValue(toleration: Toleration, value: string): boolean {
  switch (toleration.operator) {
    case TolerationOperator.EQUAL:
      return toleration.value === value;
    case TolerationOperator.EXISTS:
      return true;
    case TolerationOperator.GREATER:
      return isBeyond(value, toleration.value, true);
    case TolerationOperator.LESS:
      return isBeyond(value, toleration.value, false);
    default:
      return false;
  }
}

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  return (
    (toleration.effect === undefined || toleration.effect === taint.effect) &&
    (toleration.key === '' || toleration.key === taint.key) &&
    fitsValue(toleration, taint.value)
  );
}

/**
 * The first taint that keeps tasks with these tolerations off a node. `hard` are its taints of the
 * effects NoSchedule and NoExecute: every one must be tolerated by some toleration.
 */
export function untolerated(
  hard: readonly Taint[],
  tolerations: readonly Toleration[],
): Taint | undefined {
  return hard.find((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
}

/** How many of the PreferNoSchedule taints `soft` nothing tolerates: the fewer, the better the node. */
export function countUnpreferred(
  soft: readonly Taint[],
  tolerations: readonly Toleration[],
): number {
  let count = 0;
  for (const taint of soft)
    if (!tolerations.some((toleration) => tolerates(toleration, taint))) count++;
  return count;
}

/** Until when a task may stay on its node. */
export interface Stay {
  /** -Infinity: it should not be there at all; Infinity: forever. */
  readonly untilMs: Ms;
  /** The taint that ends the stay. */
  readonly taint: Taint | undefined;
}

/**
 * How long the NoExecute taints of a node let a task with these tolerations stay. Each taint counts from
 * when it was put on, or from the task's assignment where that came later, so that the time is the same
 * whoever asks and however often the leader changes. Of several the earliest end holds.
 */
export function stayOf(node: Node, tolerations: readonly Toleration[], assignedAtMs: Ms): Stay {
  let stay: Stay = { untilMs: Infinity, taint: undefined };
  for (const taint of node.spec?.taints ?? []) {
    if (taint.effect !== TaintEffect.NO_EXECUTE) continue;
    const used = tolerations.find((toleration) => tolerates(toleration, taint));
    if (used === undefined) return { untilMs: -Infinity, taint };
    if (used.seconds === undefined) continue;
    const fromMs = Math.max(node.taintedAtMs[taintId(taint)] ?? 0, assignedAtMs);
    const untilMs = used.seconds <= 0 ? -Infinity : fromMs + used.seconds * 1_000;
    if (untilMs < stay.untilMs) stay = { untilMs, taint };
  }
  return stay;
}

/**
 * How long a task may stay where the service's tolerations are newer than its own. The service's decide;
 * a time that the task's own tolerations set is never made longer by them.
 */
export function stayOfTask(node: Node, task: Task, service: readonly Toleration[]): Stay {
  const now = stayOf(node, service, task.assignedAtMs);
  if (task.spec?.placement?.tolerations === service) return now;
  const own = stayOf(node, task.spec?.placement?.tolerations ?? [], task.assignedAtMs);
  return own.untilMs > -Infinity && own.untilMs < now.untilMs ? own : now;
}
