/** Spec + image config + what was prepared -> everything the runtime needs; pure. */
import { ClusterError, shortId } from '#lib';
import type { Mount, Task } from '#proto';
import { MountKind } from '#proto';
import type { TaskFiles } from '../host-files.ts';
import type { ContainerMount, ContainerPlan, ImageConfig } from '../runtime/port.ts';
import { attemptLabels } from './attempts.ts';
import { resourceEnv, resourceLabels } from './generic-resources.ts';
import type { HeldResources } from './generic-resources.ts';
import { stopRule, stopRuleLabels } from './stop-rule.ts';
import { containerId, containersOf } from './task-spec.ts';
import type { TaskContainer } from './task-spec.ts';

const searchPathDefault = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ContainerPlanInput {
  readonly task: Task;
  readonly container: TaskContainer;
  readonly image: ImageConfig;
  /** Host paths of the volumes by `container/target`. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly files: TaskFiles;
  readonly networkNamespacePath: string;
  /** 1, or more when earlier starts were cut short. */
  readonly attempt: number;
  /** Named resources of the host that the task got. */
  readonly held: HeldResources;
}

/** INVALID_SPEC when there is nothing to run. */
export function containerPlan(input: ContainerPlanInput): ContainerPlan {
  const { task, container, image } = input;
  const { spec } = container;
  const limits = task.spec?.resources?.limits;
  return {
    id: containerId(task.id, container.name),
    taskId: task.id,
    containerName: container.name,
    image: spec.image,
    args: argsOf(input),
    env: envOf(input),
    workingDirectory: orElse(spec.workingDirectory, orElse(image.workingDirectory, '/')),
    user: orElse(spec.user, image.user),
    groups: spec.groups,
    hostname: hostnameOf(task),
    mounts: mountsOf(input),
    isRootReadOnly: spec.isReadOnly,
    capabilityAdd: spec.capabilityAdd,
    capabilityDrop: spec.capabilityDrop,
    tty: spec.tty,
    sysctls: spec.sysctls,
    limits,
    reservations: task.spec?.resources?.reservations,
    networkNamespacePath: input.networkNamespacePath,
    labels: labelsOf(input),
  };
}

const orElse = (value: string, otherwise: string): string => (value === '' ? otherwise : value);

/** As asked for, else the task's short id. */
export function hostnameOf(task: Task): string {
  return orElse(task.spec?.hostname ?? '', shortId(task.id));
}

/**
 * As docker: `command` replaces the image's entrypoint and, with it, its default arguments;
 * `args` replaces only the default arguments.
 */
function argsOf({ container: { spec }, image }: ContainerPlanInput): readonly string[] {
  const isReplaced = spec.command.length > 0;
  const entrypoint = isReplaced ? spec.command : image.entrypoint;
  const defaults = isReplaced ? [] : image.command;
  const args = [...entrypoint, ...(spec.args.length > 0 ? spec.args : defaults)];
  if (args.length > 0) return args;
  throw new ClusterError(
    'INVALID_SPEC',
    `image ${spec.image} has no command of its own: give one after the image`,
  );
}

/** Later ones win: a default PATH, the image's, ours, the spec's. Order of first appearance. */
function envOf({ task, container, image, held }: ContainerPlanInput): readonly string[] {
  const merged = new Map<string, string>();
  const add = (entry: string): void => {
    const at = entry.indexOf('=');
    merged.set(at < 0 ? entry : entry.slice(0, at), at < 0 ? `${entry}=` : entry);
  };
  add(searchPathDefault);
  add(`HOSTNAME=${hostnameOf(task)}`);
  for (const entry of image.env) add(entry);
  add(`TESSERA_TASK_ID=${task.id}`);
  add(`TESSERA_TASK_SLOT=${task.slot}`);
  add(`TESSERA_SERVICE_ID=${task.serviceId}`);
  add(`TESSERA_SERVICE_NAME=${task.serviceName}`);
  add(`TESSERA_NODE_ID=${task.nodeId}`);
  for (const entry of resourceEnv(task.spec?.resources?.reservations?.generic ?? {}, held))
    add(entry);
  for (const entry of container.spec.env) add(entry);
  return [...merged.values()];
}

