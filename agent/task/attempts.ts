/**
 * How often a container was made because its start had been cut short. Kept in its labels, so that
 * an agent that is killed at each of them knows it too. Pure.
 */
import type { ContainerState } from '../runtime/port.ts';

/** A container whose start was cut short this often is not made again. */
export const attemptsMax = 3;

const label = 'tessera.start.attempt';

/** 1 for a container that was made for the first time. */
export function attemptOf({ labels }: Pick<ContainerState, 'labels'>): number {
  const attempt = Number(labels[label] ?? 1);
  return Number.isSafeInteger(attempt) && attempt > 1 ? attempt : 1;
}

export function attemptLabels(attempt: number): Readonly<Record<string, string>> {
  return attempt > 1 ? { [label]: String(attempt) } : {};
}
