import type { HostFiles, TaskFiles, TaskFilesRequest } from '../host-files.ts';

/** The files of a simulated host: paths only. */
export class SimulatedFiles implements HostFiles {
  readonly #tasks = new Set<string>();
  readonly volumes = new Set<string>();
  /** Paths that bind mounts may use. */
  readonly present = new Set<string>();

  prepareTask({ taskId }: TaskFilesRequest): Promise<TaskFiles> {
    this.#tasks.add(taskId);
    const directory = `/tasks/${taskId}`;
    return Promise.resolve({
      hostsPath: `${directory}/hosts`,
      hostnamePath: `${directory}/hostname`,
      resolverPath: `${directory}/resolv.conf`,
    });
  }

  volume(name: string): Promise<string> {
    this.volumes.add(name);
    return Promise.resolve(`/volumes/${name}/_data`);
  }

  listVolumes(): Promise<readonly string[]> {
    return Promise.resolve([...this.volumes].toSorted());
  }

  anonymousVolume(taskId: string, key: string): Promise<string> {
    this.#tasks.add(taskId);
    return Promise.resolve(`/tasks/${taskId}/volumes/${key.replaceAll('/', '_')}`);
  }

  exists(path: string): Promise<boolean> {
    return Promise.resolve(this.present.has(path));
  }

  removeTask(taskId: string): Promise<void> {
    this.#tasks.delete(taskId);
    return Promise.resolve();
  }

  listTasks(): Promise<readonly string[]> {
    return Promise.resolve([...this.#tasks].toSorted());
  }
}
