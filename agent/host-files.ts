/** Files and directories on the host that tasks need, as a port. Real: `host-files-node.ts`. */
import type { DnsConfig } from '#proto';

export interface TaskFilesRequest {
  readonly taskId: string;
  readonly hostname: string;
  /** The task's own addresses for /etc/hosts; empty ones are left out. */
  readonly addresses: readonly string[];
  /** Where this host answers names to the task; none = the task asks others itself. */
  readonly gateways: readonly string[];
  readonly dns: DnsConfig | undefined;
  /** Further lines for /etc/hosts: "name:address". */
  readonly hosts: readonly string[];
}

/** Paths on the host of the files that every container of a task shares. */
export interface TaskFiles {
  readonly hostsPath: string;
  readonly hostnamePath: string;
  readonly resolverPath: string;
}

/** All calls are idempotent. They reject with RUNTIME_ERROR when the disk refuses. */
export interface HostFiles {
  /** Writes /etc/hosts, /etc/hostname and /etc/resolv.conf of a task. */
  prepareTask(request: TaskFilesRequest): Promise<TaskFiles>;
  /** The directory of a named volume; made when it is not there. It outlives every task. */
  volume(name: string): Promise<string>;
  /** Named volumes that are there, ascending. */
  listVolumes(): Promise<readonly string[]>;
  /** A directory of the task's own, for an anonymous volume; goes with `removeTask`. */
  anonymousVolume(taskId: string, key: string): Promise<string>;
  exists(path: string): Promise<boolean>;
  /** Removes what `prepareTask` and `anonymousVolume` made. Unknown tasks are fine. */
  removeTask(taskId: string): Promise<void>;
  /** Tasks that have files here. */
  listTasks(): Promise<readonly string[]>;
}
