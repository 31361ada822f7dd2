import type { Clock, Logger, Ms, Random } from '#lib';
import type { Task, TaskStatus } from '#proto';
import type { HostFiles } from '../host-files.ts';
import type { ImageResolver } from '../image-resolver.ts';
import type { Lane } from '../lane.ts';
import type { HeldResources } from './generic-resources.ts';
import type { TaskNetworks } from '../runtime/network-port.ts';
import type { Runtime } from '../runtime/port.ts';

/** What the controllers of all tasks share. */
export interface TaskHost {
  readonly runtime: Runtime;
  readonly networks: TaskNetworks;
  readonly files: HostFiles;
  readonly images: ImageResolver;
  /** Calls to the runtime that make or remove containers. */
  readonly containerLane: Lane;
  /** Signals: never behind a queue of creations. */
  readonly signalLane: Lane;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Resolves when the statuses of this moment are on disk. */
  save(): Promise<void>;
  /** The status changed; the state of `status` is not below the one before. */
  statusChanged(taskId: string, status: TaskStatus): void;
  /** Names of this host's resources that the task reserves. LIMIT_EXCEEDED when too few are free. */
  takeResources(task: Task): HeldResources;
  /** Another task that is going still holds a port that `taskId` wants. */
  isPortBeingFreed(taskId: string): boolean;
  /** Where this host answers names to the task; empty for tasks on the node's own bridge. */
  gatewaysOf(task: Task): readonly string[];
  /** The ports that callers are led to at the task, as in `80/tcp`. */
  targetsOf(task: Task): readonly string[];
  /** Otherwise this host may lead callers to tasks that do not serve any more. */
  areNetworksSettled(): boolean;
  /** Nothing is left of the task on this host. */
  forget(taskId: string): void;
  /** Look at all containers again in about `delayMs`: an outcome is unknown. */
  relistSoon(delayMs: Ms): void;
  stepDone(kind: string, outcome: 'ok' | 'failed', tookMs: Ms): void;
}
