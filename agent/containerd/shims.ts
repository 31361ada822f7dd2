/** Which shims serve one container alone that has ended: they may be asked to end. Pure. */
import { parseContainerId } from './states.ts';

interface Known {
  /** Undefined until it was started, and of containers of an earlier life of the agent. */
  shimPid: number | undefined;
  /** Undefined while it runs. */
  exitedAtMs: number | undefined;
}

/** Containers whose shim was asked to end; the oldest are forgotten. */
const askedMax = 256;

export class Shims {
  /** By task, then container: the containers of a task share a shim. */
  readonly #tasks = new Map<string, Map<string, Known>>();
  /** By container: when it had ended. */
  readonly #asked = new Map<string, number>();

  /** The container is there, or about to be. */
  made(id: string): void {
    const task = this.#taskOf(id);
    if (task.has(id)) return;
    task.set(id, { shimPid: undefined, exitedAtMs: undefined });
    this.#tasks.set(parseContainerId(id).taskId, task);
    this.#asked.delete(id);
  }

  started(id: string, shimPid: number | undefined): void {
    this.made(id);
    this.#taskOf(id).set(id, { shimPid, exitedAtMs: undefined });
  }

  ended(id: string, exitedAtMs: number): void {
    const known = this.#taskOf(id).get(id);
    if (known !== undefined) known.exitedAtMs = exitedAtMs;
  }

  gone(id: string): void {
    const task = this.#taskOf(id);
    task.delete(id);
    if (task.size === 0) this.#tasks.delete(parseContainerId(id).taskId);
  }

  /**
   * The pid of the shim, which is about to be asked to end; undefined while it has something else to do, or when it is
   * not known.
   */
  takeIdle(id: string): number | undefined {
    const task = this.#taskOf(id);
    const { shimPid, exitedAtMs } = task.get(id) ?? {};
    if (task.size !== 1 || shimPid === undefined || exitedAtMs === undefined) return undefined;
    this.#asked.set(id, exitedAtMs);
    const [oldest = ''] = this.#asked.keys();
    if (this.#asked.size > askedMax) this.#asked.delete(oldest);
    return shimPid;
  }

  /** containerd tells of a container whose shim it lost that it was killed, also when it had ended before. */
  isEcho(id: string, exitedAtMs: number): boolean {
    const toldMs = this.#asked.get(id);
    return toldMs !== undefined && toldMs !== exitedAtMs;
  }

  #taskOf(id: string): Map<string, Known> {
    return this.#tasks.get(parseContainerId(id).taskId) ?? new Map<string, Known>();
  }
}
