import type { Task, TaskStatus } from '#proto';
import type { TaskFiles } from '../host-files.ts';
import type { NetworkAttachment } from '../runtime/network-port.ts';
import type { ContainerState, ImageConfig } from '../runtime/port.ts';
import type { PortLook } from './gate.ts';
import type { HeldResources } from './generic-resources.ts';

/** All that is known about one task on this host: what the planner decides from. */
export interface TaskView {
  readonly task: Task;
  /** The managers dropped the record: everything of the task goes, then the view itself. */
  readonly isDropped: boolean;
  /** The latest status; its state only goes up. */
  readonly status: TaskStatus;
  /** `status` is on this host's disk. */
  readonly isStatusSaved: boolean;
  /** By image reference as in the spec. */
  readonly images: ReadonlyMap<string, ImageConfig>;
  /** Named resources that it got; undefined before its first container. */
  readonly held: HeldResources | undefined;
  readonly files: TaskFiles | undefined;
  /** Host paths of the volumes by `container/target`. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly network: NetworkAttachment | undefined;
  /** What the runtime has, by container name. */
  readonly containers: ReadonlyMap<string, ContainerState>;
  /** When each container got its stop signal, by name; milliseconds, monotonic. */
  readonly signalledAtMs: ReadonlyMap<string, number>;
  /** When each container last got SIGKILL. */
  readonly killedAtMs: ReadonlyMap<string, number>;
  /** The ports that callers are led to, as in `80/tcp`; none in the host's own namespace. */
  readonly targets: readonly string[];
  /** This host's rules may lead callers to it although it is to stop: they are older than that word. */
  readonly mayBeLedTo: boolean;
  /** The latest. */
  readonly portLook: PortLook | undefined;
  /** Logs and files of the task are gone. */
  readonly isCleaned: boolean;
}
