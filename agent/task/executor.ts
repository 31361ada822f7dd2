/** Does one step of the planner's on the host and writes its result into the record. */
import { ClusterError, messageOf } from '#lib';
import { PublishMode } from '#proto';
import type { Task } from '#proto';
import type { ListeningSockets, NetworkRequest } from '../runtime/network-port.ts';
import type { ContainerState } from '../runtime/port.ts';
import { containerPlan, hostnameOf, volumeNeeds } from './container-plan.ts';
import type { PortLook } from './gate.ts';
import type { Step } from './step.ts';
import { containerId, containersOf } from './task-spec.ts';
import type { TaskContainer } from './task-spec.ts';
import type { TaskHost } from './task-host.ts';
import type { TaskRecord } from './task-record.ts';

/** Steps that touch the host. */
export type HostStep = Exclude<Step, { readonly kind: 'idle' | 'wait' | 'status' | 'forget' }>;

/** How long one step may take; a pull has as long as it needs, within reason. Milliseconds. */
export const stepDeadlineMs: Readonly<Record<HostStep['kind'], number>> = {
  image: 1_800_000,
  volumes: 30_000,
  attach: 60_000,
  files: 30_000,
  create: 120_000,
  start: 120_000,
  look: 10_000,
  signal: 30_000,
  remove: 120_000,
  detach: 60_000,
  save: 30_000,
  clean: 60_000,
};

/** Idempotent. Rejects with what the host said; the record is then as before. */
export async function execute(
  host: TaskHost,
  record: TaskRecord,
  step: HostStep,
  signal: AbortSignal,
): Promise<void> {
  const taskId = record.task.id;
  switch (step.kind) {
    case 'image': {
      const { image, registryAuth } = step.container.spec;
      record.images.set(image, await host.images.resolve(image, registryAuth, signal));
      return;
    }
    case 'volumes':
      return prepareVolumes(host, record);
    case 'attach':
      return attach(host, record, signal);
    case 'files':
      record.files = await host.files.prepareTask({
        taskId,
        hostname: hostnameOf(record.task),
        addresses: ownAddresses(record),
        gateways: host.gatewaysOf(record.task),
        dns: record.task.spec?.dns,
        hosts: record.task.spec?.hosts ?? [],
      });
      return;
    case 'create':
      return create(host, record, step.container, signal);
    case 'start':
      return start(host, record, step.container, signal);
    case 'look':
      return look(host, record, step.reason);
    case 'signal':
      return sendSignals(host, record, step.signals, signal);
    case 'remove': {
      const id = containerId(taskId, step.containerName);
      await host.containerLane.run('normal', signal, () => host.runtime.remove(id, signal));
      record.removed(step.containerName);
      return;
    }
    case 'detach':
      await host.networks.detach(taskId, signal);
      record.network = undefined;
      return;
    case 'save':
      return host.save();
    case 'clean':
      for (const { name } of containersOf(record.task))
        await host.runtime.removeLogs(containerId(taskId, name));
      await host.files.removeTask(taskId);
      record.isCleaned = true;
  }
}

async function prepareVolumes(host: TaskHost, record: TaskRecord): Promise<void> {
  for (const need of volumeNeeds(record.task, record.images)) {
    if (record.volumes.has(need.key)) continue;
    switch (need.kind) {
      case 'tmpfs':
        record.volumes.set(need.key, '');
        break;
      case 'existing':
        if (!(await host.files.listVolumes()).includes(need.source))
          throw new ClusterError('NOT_FOUND', `volume ${need.source} is not on this host`);
        record.volumes.set(need.key, await host.files.volume(need.source));
        break;
      case 'named':
        record.volumes.set(need.key, await host.files.volume(need.source));
        break;
      case 'anonymous': {
        const path = await host.files.anonymousVolume(record.task.id, need.key);
        record.volumes.set(need.key, path);
        break;
      }
      case 'bind':
        if (!(await host.files.exists(need.source)))
          throw new ClusterError(
            'INVALID_SPEC',
            `invalid bind mount source, source path not found: ${need.source}`,
          );
        record.volumes.set(need.key, need.source);
    }
  }
}

