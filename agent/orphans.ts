import { ContainerSpec, Task, TaskSpec, TaskState, TaskStatus } from '#proto';
import type { ContainerState } from './runtime/port.ts';

/** A stand-in for a task that nobody remembers: enough to stop and remove what it left. */
export function orphanTask(id: string, containers: readonly ContainerState[]): Task {
  return Task.create({
    id,
    desiredState: TaskState.REMOVE,
    status: TaskStatus.create({ state: TaskState.ORPHANED }),
    spec: TaskSpec.create({
      containers: containers.map(({ containerName }) =>
        ContainerSpec.create({ name: containerName }),
      ),
    }),
  });
}
