import type { Task, TaskStatus } from '#proto';
import { TaskState, TaskStatus as TaskStatusMessage } from '#proto';
import type { TaskFiles } from '../host-files.ts';
import type { NetworkAttachment } from '../runtime/network-port.ts';
import type { ContainerState, ImageConfig } from '../runtime/port.ts';
import { attemptOf } from './attempts.ts';
import type { PortLook } from './gate.ts';
import { heldBy } from './generic-resources.ts';
import type { HeldResources } from './generic-resources.ts';
import type { TaskHost } from './task-host.ts';
import type { TaskView } from './task-view.ts';

type NetworkFacts = Pick<TaskHost, 'targetsOf' | 'areNetworksSettled'>;

/** The view of one task as it changes. Only its controller writes it. */
export class TaskRecord implements TaskView {
  task: Task;
  isDropped = false;
  status: TaskStatus;
  /** The status object that is on disk. */
  savedStatus: TaskStatus | undefined;
  readonly images = new Map<string, ImageConfig>();
  held: HeldResources | undefined;
  files: TaskFiles | undefined;
  readonly volumes = new Map<string, string>();
  network: NetworkAttachment | undefined;
  readonly containers = new Map<string, ContainerState>();
  readonly signalledAtMs = new Map<string, number>();
  readonly killedAtMs = new Map<string, number>();
  /** Of containers whose start was cut short: the number of the next attempt. */
  readonly attempts = new Map<string, number>();
  portLook: PortLook | undefined;
  isCleaned = false;
  readonly #host: NetworkFacts;

  constructor(task: Task, host: NetworkFacts) {
    this.task = task;
    this.#host = host;
    this.status = task.status ?? TaskStatusMessage.create({ state: TaskState.ASSIGNED });
  }

  get targets(): readonly string[] {
    return this.network?.namespacePath === '' ? [] : this.#host.targetsOf(this.task);
  }

  get mayBeLedTo(): boolean {
    const hasNetworks = this.task.networks.length > 0 || (this.network?.links.length ?? 0) > 0;
    return hasNetworks && !this.#host.areNetworksSettled();
  }

  get isStatusSaved(): boolean {
    return this.savedStatus === this.status;
  }

  /**
   * What the runtime told of a container that this record knows; true when it changed something. A
   * phase only goes up: a late word of an earlier phase is dropped, and so is one of a removed
   * container.
   */
  observed(state: ContainerState): boolean {
    const known = this.containers.get(state.containerName);
    if (known === undefined || phaseOrder[state.phase] <= phaseOrder[known.phase]) return false;
    this.containers.set(state.containerName, state);
    return true;
  }

  /** All that the runtime has of this task, whatever was known before. */
  replaceContainers(states: readonly ContainerState[]): void {
    this.containers.clear();
    for (const state of states) this.containers.set(state.containerName, state);
    this.held ??= heldBy(states);
  }

  removed(containerName: string): void {
    const state = this.containers.get(containerName);
    if (state?.phase === 'lost') this.attempts.set(containerName, attemptOf(state) + 1);
    this.containers.delete(containerName);
    this.signalledAtMs.delete(containerName);
    this.killedAtMs.delete(containerName);
  }
}

const phaseOrder = { created: 0, running: 1, exited: 2, lost: 2 } as const;