async function attach(host: TaskHost, record: TaskRecord, signal: AbortSignal): Promise<void> {
  const { task } = record;
  record.network = await host.networks.attach(
    {
      taskId: task.id,
      hostname: hostnameOf(task),
      mode: modeOf(task),
      networks: task.networks,
      ports: task.ports.filter(({ mode }) => mode === PublishMode.HOST),
    },
    signal,
  );
}

/** INTERNAL when the managers gave the task no address on a network that it asks for. */
function modeOf({ id, spec, networks }: Task): NetworkRequest['mode'] {
  const asked = spec?.networks ?? [];
  const [first] = asked;
  if (networks.length > 0 || first === undefined || first.network === 'bridge') return 'bridge';
  if (first.network === 'host' || first.network === 'none') return first.network;
  throw new ClusterError('INTERNAL', `task ${id} has no address on network ${first.network}`);
}

async function create(
  host: TaskHost,
  record: TaskRecord,
  container: TaskContainer,
  signal: AbortSignal,
): Promise<void> {
  const { task, files, network } = record;
  const image = record.images.get(container.spec.image);
  if (image === undefined || files === undefined || network === undefined)
    throw new ClusterError('INTERNAL', `task ${task.id} is not prepared`);
  record.held ??= host.takeResources(task);
  const plan = containerPlan({
    task,
    container,
    image,
    volumes: record.volumes,
    files,
    networkNamespacePath: network.namespacePath,
    attempt: record.attempts.get(container.name) ?? 1,
    held: record.held,
  });
  await host.containerLane.run('normal', signal, () => host.runtime.create(plan, signal));
  signal.throwIfAborted();
  const { id, taskId, containerName, labels } = plan;
  record.containers.set(containerName, {
    id,
    taskId,
    containerName,
    labels,
    phase: 'created',
    pid: 0,
    exitCode: undefined,
    exitedAtMs: 0,
  });
}

async function start(
  host: TaskHost,
  record: TaskRecord,
  container: TaskContainer,
  signal: AbortSignal,
): Promise<void> {
  const id = containerId(record.task.id, container.name);
  const { pid } = await host.containerLane.run('normal', signal, () =>
    host.runtime.start(id, signal),
  );
  signal.throwIfAborted();
  const created = record.containers.get(container.name);
  // Its exit may have been told before.
  if (created?.phase !== 'created') return;
  const running: ContainerState = { ...created, phase: 'running', pid };
  record.containers.set(container.name, running);
}

async function sendSignals(
  host: TaskHost,
  record: TaskRecord,
  signals: readonly { readonly containerName: string; readonly signal: string }[],
  abort: AbortSignal,
): Promise<void> {
  for (const { containerName, signal } of signals) {
    const id = containerId(record.task.id, containerName);
    await host.signalLane.run('urgent', abort, () => host.runtime.kill(id, signal, abort));
    const now = host.clock.monotonic();
    if (!record.signalledAtMs.has(containerName)) record.signalledAtMs.set(containerName, now);
    else record.killedAtMs.set(containerName, now);
    if (signal === 'SIGKILL') host.relistSoon(1_000);
  }
}

/** A process that is gone shows nothing, and its exit is told elsewhere; nor does a table that cannot be read. */
async function look(host: TaskHost, record: TaskRecord, reason: PortLook['reason']): Promise<void> {
  const pid = [...record.containers.values()].find(({ phase }) => phase === 'running')?.pid ?? 0;
  const targets = record.targets;
  let known: ListeningSockets = new Map();
  try {
    known = await host.networks.sockets(pid);
  } catch (error) {
    const fields = { taskId: record.task.id, err: messageOf(error) };
    host.log.debug('the sockets of a task could not be looked at', fields);
  }
  const atMs = host.clock.monotonic();
  const before = record.portLook?.reason === reason ? record.portLook : undefined;
  record.portLook = {
    reason,
    firstAtMs: before?.firstAtMs ?? atMs,
    atMs,
    closed: targets.filter((target) => !known.has(target)),
    waiting: targets.reduce((sum, target) => sum + (known.get(target) ?? 0), 0),
  };
}

/** On its first network, or on the node's own bridge. */
function ownAddresses({ task, network }: TaskRecord): readonly string[] {
  const first = task.networks[0];
  return first === undefined ? [network?.address ?? ''] : [first.address, first.addressV6];
}
