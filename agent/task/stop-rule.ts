/**
 * How a container is stopped: which signal, and how long until SIGKILL. Resolved when the
 * container is made and kept in its labels, so that it is known even of containers whose task
 * nobody remembers.
 */
import type { ContainerSpec } from '#proto';
import type { ImageConfig } from '../runtime/port.ts';

export interface StopRule {
  /** As in SIGTERM. */
  readonly signal: string;
  readonly graceMs: number;
}

/** How long a container may take to end after its stop signal when the spec does not say. */
export const stopGraceDefaultMs = 10_000;
/** The longest grace that is honoured: one day. */
const stopGraceMaxMs = 86_400_000;

const signalLabel = 'tessera.stop.signal';
const graceLabel = 'tessera.stop.grace-ms';

export function stopRule(
  spec: ContainerSpec | undefined,
  image: ImageConfig | undefined,
): StopRule {
  const asked = spec?.stopSignal ?? '';
  const signal = asked === '' ? (image?.stopSignal ?? '') : asked;
  return {
    signal: signal === '' ? 'SIGTERM' : signal,
    graceMs: Math.min(spec?.stopGracePeriodMs ?? stopGraceDefaultMs, stopGraceMaxMs),
  };
}

export function stopRuleLabels(rule: StopRule): Readonly<Record<string, string>> {
  return { [signalLabel]: rule.signal, [graceLabel]: String(rule.graceMs) };
}

/** undefined when the labels do not say, or say nonsense. */
export function stopRuleOfLabels(labels: Readonly<Record<string, string>>): StopRule | undefined {
  const signal = labels[signalLabel];
  const graceMs = Number(labels[graceLabel]);
  if (signal === undefined || signal === '' || !Number.isFinite(graceMs) || graceMs < 0)
    return undefined;
  return { signal, graceMs: Math.min(graceMs, stopGraceMaxMs) };
}
