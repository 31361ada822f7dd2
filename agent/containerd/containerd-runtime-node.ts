/** The `Runtime` port on containerd. Two calls to create, two to start; everything idempotent by id. */
import * as wire from '#proto/containerd';
import { ClusterError, durationBuckets, GrpcStatus, messageOf } from '#lib';
import type { Clock, Histogram, Logger, Metrics, Random } from '#lib';
import type { LogOptions } from '#proto';
import type {
  ContainerPlan,
  ContainerState,
  LogRecord,
  Runtime,
  RuntimeInfo,
} from '../runtime/port.ts';
import type { ContainerdImages } from '../images/images-node.ts';
import { snapshotter } from '../images/image-store-node.ts';
import type { ResolvedImage } from '../images/image-store-node.ts';
import { isAlreadyThere, isNotFound, statusOf } from './connection-node.ts';
import type { ContainerdConnection } from './connection-node.ts';
import { watchExits } from './exit-watch-node.ts';
import {
  cgroupVersion,
  hasSeccomp,
  hostPlatform,
  hostResources,
  kernelVersion,
  operatingSystem,
} from './host-info-node.ts';
import { layersOf, readImageFile } from './image-files-node.ts';
import type { ContainerLogs } from './logs-node.ts';
import { buildSpec } from './oci-spec.ts';
import { signalNumber } from './signals.ts';
import { untilExecuted } from './runc-init-node.ts';
import { parseContainerId, shortReason, stateOf } from './states.ts';
import { resolveUser } from './user.ts';
import type { UserFiles } from './user.ts';

export interface ContainerdRuntimeOptions {
  readonly containerd: ContainerdConnection;
  readonly images: ContainerdImages;
  readonly logs: ContainerLogs;
  /** Parent of every container's cgroup, e.g. `/tessera`. */
  readonly cgroupParent: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const shimRuntime = 'io.containerd.runc.v2';
const specType = 'types.containerd.io/opencontainers/runtime-spec/1/Spec';
/**
 * Keeps a container's file system from the collector until the container object names it, in place
 * of a lease: two calls less for every container. `remove` and `sweep` take it away.
 */
const rootLabel = 'containerd.io/gc.root';
const ttyLabel = 'tessera.tty';
/** A container that was killed with SIGKILL must be gone by then. */
const killDeadlineMs = 15_000;
/** Image user files that are remembered. */
const userFilesMax = 64;
const killSignal = 9;

interface Prepared {
  readonly mounts: readonly wire.Mount[];
  readonly tty: boolean;
}

export class ContainerdRuntime implements Runtime {
  readonly images: ContainerdImages;
  readonly #options: ContainerdRuntimeOptions;
  readonly #containerd: ContainerdConnection;
  readonly #seconds: Histogram;
  readonly #specContext = {
    cgroupVersion: cgroupVersion(),
    hasSeccomp: hasSeccomp(),
    arch: process.arch,
  };
  /** Between create and start; gone after either end. */
  readonly #prepared = new Map<string, Prepared>();
  /** Pids of containers that have had no signal yet. */
  readonly #started = new Map<string, number>();
  /** Labels of the containers that were made or listed; an entry goes with its container. */
  readonly #labels = new Map<string, Readonly<Record<string, string>>>();
  readonly #userFiles = new Map<string, Promise<UserFiles>>();
  readonly #closing = new AbortController();

