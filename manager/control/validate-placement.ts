import type { Placement, ResourceRequirements, Resources, RestartPolicy } from '#proto';
import { PreemptionPolicyNames, RestartConditionNames } from '#proto';
import { parseConstraint, parsePreference, userPriorityMax } from '#scheduler';
import { invalid, quoted, requireCount, requireEnum, requireRange } from './invalid.ts';
import { limits } from './limits.ts';
import { validateAffinity, validateTopologySpread } from './validate-affinity.ts';
import { validateNodeAffinity, validateNodeSelector } from './validate-node-affinity.ts';
import { validateTolerations } from './validate-tolerations.ts';

const genericPattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;

function validateResources(at: string, kind: 'limit' | 'reserve', resources: Resources): void {
  if (resources.cpuNano !== 0)
    if (resources.cpuNano < limits.cpuNanoMin || resources.cpuNano > limits.cpuNanoMax)
      throw invalid(
        `${at}.cpu_nano`,
        `--${kind}-cpu ${resources.cpuNano / 1e9} is out of range: use 0.001 to 4096`,
      );
  if (resources.memoryBytes !== 0 && resources.memoryBytes < limits.memoryBytesMin)
    throw invalid(
      `${at}.memory_bytes`,
      `--${kind}-memory ${resources.memoryBytes} bytes is too little: use at least 4MiB`,
    );
  requireRange(`${at}.pids`, `--${kind}-pids`, resources.pids, 0, limits.pidsMax);
  for (const [name, count] of Object.entries(resources.generic)) {
    if (!genericPattern.test(name))
      throw invalid(`${at}.generic`, `--generic-resource ${quoted(name)} is not a resource name`);
    requireRange(`${at}.generic`, `--generic-resource ${name}`, count, 0, 1_000_000_000);
  }
}

/** Limits and reservations: ranges, and no reservation above its limit. */
export function validateRequirements(requirements: ResourceRequirements): void {
  const at = 'spec.task.resources';
  const { limits: limit, reservations } = requirements;
  if (limit !== undefined) validateResources(`${at}.limits`, 'limit', limit);
  if (reservations !== undefined) validateResources(`${at}.reservations`, 'reserve', reservations);
  if (limit === undefined || reservations === undefined) return;
  if (limit.cpuNano !== 0 && reservations.cpuNano > limit.cpuNano)
    throw invalid(
      `${at}.reservations.cpu_nano`,
      `--reserve-cpu ${reservations.cpuNano / 1e9} is above --limit-cpu ${limit.cpuNano / 1e9}:` +
        ' lower it, or raise the limit',
    );
  if (limit.memoryBytes !== 0 && reservations.memoryBytes > limit.memoryBytes)
    throw invalid(
      `${at}.reservations.memory_bytes`,
      `--reserve-memory ${reservations.memoryBytes} is above --limit-memory ${limit.memoryBytes}:` +
        ' lower it, or raise the limit',
    );
}

/** Constraints, preferences and counts. */
export function validatePlacement(placement: Placement): void {
  const at = 'spec.task.placement';
  const { constraints, preferences, platforms } = placement;
  requireCount(`${at}.constraints`, '--constraint', constraints, limits.constraintsMax);
  for (const constraint of constraints) parseConstraint(constraint);
  requireCount(`${at}.preferences`, '--placement-pref', preferences, limits.preferencesMax);
  for (const preference of preferences) parsePreference(preference);
  requireRange(
    `${at}.replicas_max_per_node`,
    '--replicas-max-per-node',
    placement.replicasMaxPerNode,
    0,
    limits.replicasMax,
  );
  validateTolerations(placement.tolerations);
  validateNodeSelector(placement.nodeSelector);
  if (placement.nodeAffinity !== undefined) validateNodeAffinity(placement.nodeAffinity);
  if (placement.affinity !== undefined) validateAffinity('affinity', placement.affinity);
  if (placement.antiAffinity !== undefined)
    validateAffinity('anti_affinity', placement.antiAffinity);
  validateTopologySpread(placement.topologySpread);
  requireRange(
    `${at}.priority`,
    '--priority',
    placement.priority,
    -userPriorityMax,
    userPriorityMax,
  );
  requireEnum(
    `${at}.preemption_policy`,
    'preemption policy',
    placement.preemptionPolicy,
    PreemptionPolicyNames,
  );
  requireCount(`${at}.platforms`, 'platforms', platforms, limits.platformsMax);
}

/** Delays, window and attempts. */
export function validateRestart(restart: RestartPolicy): void {
  const at = 'spec.task.restart';
  const { durationMsMax, attemptsMax } = limits;
  requireEnum(`${at}.condition`, '--restart-condition', restart.condition, RestartConditionNames);
  const delayMs = restart.delayMs ?? 0;
  requireRange(`${at}.delay_ms`, '--restart-delay (ms)', delayMs, 0, durationMsMax);
  const delayMaxMs = restart.delayMaxMs;
  if (delayMaxMs !== undefined) {
    requireRange(`${at}.delay_max_ms`, '--restart-delay-max (ms)', delayMaxMs, 0, durationMsMax);
    if (delayMaxMs < delayMs)
      throw invalid(
        `${at}.delay_max_ms`,
        `--restart-delay-max ${delayMaxMs} ms is below --restart-delay ${delayMs} ms: raise it`,
      );
  }
  requireRange(`${at}.attempts_max`, '--restart-max-attempts', restart.attemptsMax, 0, attemptsMax);
  requireRange(`${at}.window_ms`, '--restart-window (ms)', restart.windowMs, 0, durationMsMax);
}