/** The user's labels, and ours: what an agent reads of a container that it finds, nobody else may say. */
function labelsOf(input: ContainerPlanInput): Record<string, string> {
  const { task, container, image, attempt, held } = input;
  const users = Object.entries(container.spec.labels);
  return {
    ...Object.fromEntries(users.filter(([key]) => !key.startsWith('tessera.'))),
    'tessera.task.id': task.id,
    'tessera.task.slot': String(task.slot),
    'tessera.task.container': container.name,
    'tessera.service.id': task.serviceId,
    'tessera.service.name': task.serviceName,
    'tessera.node.id': task.nodeId,
    ...stopRuleLabels(stopRule(container.spec, image)),
    ...attemptLabels(attempt),
    ...resourceLabels(held),
  };
}

/**
 * Our three files first, then the user's from short to long targets, so that none hides another.
 */
function mountsOf(input: ContainerPlanInput): readonly ContainerMount[] {
  const { files, container, image } = input;
  const asked = container.spec.mounts.map((mount) => mountOf(input, mount));
  const taken = new Set(asked.map(({ target }) => target));
  const anonymous = image.volumes
    .filter((target) => !taken.has(target))
    .map((target) => bind(volumeOf(input, target), target, false));
  const own = [
    bind(files.hostsPath, '/etc/hosts', false),
    bind(files.hostnamePath, '/etc/hostname', false),
    bind(files.resolverPath, '/etc/resolv.conf', false),
  ].filter(({ target }) => !taken.has(target));
  const users = [...asked, ...anonymous].toSorted((a, b) => a.target.length - b.target.length);
  return [...own, ...users];
}

function mountOf(input: ContainerPlanInput, mount: Mount): ContainerMount {
  const { target, isReadOnly } = mount;
  switch (mount.kind) {
    case MountKind.BIND:
      return bind(mount.source, target, isReadOnly);
    case MountKind.TMPFS:
      return {
        kind: 'tmpfs',
        source: '',
        target,
        isReadOnly,
        sizeBytes: mount.tmpfsSizeBytes,
        mode: mount.tmpfsMode,
      };
    case MountKind.VOLUME:
      return bind(volumeOf(input, target), target, isReadOnly);
    default:
      throw new ClusterError('INVALID_SPEC', `mount ${target}: unknown kind ${String(mount.kind)}`);
  }
}

function volumeOf({ volumes, container }: ContainerPlanInput, target: string): string {
  const path = volumes.get(`${container.name}/${target}`);
  if (path !== undefined) return path;
  throw new ClusterError('INTERNAL', `volume for ${target} was not prepared`);
}

function bind(source: string, target: string, isReadOnly: boolean): ContainerMount {
  return { kind: 'bind', source, target, isReadOnly, sizeBytes: 0, mode: 0 };
}

/** What has to be found or made on the host before a container can be created. */
export interface VolumeNeed {
  /** `container/target`. */
  readonly key: string;
  readonly kind: 'bind' | 'named' | 'existing' | 'anonymous' | 'tmpfs';
  /** bind: the path on the host; named and existing: the volume's name. */
  readonly source: string;
}

/** The mounts of all containers, and the volumes that their images ask for. */
export function volumeNeeds(
  task: Task,
  images: ReadonlyMap<string, ImageConfig>,
): readonly VolumeNeed[] {
  return containersOf(task).flatMap(({ name, spec }) => {
    const asked = spec.mounts.map((mount): VolumeNeed => {
      const key = `${name}/${mount.target}`;
      if (mount.kind === MountKind.TMPFS) return { key, kind: 'tmpfs', source: '' };
      if (mount.kind === MountKind.BIND) return { key, kind: 'bind', source: mount.source };
      const named = mount.isExisting ? 'existing' : 'named';
      const kind = mount.source === '' ? 'anonymous' : named;
      return { key, kind, source: mount.source };
    });
    const taken = new Set(asked.map(({ key }) => key));
    const anonymous = (images.get(spec.image)?.volumes ?? [])
      .map((target): VolumeNeed => ({ key: `${name}/${target}`, kind: 'anonymous', source: '' }))
      .filter(({ key }) => !taken.has(key));
    return [...asked, ...anonymous];
  });
}
