/** Puts the containerd runtime together: one call for the composition root. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Logger, Metrics, Random } from '#lib';
import { ContainerdImages } from '../images/images-node.ts';
import { RegistryFetcher } from '../images/registry-fetcher-node.ts';
import { ContainerdConnection } from './connection-node.ts';
import { ContainerdRuntime } from './containerd-runtime-node.ts';
import { hostPlatform } from './host-info-node.ts';
import { ContainerLogs } from './logs-node.ts';

export interface CreateRuntimeOptions {
  /** containerd's socket; default /run/containerd/containerd.sock. */
  readonly socketPath?: string;
  /** containerd's namespace; default `tessera`. */
  readonly namespace?: string;
  /** Logs are kept in its subfolder `logs`. */
  readonly dataDir: string;
  /** Parent of every container's cgroup; default `/tessera`. Two agents on one machine need two. */
  readonly cgroupParent?: string;
  /** Bound of the log of one container's stream, bytes; default 30 MiB. */
  readonly logBytesMax?: number;
  /**
   * Settings of registries (registry-config-node.ts); default `<dataDir>/certs.d` and
   * `/etc/tessera/certs.d`.
   */
  readonly registryFolders?: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface RunningRuntime {
  readonly runtime: ContainerdRuntime;
  /** Containers run on; the connection and the watching of logs end. */
  stop(): Promise<void>;
}

/** RUNTIME_UNAVAILABLE when containerd does not answer. */
export async function createContainerdRuntime(
  options: CreateRuntimeOptions,
  signal: AbortSignal,
): Promise<RunningRuntime> {
  const { clock, random, metrics, dataDir } = options;
  const log = options.log.child({ module: 'runtime' });
  const containerd = new ContainerdConnection({
    socketPath: options.socketPath ?? '/run/containerd/containerd.sock',
    namespace: options.namespace ?? 'tessera',
  });
  const platform = hostPlatform();
  const folders = options.registryFolders ?? [join(dataDir, 'certs.d'), '/etc/tessera/certs.d'];
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const logs = new ContainerLogs({
    folder: join(dataDir, 'logs'),
    ...(options.logBytesMax === undefined ? {} : { fileBytesMax: options.logBytesMax }),
    clock,
    log,
  });
  const images = new ContainerdImages({
    containerd,
    platform,
    fetcher: ({ blobs }) =>
      new RegistryFetcher({ config: { folders }, blobs, platform, clock, random, log }),
    clock,
    random,
    log,
  });
  const runtime = new ContainerdRuntime({
    containerd,
    images,
    logs,
    cgroupParent: options.cgroupParent ?? '/tessera',
    clock,
    random,
    log,
    metrics,
  });
  try {
    await runtime.sweep(signal);
  } catch (error) {
    containerd.close();
    throw error;
  }
  logs.start();
  return {
    runtime,
    async stop() {
      runtime.close();
      await logs.stop();
      containerd.close();
    },
  };
}
