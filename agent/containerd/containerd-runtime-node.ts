/** The `Runtime` port on containerd. Two calls to create, two to start; everything idempotent by id. */
import { Empty, ProcessStatus, VersionService } from '#proto/containerd';
import type { Process, TaskExit } from '#proto/containerd';
import { ClusterError, durationBuckets } from '#lib';
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
import type { ResolvedImage } from '../images/image-store-node.ts';
import type { ContainerdConnection } from './connection-node.ts';
import { ContainerObjects } from './container-objects-node.ts';
import type { Listed, Prepared } from './container-objects-node.ts';
import { ContainerTasks, killSignal } from './container-tasks-node.ts';
import { watchExits } from './exit-watch-node.ts';
import {
  cgroupVersion,
  hasSeccomp,
  hostPlatform,
  hostResources,
  kernelVersion,
  operatingSystem,
} from './host-info-node.ts';
import type { ContainerLogs } from './logs-node.ts';
import { buildSpec } from './oci-spec.ts';
import { signalDirectly } from './direct-signal-node.ts';
import { untilExecuted } from './runc-init-node.ts';
import { endShim, parentOf } from './shim-node.ts';
import { Shims } from './shims.ts';
import { signalNumber } from './signals.ts';
import { parseContainerId, stateOf, toMs } from './states.ts';
import { resolveUser } from './user.ts';
import { UserFileCache } from './user-files-node.ts';

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

const infoDeadlineMs = 5_000;

