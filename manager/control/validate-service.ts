import { FailureAction, FailureActionNames, ServiceSpec, UpdateOrderNames } from '#proto';
import type { DisruptionConfig, TaskSpec, UpdateConfig } from '#proto';
import { invalid, quoted, requireEnum, requireRange } from './invalid.ts';
import { limits } from './limits.ts';
import { validateAttachments, validateEndpoint } from './validate-attachments.ts';
import { validateContainer } from './validate-container.ts';
import { validateLabels } from './validate-labels.ts';
import { validatePlacement, validateRequirements, validateRestart } from './validate-placement.ts';
import { validatePorts } from './validate-ports.ts';

const namePattern = /^[a-zA-Z0-9](?:[-_A-Za-z0-9]*[A-Za-z0-9])?$/;
const hostnamePattern =
  /^(?=.{1,253}$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/** A name as services and clusters have them. */
export function validateName(field: string, what: string, name: string): void {
  if (name.length > limits.nameLengthMax || !namePattern.test(name))
    throw invalid(
      field,
      `${what} ${quoted(name)} is not valid: use letters and digits, with - and _ between them,` +
        ` at most ${limits.nameLengthMax}`,
    );
}

function validateTask(task: TaskSpec): void {
  const at = 'spec.task';
  const all = [
    ...task.containers.map((container, i) => ({ container, at: `${at}.containers[${i}]` })),
    ...task.initContainers.map((container, i) => ({
      container,
      at: `${at}.init_containers[${i}]`,
    })),
  ];
  if (task.containers.length === 0)
    throw invalid(`${at}.containers`, 'the service has no container: name an image');
  if (all.length > limits.containersMax)
    throw invalid(
      `${at}.containers`,
      `${all.length} containers in one task are too many: use at most ${limits.containersMax}`,
    );
  const names = new Set<string>();
  for (const { container, at: path } of all) {
    validateContainer(path, container);
    if (names.has(container.name))
      throw invalid(
        `${path}.name`,
        `two containers are named ${quoted(container.name)}: give each its own name`,
      );
    names.add(container.name);
  }
  if (task.hostname !== '' && !hostnamePattern.test(task.hostname))
    throw invalid(
      `${at}.hostname`,
      `--hostname ${quoted(task.hostname)} is not a host name: use letters, digits, - and dots`,
    );
  validateAttachments(task);
  if (task.resources !== undefined) validateRequirements(task.resources);
  if (task.restart !== undefined) validateRestart(task.restart);
  if (task.placement !== undefined) validatePlacement(task.placement);
}

function validateUpdateConfig(kind: 'update' | 'rollback', config: UpdateConfig): void {
  const at = `spec.${kind}`;
  const { durationMsMax, replicasMax } = limits;
  requireRange(`${at}.parallelism`, `--${kind}-parallelism`, config.parallelism, 0, replicasMax);
  requireRange(`${at}.delay_ms`, `--${kind}-delay (ms)`, config.delayMs, 0, durationMsMax);
  requireRange(`${at}.monitor_ms`, `--${kind}-monitor (ms)`, config.monitorMs, 0, durationMsMax);
  const action = config.failureAction;
  requireEnum(`${at}.failure_action`, `--${kind}-failure-action`, action, FailureActionNames);
  requireEnum(`${at}.order`, `--${kind}-order`, config.order, UpdateOrderNames);
  if (kind === 'rollback' && action === FailureAction.ROLLBACK)
    throw invalid(
      `${at}.failure_action`,
      '--rollback-failure-action rollback is not possible: use pause or continue',
    );
  const ratio = config.maxFailureRatio;
  if (!(ratio >= 0 && ratio <= 1))
    throw invalid(
      `${at}.max_failure_ratio`,
      `--${kind}-max-failure-ratio ${ratio} is out of range: use 0 to 1`,
    );
}

function validateDisruption({ maxUnavailable }: DisruptionConfig): void {
  const at = 'spec.disruption';
  const what = '--max-unavailable';
  if (maxUnavailable?.kind === 'count')
    requireRange(`${at}.count`, what, maxUnavailable.count, 0, limits.replicasMax);
  if (maxUnavailable?.kind === 'percent')
    requireRange(`${at}.percent`, `${what} (percent)`, maxUnavailable.percent, 0, 100);
}

/** A normalised spec (`normaliseSpec`). Throws INVALID_SPEC or UNIMPLEMENTED for the first fault. */
export function validateServiceSpec(spec: ServiceSpec): void {
  validateName('spec.name', '--name', spec.name);
  validateLabels('spec.labels', '--label', spec.labels);
  if (spec.task === undefined)
    throw invalid('spec.task', 'the service has no task spec: name an image');
  validateTask(spec.task);
  if (spec.mode?.kind === 'replicated') {
    const { replicas } = spec.mode.replicated;
    requireRange('spec.replicated.replicas', '--replicas', replicas, 0, limits.replicasMax);
  }
  if (spec.mode?.kind === 'global' && (spec.task.placement?.replicasMaxPerNode ?? 0) !== 0)
    throw invalid(
      'spec.task.placement.replicas_max_per_node',
      '--replicas-max-per-node needs --mode replicated: a global service has one task per node',
    );
  if (spec.update !== undefined) validateUpdateConfig('update', spec.update);
  if (spec.rollback !== undefined) validateUpdateConfig('rollback', spec.rollback);
  if (spec.disruption !== undefined) validateDisruption(spec.disruption);
  validatePorts(spec.endpoint?.ports ?? []);
  validateEndpoint(spec);
  const sizeBytes = ServiceSpec.encode(spec).length;
  if (sizeBytes > limits.specBytesMax)
    throw invalid(
      'spec',
      `the spec of service ${spec.name} takes ${sizeBytes} bytes: shorten it to at most` +
        ` ${limits.specBytesMax}`,
    );
}
