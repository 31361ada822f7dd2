/** Changed copies of the parts of a service spec; a part that is missing is made with defaults. */
import {
  ContainerSpec,
  EndpointSpec,
  Placement,
  ReplicatedMode,
  ResourceRequirements,
} from '#proto';
import { Resources, RestartPolicy, TaskSpec, UpdateConfig } from '#proto';
import type { ServiceSpec } from '#proto';
import { UsageError } from '../cli.ts';

type Edit<T> = (part: T) => T;

export function editTask(spec: ServiceSpec, edit: Edit<TaskSpec>): ServiceSpec {
  return { ...spec, task: edit(spec.task ?? TaskSpec.create()) };
}

/** The first container: the only one of a service that flags made. */
export function editContainer(spec: ServiceSpec, edit: Edit<ContainerSpec>): ServiceSpec {
  return editTask(spec, (task) => {
    const [first = ContainerSpec.create(), ...rest] = task.containers;
    return { ...task, containers: [edit(first), ...rest] };
  });
}

export function containerOf(spec: ServiceSpec): ContainerSpec {
  return spec.task?.containers[0] ?? ContainerSpec.create();
}

export function editResources(
  spec: ServiceSpec,
  side: 'limits' | 'reservations',
  edit: Edit<Resources>,
): ServiceSpec {
  return editTask(spec, (task) => {
    const resources = task.resources ?? ResourceRequirements.create();
    const changed = edit(resources[side] ?? Resources.create());
    return { ...task, resources: { ...resources, [side]: changed } };
  });
}

export function editRestart(spec: ServiceSpec, edit: Edit<RestartPolicy>): ServiceSpec {
  return editTask(spec, (task) => ({
    ...task,
    restart: edit(task.restart ?? RestartPolicy.create()),
  }));
}

export function editPlacement(spec: ServiceSpec, edit: Edit<Placement>): ServiceSpec {
  return editTask(spec, (task) => ({
    ...task,
    placement: edit(task.placement ?? Placement.create()),
  }));
}

/** One slot at a time, good when it stayed up for 5 s: what holds where nothing was said. */
const updateDefaults = { parallelism: 1, monitorMs: 5_000 };

export function editUpdate(
  spec: ServiceSpec,
  which: 'update' | 'rollback',
  edit: Edit<UpdateConfig>,
): ServiceSpec {
  return { ...spec, [which]: edit(spec[which] ?? UpdateConfig.create(updateDefaults)) };
}

export function editEndpoint(spec: ServiceSpec, edit: Edit<EndpointSpec>): ServiceSpec {
  const endpoint = edit(spec.endpoint ?? EndpointSpec.create());
  return endpoint.ports.length === 0 && spec.endpoint === undefined ? spec : { ...spec, endpoint };
}

/** A usage error for a service that is not replicated. */
export function setReplicas(spec: ServiceSpec, flag: string, replicas: number): ServiceSpec {
  if (spec.mode?.kind === 'global')
    throw new UsageError(`${flag}: a global service runs once on every node; it has no replicas`);
  return {
    ...spec,
    mode: { kind: 'replicated', replicated: ReplicatedMode.create({ replicas }) },
  };
}