  constructor(options: ContainerdRuntimeOptions) {
    this.#options = options;
    this.#containerd = options.containerd;
    this.images = options.images;
    this.#seconds = options.metrics.histogram(
      'tessera_runtime_step_seconds',
      'Time that a step of a container took in the runtime.',
      durationBuckets,
      ['step'],
    );
  }

  async info(signal: AbortSignal): Promise<RuntimeInfo> {
    const version = await this.#containerd.call(wire.VersionService.version, wire.Empty.create(), {
      signal,
      deadlineMs: 5_000,
    });
    return {
      name: 'containerd',
      version: version.version,
      platform: hostPlatform(),
      resources: hostResources(),
      kernelVersion: kernelVersion(),
      operatingSystem: operatingSystem(),
    };
  }

  async create(plan: ContainerPlan, signal: AbortSignal): Promise<void> {
    await this.#timed('create', async () => {
      parseContainerId(plan.id);
      const image = await this.#findImage(plan.image, signal);
      const mounts = await this.#prepare(plan.id, image, signal);
      const files = needsUserFiles(plan) ? await this.#readUserFiles(image, mounts) : noUserFiles;
      const spec = buildSpec(plan, {
        ...this.#specContext,
        user: resolveUser(plan.user, plan.groups, files),
        cgroupParent: this.#options.cgroupParent,
      });
      const labels = plan.tty ? { ...plan.labels, [ttyLabel]: 'true' } : plan.labels;
      const container = wire.Container.create({
        id: plan.id,
        labels,
        image: image.name,
        runtime: wire.ContainerRuntime.create({ name: shimRuntime }),
        spec: wire.Any.create({ typeUrl: specType, value: Buffer.from(JSON.stringify(spec)) }),
        snapshotter,
        snapshotKey: plan.id,
      });
      await ignore(
        isAlreadyThere,
        this.#containerd.call(wire.ContainersService.create, { container }, { signal }),
      );
      this.#prepared.set(plan.id, { mounts, tty: plan.tty });
      this.#labels.set(plan.id, plan.labels);
    });
  }

  async start(id: string, signal: AbortSignal): Promise<{ readonly pid: number }> {
    return await this.#timed('start', async () => {
      const { mounts, tty } = this.#prepared.get(id) ?? (await this.#recall(id, signal));
      const { stdout, stderr } = await this.#options.logs.open(id, tty);
      try {
        await this.#containerd.call(
          wire.TasksService.create,
          wire.CreateTaskRequest.create({
            containerId: id,
            rootfs: mounts,
            stdout,
            stderr,
            terminal: tty,
          }),
          { signal },
        );
      } catch (error) {
        if (!isAlreadyThere(error)) throw this.#startError(id, error);
        const pid = await this.#runningPid(id, signal);
        if (pid > 0) return { pid };
      }
      try {
        const request = { containerId: id };
        const { pid } = await this.#containerd.call(wire.TasksService.start, request, { signal });
        this.#prepared.delete(id);
        this.#started.set(id, pid);
        return { pid };
      } catch (error) {
        throw this.#startError(id, error);
      }
    });
  }

  async kill(id: string, name: string, signal: AbortSignal): Promise<void> {
    const number = signalNumber(name);
    const pid = this.#started.get(id);
    if (pid !== undefined && number !== killSignal) {
      this.#started.delete(id);
      await untilExecuted(pid, this.#options.clock, signal);
    }
    await this.#kill(id, number, signal);
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.#timed('remove', async () => {
      if (!(await this.#deleteTask(id, signal))) {
        await this.#kill(id, killSignal, signal);
        await this.#waitForExit(id, signal);
        await this.#deleteTask(id, signal);
      }
      await ignore(
        isNotFound,
        this.#containerd.call(wire.ContainersService.delete, { id }, { signal }),
      );
      await ignore(
        isNotFound,
        this.#containerd.call(wire.SnapshotsService.remove, { snapshotter, key: id }, { signal }),
      );
      this.#options.logs.setLive(id, false);
      this.#prepared.delete(id);
      this.#started.delete(id);
      this.#labels.delete(id);
    });
  }

  async list(signal: AbortSignal): Promise<readonly ContainerState[]> {
    // Tasks after containers: a container that is started between the two is seen as running.
    const { containers } = await this.#containerd.call(
      wire.ContainersService.list,
      { filters: [] },
      { signal },
    );
    const { tasks } = await this.#containerd.call(
      wire.TasksService.list,
      { filter: '' },
      { signal },
    );
    const processes = new Map(tasks.map((task) => [task.id || task.containerId, task]));
    return await Promise.all(
      containers
        .filter(isOurs)
        .map((container) => this.#stateOf(container, processes.get(container.id), signal)),
    );
  }

  onExit(handler: (state: ContainerState) => void): () => void {
    const controller = new AbortController();
    const { clock, random, log } = this.#options;
    void watchExits(
      {
        containerd: this.#containerd,
        clock,
        random,
        log,
        list: (signal) => this.list(signal),
        labelsOf: (id) => this.#labelsOf(id),
      },
      (state) => {
        this.#options.logs.setLive(state.id, false);
        handler(state);
      },
      AbortSignal.any([controller.signal, this.#closing.signal]),
    );
    return () => controller.abort(new Error('no longer watched'));
  }

  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogRecord> {
    return this.#options.logs.read(id, options, signal);
  }

  async removeLogs(id: string): Promise<void> {
    await this.#options.logs.remove(id);
  }

  /**
   * Removes file systems that a killed agent prepared and never gave a container. Call before the
   * first `create`.
   */
  async sweep(signal: AbortSignal): Promise<void> {
    await this.images.ensureNamespace(signal);
    const { containers } = await this.#containerd.call(
      wire.ContainersService.list,
      { filters: [] },
      { signal },
    );
    const used = new Set(containers.map((container) => container.snapshotKey));
    const filters = [`labels.${JSON.stringify(rootLabel)}`];
    const request = { snapshotter, filters };
    for await (const { info } of this.#containerd.stream(wire.SnapshotsService.list, request, {
      signal,
    }))
      for (const { name } of info) {
        if (used.has(name)) continue;
        this.#options.log.info('file system without a container removed', { key: name });
        await ignore(
          isNotFound,
          this.#containerd.call(
            wire.SnapshotsService.remove,
            { snapshotter, key: name },
            { signal },
          ),
        );
      }
  }

  /** Ends every watching of exits. Containers run on. */
  close(): void {
    this.#closing.abort(new Error('the runtime is closed'));
  }

  async #timed<T>(step: string, work: () => Promise<T>): Promise<T> {
    const startedMs = this.#options.clock.monotonic();
    try {
      return await work();
    } finally {
      this.#seconds.observe((this.#options.clock.monotonic() - startedMs) / 1_000, { step });
    }
  }

  async #stateOf(
    container: wire.Container,
    listed: wire.Process | undefined,
    signal: AbortSignal,
  ): Promise<ContainerState> {
    const { logs } = this.#options;
    const { id } = container;
    const { [ttyLabel]: _, ...labels } = container.labels;
    this.#labels.set(id, labels);
    // One that was being started while the list was made may be missing in it: asked for by itself.
    const isLost = listed === undefined && !this.#prepared.has(id) && logs.wasOpened(id);
    const process = isLost ? await this.#process(id, signal) : listed;
    const state = stateOf({ id, labels }, process, isLost);
    if (state.phase !== 'created') logs.setLive(id, state.phase === 'running');
    return state;
  }

  async #process(id: string, signal: AbortSignal): Promise<wire.Process | undefined> {
    const request = { containerId: id };
    try {
      return (await this.#containerd.call(wire.TasksService.get, request, { signal })).process;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #findImage(name: string, signal: AbortSignal): Promise<ResolvedImage> {
    const image = await this.images.resolve(name, signal);
    if (image !== undefined) return image;
    throw new ClusterError(
      'IMAGE_NOT_FOUND',
      `image ${name} is not on this host: pull or load it first`,
      { details: { image: name } },
    );
  }

  async #prepare(
    key: string,
    image: ResolvedImage,
    signal: AbortSignal,
  ): Promise<readonly wire.Mount[]> {
    const labels = { [rootLabel]: 'container' };
    const request = { snapshotter, key, parent: image.rootSnapshot, labels };
    try {
      const { mounts } = await this.#containerd.call(wire.SnapshotsService.prepare, request, {
        signal,
      });
      return mounts;
    } catch (error) {
      if (isAlreadyThere(error)) return await this.#mounts(key, signal);
      if (!isNotFound(error)) throw error;
      // The remembered image has been removed behind our back.
      this.images.forget();
      throw new ClusterError('IMAGE_NOT_FOUND', `image ${image.name} is no longer on this host`, {
        cause: error,
      });
    }
  }

  async #mounts(key: string, signal: AbortSignal): Promise<readonly wire.Mount[]> {
    const request = { snapshotter, key };
    return (await this.#containerd.call(wire.SnapshotsService.mounts, request, { signal })).mounts;
  }

  /** The files are the image's, so they are read once per image and not per container. */
  async #readUserFiles(image: ResolvedImage, mounts: readonly wire.Mount[]): Promise<UserFiles> {
    const known = this.#userFiles.get(image.rootSnapshot);
    if (known !== undefined) return await known;
    const layers = layersOf(mounts);
    const files = Promise.all([
      readImageFile(layers, '/etc/passwd'),
      readImageFile(layers, '/etc/group'),
    ]).then(([passwd = '', group = '']) => ({ passwd, group }));
    this.#userFiles.set(image.rootSnapshot, files);
    for (const oldest of this.#userFiles.keys()) {
      if (this.#userFiles.size <= userFilesMax) break;
      this.#userFiles.delete(oldest);
    }
    return await files;
  }

  /** What `create` knew, after the agent was started anew in between. NOT_FOUND. */
  async #recall(id: string, signal: AbortSignal): Promise<Prepared> {
    try {
      const request = { id };
      const { container } = await this.#containerd.call(wire.ContainersService.get, request, {
        signal,
      });
      const mounts = await this.#mounts(id, signal);
      return { mounts, tty: container?.labels[ttyLabel] === 'true' };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new ClusterError('NOT_FOUND', `no container ${id} on this host`, { cause: error });
    }
  }

  async #runningPid(id: string, signal: AbortSignal): Promise<number> {
    const process = await this.#process(id, signal);
    return process?.status === wire.ProcessStatus.CREATED ? 0 : (process?.pid ?? 0);
  }

  #startError(id: string, error: unknown): unknown {
    if (error instanceof ClusterError && error.code === 'RUNTIME_UNAVAILABLE') return error;
    if (error instanceof ClusterError && error.code === 'CANCELLED') return error;
    return new ClusterError(
      'RUNTIME_ERROR',
      `starting container failed: ${shortReason(messageOf(error))}`,
      { cause: error, details: { container: id } },
    );
  }

  async #kill(id: string, number: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#containerd.call(
        wire.TasksService.kill,
        wire.KillRequest.create({ containerId: id, signal: number, all: number === killSignal }),
        { signal },
      );
    } catch (error) {
      if (isNotFound(error) || /already finished|not running/.test(messageOf(error))) return;
      throw error;
    }
  }

  /** False when it still runs. */
  async #deleteTask(id: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#containerd.call(wire.TasksService.delete, { containerId: id }, { signal });
      return true;
    } catch (error) {
      if (isNotFound(error)) return true;
      const isRunning = statusOf(error) === GrpcStatus.FAILED_PRECONDITION;
      if (isRunning || /cannot delete a running process/.test(messageOf(error))) return false;
      throw error;
    }
  }

  async #waitForExit(id: string, signal: AbortSignal): Promise<void> {
    const request = { containerId: id };
    const call = this.#containerd.call(wire.TasksService.wait, request, {
      signal,
      deadlineMs: killDeadlineMs,
    });
    await ignore(isNotFound, call);
  }

  async #labelsOf(id: string): Promise<Readonly<Record<string, string>>> {
    const known = this.#labels.get(id);
    if (known !== undefined) return known;
    try {
      const { container } = await this.#containerd.call(wire.ContainersService.get, { id });
      const { [ttyLabel]: _, ...labels } = container?.labels ?? {};
      return labels;
    } catch {
      return {};
    }
  }
}

const noUserFiles: UserFiles = { passwd: '', group: '' };

function needsUserFiles(plan: ContainerPlan): boolean {
  return plan.user !== '' || plan.groups.length > 0;
}

function isOurs(container: wire.Container): boolean {
  return container.id.includes('.') && container.snapshotKey === container.id;
}

async function ignore(
  isFine: (error: unknown) => boolean,
  promise: Promise<unknown>,
): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (!isFine(error)) throw error;
  }
}
