/** What a service asks for, with the defaults filled in. */
import type { Ms } from '#lib';
import { FailureAction, PublishMode, RestartCondition, UpdateOrder } from '#proto';
import type { PortConfig, Service, TaskSpec, Toleration, UpdateConfig } from '#proto';

export interface RestartConfig {
  readonly condition: RestartCondition;
  readonly delayMs: Ms;
  readonly delayMaxMs: Ms;
  /** 0 = unlimited. */
  readonly attemptsMax: number;
  /** 0 = since the service's last update. */
  readonly windowMs: Ms;
}

/** First delay before a restart, and its cap, where the service says nothing. */
const restartDelayMs: Ms = 1_000;
const restartDelayMaxMs: Ms = 60_000;

export function restartConfigOf(spec: TaskSpec | undefined): RestartConfig {
  const policy = spec?.restart;
  const delayMs = policy?.delayMs ?? restartDelayMs;
  return {
    condition: policy?.condition ?? RestartCondition.ANY,
    delayMs,
    delayMaxMs: Math.max(delayMs, policy?.delayMaxMs ?? restartDelayMaxMs),
    attemptsMax: policy?.attemptsMax ?? 0,
    windowMs: policy?.windowMs ?? 0,
  };
}

/** How long a new task must run to count as good, where the service says nothing. */
export const monitorMs: Ms = 5_000;

const updateDefaults: UpdateConfig = {
  parallelism: 1,
  delayMs: 0,
  failureAction: FailureAction.PAUSE,
  monitorMs,
  maxFailureRatio: 0,
  order: UpdateOrder.STOP_FIRST,
};

export function updateConfigOf(service: Service, isRollback: boolean): UpdateConfig {
  return (isRollback ? service.spec?.rollback : service.spec?.update) ?? updateDefaults;
}

export function isGlobal(service: Service): boolean {
  return service.spec?.mode?.kind === 'global';
}

/** Slots of a replicated service. */
export function replicasOf(service: Service): number {
  const mode = service.spec?.mode;
  return mode?.kind === 'replicated' ? mode.replicated.replicas : 0;
}

/** Ports that each task takes on its host. */
export function hostPortsOf(service: Service): readonly PortConfig[] {
  return (service.spec?.endpoint?.ports ?? []).filter(({ mode }) => mode === PublishMode.HOST);
}

export function tolerationsOf(spec: TaskSpec | undefined): readonly Toleration[] {
  return spec?.placement?.tolerations ?? [];
}

export function constraintsOf(spec: TaskSpec | undefined): readonly string[] {
  return spec?.placement?.constraints ?? [];
}
