/** What never leaves the managers is taken out here, for every read. */
import type { Cluster, ContainerSpec, Service, ServiceSpec, Task, TaskSpec } from '#proto';

function redactContainers(containers: readonly ContainerSpec[]): readonly ContainerSpec[] {
  if (containers.every((container) => container.registryAuth === undefined)) return containers;
  return containers.map((container) => ({ ...container, registryAuth: undefined }));
}

/** Without registry credentials. */
export function redactTaskSpec(spec: TaskSpec): TaskSpec {
  const containers = redactContainers(spec.containers);
  const initContainers = redactContainers(spec.initContainers);
  return containers === spec.containers && initContainers === spec.initContainers
    ? spec
    : { ...spec, containers, initContainers };
}

function redactServiceSpec(spec: ServiceSpec | undefined): ServiceSpec | undefined {
  return spec?.task === undefined ? spec : { ...spec, task: redactTaskSpec(spec.task) };
}

/** Without registry credentials, in the previous spec too. */
export function redactService(service: Service): Service {
  return {
    ...service,
    spec: redactServiceSpec(service.spec),
    previousSpec: redactServiceSpec(service.previousSpec),
  };
}

/** Without registry credentials. */
export function redactTask(task: Task): Task {
  return task.spec === undefined ? task : { ...task, spec: redactTaskSpec(task.spec) };
}

/** The root certificate and its digest stay; its key, the join tokens and the unlock key go. */
export function redactCluster(cluster: Cluster): Cluster {
  if (cluster.rootCa === undefined) return { ...cluster, lock: undefined };
  const rootCa = { ...cluster.rootCa, keyPem: new Uint8Array(0), joinTokens: undefined };
  return { ...cluster, rootCa, lock: undefined };
}
