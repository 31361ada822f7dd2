/**
 * The container runtime as a port. Real: containerd (`agent/containerd/`); simulated:
 * `agent/runtime/simulated.ts`. Every call is idempotent by id, so that a step done twice does no harm, and takes
 * a signal. Errors are `ClusterError`s; codes are named at each call.
 */
import type { ImageInfo, LogOptions, LogStream, Platform, RegistryAuth, Resources } from '#proto';

export interface RuntimeInfo {
  readonly name: string;
  readonly version: string;
  readonly platform: Platform;
  /** What the host has; reservations are made against it. */
  readonly resources: Resources;
  readonly kernelVersion: string;
  readonly operatingSystem: string;
}

/** What an image's config asks for; merged with the spec by the agent's planner. */
export interface ImageConfig {
  readonly digest: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly workingDirectory: string;
  readonly user: string;
  readonly stopSignal: string;
  readonly volumes: readonly string[];
}

export interface ImageProgressEvent {
  readonly status: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface Images {
  /** The image if it is on this host, ready to run. */
  find(name: string, signal: AbortSignal): Promise<ImageConfig | undefined>;
  /**
   * Fetches and unpacks; joins a pull of the same image that is under way.
   * IMAGE_NOT_FOUND, REGISTRY_UNAUTHORIZED, REGISTRY_UNAVAILABLE, IMAGE_INVALID.
   */
  pull(
    name: string,
    auth: RegistryAuth | undefined,
    onProgress: (event: ImageProgressEvent) => void,
    signal: AbortSignal,
  ): Promise<ImageConfig>;
  /** An OCI or docker archive (tar, or tar.gz); resolves to the names it brought. IMAGE_INVALID. */
  load(
    archive: AsyncIterable<Uint8Array>,
    name: string,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  list(signal: AbortSignal): Promise<readonly ImageInfo[]>;
  /** NOT_FOUND; IN_USE when a container uses it and `force` is false. */
  remove(name: string, force: boolean, signal: AbortSignal): Promise<void>;
}

export interface ContainerMount {
  readonly kind: 'bind' | 'tmpfs';
  /** bind: an absolute path on the host. */
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  /** tmpfs: 0 = the kernel's default. */
  readonly sizeBytes: number;
  readonly mode: number;
}

/** Everything resolved: what to run, with no choices left. */
export interface ContainerPlan {
  /** `<task id>.<container name>`. */
  readonly id: string;
  readonly taskId: string;
  readonly containerName: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly workingDirectory: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly hostname: string;
  readonly mounts: readonly ContainerMount[];
  readonly isRootReadOnly: boolean;
  readonly capabilityAdd: readonly string[];
  readonly capabilityDrop: readonly string[];
  readonly tty: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly limits: Resources | undefined;
  readonly reservations: Resources | undefined;
  /** The task's network namespace, e.g. /run/netns/ts-abc; empty = the host's. */
  readonly networkNamespacePath: string;
  /** Kept on the container object; `list` gives them back. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface ContainerState {
  readonly id: string;
  readonly taskId: string;
  readonly containerName: string;
  readonly labels: Readonly<Record<string, string>>;
  /**
   * lost: it runs no more, and nobody saw its end; or its start was cut short, because the host or the
   * caller went meanwhile.
   */
  readonly phase: 'created' | 'running' | 'exited' | 'lost';
  /** 0 unless running. */
  readonly pid: number;
  /** Only when exited; 137 for a SIGKILL, as the shell counts. */
  readonly exitCode: number | undefined;
  /** Milliseconds since the epoch; 0 unless exited. */
  readonly exitedAtMs: number;
}

export interface LogRecord {
  readonly stream: LogStream;
  readonly atMs: number;
  readonly line: Uint8Array;
}

export interface Runtime {
  readonly images: Images;
  /** RUNTIME_UNAVAILABLE when it does not answer. */
  info(signal: AbortSignal): Promise<RuntimeInfo>;
  /** Snapshot and container object; runs nothing. IMAGE_NOT_FOUND, INVALID_SPEC, RUNTIME_ERROR. */
  create(plan: ContainerPlan, signal: AbortSignal): Promise<void>;
  /**
   * NOT_FOUND; RUNTIME_ERROR with runc's own words (command not found, ...); IN_USE while what an earlier
   * start of it left, which was cut short, is still being taken away.
   */
  start(id: string, signal: AbortSignal): Promise<{ readonly pid: number }>;
  /** `name` as in SIGTERM. A container that is gone or has exited is fine. */
  kill(id: string, name: string, signal: AbortSignal): Promise<void>;
  /** Kills what still runs; container, snapshot and task go. The log file stays until `removeLogs`. */
  remove(id: string, signal: AbortSignal): Promise<void>;
  list(signal: AbortSignal): Promise<readonly ContainerState[]>;
  /**
   * Calls back for every exit, at least once, also for those that happened while the runtime could
   * not be heard. Nothing of an earlier container with the same id. Returns a function that ends it.
   */
  onExit(handler: (state: ContainerState) => void): () => void;
  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogRecord>;
  removeLogs(id: string): Promise<void>;
}
