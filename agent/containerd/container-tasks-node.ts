/** containerd's tasks: what runs. A call about a task that is gone is fine where that is what was wanted. */
import * as wire from '#proto/containerd';
import { ClusterError, GrpcStatus, messageOf } from '#lib';
import { isAlreadyThere, isNotFound, statusOf, unless } from './connection-node.ts';
import type { ContainerdConnection } from './connection-node.ts';
import type { Prepared } from './container-objects-node.ts';
import type { LogTargets } from './logs-node.ts';
import { shortReason } from './states.ts';

/** A container that was killed with SIGKILL must be gone by then. */
const killDeadlineMs = 15_000;
export const killSignal = 9;

export class ContainerTasks {
  readonly #containerd: ContainerdConnection;

  constructor(containerd: ContainerdConnection) {
    this.#containerd = containerd;
  }

  /** The pid; also of one that runs already. IN_USE, and RUNTIME_ERROR with runc's own words. */
  async start(
    id: string,
    prepared: Prepared,
    targets: LogTargets,
    signal: AbortSignal,
  ): Promise<number> {
    const { create, start } = wire.TasksService;
    const request = wire.CreateTaskRequest.create({
      containerId: id,
      rootfs: prepared.mounts,
      terminal: prepared.tty,
      ...targets,
    });
    try {
      await this.#containerd.call(create, request, { signal });
    } catch (error) {
      // containerd takes some 2 s to clear away a task whose caller went while it was made.
      if (/\bmkdir \S+: file exists/.test(messageOf(error)))
        throw new ClusterError(
          'IN_USE',
          `the container runtime is still taking away what an earlier start of ${id} left`,
          { cause: error, details: { container: id } },
        );
      if (!isAlreadyThere(error)) throw startError(id, error);
      const process = await this.find(id, signal);
      const isCreated = process?.status === wire.ProcessStatus.CREATED;
      if (process !== undefined && !isCreated) return process.pid;
    }
    try {
      return (await this.#containerd.call(start, { containerId: id }, { signal })).pid;
    } catch (error) {
      throw startError(id, error);
    }
  }

  async find(id: string, signal: AbortSignal): Promise<wire.Process | undefined> {
    const { get } = wire.TasksService;
    try {
      return (await this.#containerd.call(get, { containerId: id }, { signal })).process;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** By container id. */
  async list(signal: AbortSignal): Promise<ReadonlyMap<string, wire.Process>> {
    const { list } = wire.TasksService;
    const { tasks } = await this.#containerd.call(list, { filter: '' }, { signal });
    return new Map(tasks.map((task) => [task.id || task.containerId, task]));
  }

  /** To the first process; with it ends its whole pid namespace. */
  async kill(id: string, number: number, signal: AbortSignal): Promise<void> {
    const { kill } = wire.TasksService;
    const request = wire.KillRequest.create({ containerId: id, signal: number });
    const isGone = (error: unknown): boolean =>
      isNotFound(error) || /already finished|not running/.test(messageOf(error));
    await unless(isGone, this.#containerd.call(kill, request, { signal }));
  }

  /**
   * Kills what still runs; of one whose shim has ended it waits until containerd has cleared it away. DEADLINE_EXCEEDED
   * when the kernel does not end it.
   */
  async remove(id: string, signal: AbortSignal): Promise<void> {
    if (await this.#delete(id, signal)) return;
    await this.kill(id, killSignal, signal);
    const { wait } = wire.TasksService;
    const call = { signal, deadlineMs: killDeadlineMs };
    await unless(isNotFound, this.#containerd.call(wait, { containerId: id }, call));
    if (await this.#delete(id, signal)) return;
    throw new ClusterError('RUNTIME_ERROR', `container ${id} does not end`);
  }

  /** False when it still runs. */
  async #delete(id: string, signal: AbortSignal): Promise<boolean> {
    const remove = () =>
      this.#containerd.call(wire.TasksService.delete, { containerId: id }, { signal });
    try {
      // Once told that the shim is gone, containerd has cleared away after it: the next call finds nothing.
      await remove().catch((error: unknown) => {
        if (!/ttrpc: closed/.test(messageOf(error))) throw error;
        return remove();
      });
      return true;
    } catch (error) {
      if (isNotFound(error)) return true;
      const isRunning = statusOf(error) === GrpcStatus.FAILED_PRECONDITION;
      if (isRunning || /cannot delete a running process/.test(messageOf(error))) return false;
      throw error;
    }
  }
}

function startError(id: string, error: unknown): unknown {
  const isOurs = error instanceof ClusterError;
  if (isOurs && ['RUNTIME_UNAVAILABLE', 'CANCELLED'].includes(error.code)) return error;
  return new ClusterError(
    'RUNTIME_ERROR',
    `starting container failed: ${shortReason(messageOf(error))}`,
    { cause: error, details: { container: id } },
  );
}
