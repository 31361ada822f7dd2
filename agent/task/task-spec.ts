/** Reading a task's spec: names, order and defaults of its containers. */
import type { ContainerSpec, Task } from '#proto';
import { TaskState } from '#proto';

export interface TaskContainer {
  /** Unique in the task. */
  readonly name: string;
  /** Runs to its end before the main containers start. */
  readonly isInit: boolean;
  readonly spec: ContainerSpec;
}

export function containerName(spec: ContainerSpec): string {
  return spec.name === '' ? 'main' : spec.name;
}

/** `<task id>.<container name>`: the same on every try, so that a step done twice does no harm. */
export function containerId(taskId: string, name: string): string {
  return `${taskId}.${name}`;
}

/** Init containers first, in the order in which they start. */
export function containersOf(task: Task): readonly TaskContainer[] {
  const init = (task.spec?.initContainers ?? []).map((spec) => ({
    name: containerName(spec),
    isInit: true,
    spec,
  }));
  const main = (task.spec?.containers ?? []).map((spec) => ({
    name: containerName(spec),
    isInit: false,
    spec,
  }));
  return [...init, ...main];
}

/** What the managers want of a task, as far as an agent has to tell it apart. */
export type Wish = 'prepare' | 'run' | 'stop';

export function wishOf(task: Task): Wish {
  if (task.desiredState > TaskState.COMPLETE) return 'stop';
  return task.desiredState > TaskState.READY ? 'run' : 'prepare';
}

export function isFinal(state: TaskState): boolean {
  return state >= TaskState.COMPLETE;
}