export class ContainerdRuntime implements Runtime {
  readonly images: ContainerdImages;
  readonly #options: ContainerdRuntimeOptions;
  readonly #objects: ContainerObjects;
  readonly #tasks: ContainerTasks;
  readonly #userFiles = new UserFileCache();
  readonly #seconds: Histogram;
  readonly #host = {
    cgroupVersion: cgroupVersion(),
    hasSeccomp: hasSeccomp(),
    arch: process.arch,
  };
  /** Between create and start; gone after either end. */
  readonly #prepared = new Map<string, Prepared>();
  /** Pids of containers that have had no signal yet. */
  readonly #unsignalled = new Map<string, number>();
  /** Labels of the containers that were made or listed; an entry goes with its container. */
  readonly #labels = new Map<string, Readonly<Record<string, string>>>();
  readonly #shims = new Shims();
  readonly #closing = new AbortController();

  constructor(options: ContainerdRuntimeOptions) {
    this.#options = options;
    this.#objects = new ContainerObjects(options.containerd, options.log);
    this.#tasks = new ContainerTasks(options.containerd);
    this.images = options.images;
    this.#seconds = options.metrics.histogram(
      'tessera_runtime_step_seconds',
      'Time that a step of a container took in the runtime.',
      durationBuckets,
      ['step'],
    );
  }

  async info(signal: AbortSignal): Promise<RuntimeInfo> {
    const call = { signal, deadlineMs: infoDeadlineMs };
    const { containerd } = this.#options;
    const { version } = await containerd.call(VersionService.version, Empty.create(), call);
    return {
      name: 'containerd',
      version,
      platform: hostPlatform(),
      resources: hostResources(),
      kernelVersion: kernelVersion(),
      operatingSystem: operatingSystem(),
    };
  }

  async create(plan: ContainerPlan, signal: AbortSignal): Promise<void> {
    await this.#timed('create', async () => {
      const { id, tty, labels } = plan;
      parseContainerId(id);
      this.#shims.made(id);
      const image = await this.#findImage(plan.image, signal);
      const mounts = await this.#objects.prepare(id, image, signal);
      if (mounts === undefined) {
        // Removed behind the back of what is remembered of images.
        this.images.forget();
        throw noImage(plan.image);
      }
      const needsFiles = plan.user !== '' || plan.groups.length > 0;
      const files = needsFiles
        ? await this.#userFiles.read(image.rootSnapshot, mounts)
        : { passwd: '', group: '' };
      const user = resolveUser(plan.user, plan.groups, files);
      const { cgroupParent } = this.#options;
      const spec = buildSpec(plan, { ...this.#host, user, cgroupParent });
      await this.#objects.create({ id, image, spec, labels, tty }, signal);
      this.#prepared.set(id, { mounts, tty });
      this.#labels.set(id, labels);
    });
  }

  async start(id: string, signal: AbortSignal): Promise<{ readonly pid: number }> {
    return await this.#timed('start', async () => {
      const prepared = this.#prepared.get(id) ?? (await this.#objects.recall(id, signal));
      this.#prepared.set(id, prepared);
      const targets = await this.#options.logs.open(id, prepared.tty);
      const pid = await this.#tasks.start(id, prepared, targets, signal);
      this.#prepared.delete(id);
      this.#unsignalled.set(id, pid);
      this.#shims.started(id, parentOf(pid));
      return { pid };
    });
  }

  async kill(id: string, name: string, signal: AbortSignal): Promise<void> {
    const number = signalNumber(name);
    const pid = this.#unsignalled.get(id);
    this.#unsignalled.delete(id);
    if (pid !== undefined && number !== killSignal)
      await untilExecuted(pid, this.#options.clock, signal);
    if (pid !== undefined && signalDirectly(id, pid, number)) return;
    await this.#tasks.kill(id, number, signal);
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.#timed('remove', async () => {
      const { clock, logs } = this.#options;
      const pid = this.#shims.takeIdle(id);
      if (pid !== undefined)
        await endShim({ containerId: id, pid, outputPrefix: logs.prefix(id) }, clock, signal);
      await this.#tasks.remove(id, signal);
      await this.#objects.remove(id, signal);
      logs.setLive(id, false);
      this.#shims.gone(id);
      for (const known of [this.#prepared, this.#unsignalled, this.#labels]) known.delete(id);
    });
  }

  async list(signal: AbortSignal): Promise<readonly ContainerState[]> {
    // Tasks after containers: a container that is started between the two is seen as running.
    const containers = await this.#objects.list(signal);
    const processes = await this.#tasks.list(signal);
    return await Promise.all(
      containers.map((container) => this.#stateOf(container, processes.get(container.id), signal)),
    );
  }

  onExit(handler: (state: ContainerState) => void): () => void {
    const controller = new AbortController();
    const { containerd, clock, random, log, logs } = this.#options;
    void watchExits(
      {
        containerd,
        clock,
        random,
        log,
        list: (signal) => this.list(signal),
        labelsOf: async (id) => this.#labels.get(id) ?? (await this.#objects.labels(id)),
        isStale: (exit, stop) => this.#isStale(exit, stop),
      },
      (state) => {
        logs.setLive(state.id, false);
        this.#shims.ended(state.id, state.exitedAtMs);
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

  /** Once, before the first `create`: makes the namespace, removes what a killed agent left half-done. */
  async sweep(signal: AbortSignal): Promise<void> {
    await this.images.ensureNamespace(signal);
    await this.#objects.sweep(signal);
  }

  /** Ends every watching of exits. Containers run on. */
  close(): void {
    this.#closing.abort(new Error('the runtime is closed'));
  }

  async #timed<T>(step: string, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const startedMs = clock.monotonic();
    try {
      return await work();
    } finally {
      this.#seconds.observe((clock.monotonic() - startedMs) / 1_000, { step });
    }
  }

  async #stateOf(
    container: Listed,
    listed: Process | undefined,
    signal: AbortSignal,
  ): Promise<ContainerState> {
    const { logs } = this.#options;
    const { id, labels } = container;
    this.#labels.set(id, labels);
    this.#shims.made(id);
    // One that was being started while the list was made may be missing in it: asked for by itself.
    const isLost = listed === undefined && !this.#prepared.has(id) && logs.wasOpened(id);
    const process = isLost ? await this.#tasks.find(id, signal) : listed;
    const state = stateOf(container, process, isLost);
    if (state.phase !== 'created') logs.setLive(id, state.phase === 'running');
    return state;
  }

  /**
   * A start that was cut short is told as an exit once containerd has cleared it away, which may be after
   * its container was made anew. Asks only where that may be so.
   */
  async #isStale(exit: TaskExit, signal: AbortSignal): Promise<boolean> {
    const { containerId: id, pid } = exit;
    if (this.#shims.isEcho(id, toMs(exit.exitedAt))) return true;
    const isStarting = this.#prepared.has(id);
    const known = this.#unsignalled.get(id) ?? pid;
    if (!isStarting && known === pid) return false;
    const process = await this.#tasks.find(id, signal);
    return process === undefined ? isStarting : process.status !== ProcessStatus.STOPPED;
  }

  async #findImage(name: string, signal: AbortSignal): Promise<ResolvedImage> {
    const image = await this.images.resolve(name, signal);
    if (image !== undefined) return image;
    throw noImage(name);
  }
}

function noImage(name: string): ClusterError {
  return new ClusterError(
    'IMAGE_NOT_FOUND',
    `image ${name} is not on this host: pull or load it first`,
    { details: { image: name } },
  );
}
