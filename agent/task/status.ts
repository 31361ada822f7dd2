/** Making task statuses; pure. */
import type { ContainerStatus, TaskState, TaskStatus } from '#proto';
import { ContainerStatus as ContainerStatusMessage, TaskStatus as TaskStatusMessage } from '#proto';
import { containerId, containersOf } from './task-spec.ts';
import type { TaskContainer } from './task-spec.ts';
import type { TaskView } from './task-view.ts';

/** Longest error text kept, characters. */
const errorLengthMax = 1000;

/** The view's status moved to `state`; `changedAtMs` is filled in by whoever applies it. */
export function withState(
  view: TaskView,
  state: TaskState,
  message: string,
  error = '',
): TaskStatus {
  return TaskStatusMessage.create({
    state,
    changedAtMs: view.status.changedAtMs,
    message,
    error: error.replaceAll(/\s+/g, ' ').trim().slice(0, errorLengthMax),
    containers: containerStatuses(view),
    address: view.network?.address ?? view.status.address,
    ports: view.network?.ports ?? view.status.ports,
    runningAtMs: view.status.runningAtMs,
  });
}

/** What the runtime has; of a container that is gone, what was known last. */
function containerStatuses(view: TaskView): readonly ContainerStatus[] {
  return containersOf(view.task).flatMap(({ name }) => {
    const state = view.containers.get(name);
    const known = view.status.containers.find((status) => status.name === name);
    if (state === undefined) return known === undefined ? [] : [{ ...known, pid: 0 }];
    return [
      ContainerStatusMessage.create({
        name,
        containerId: containerId(view.task.id, name),
        pid: state.pid,
        ...(state.exitCode === undefined ? {} : { exitCode: state.exitCode }),
      }),
    ];
  });
}

/** Why a task failed whose container ended with something else than 0. */
export function exitText(view: TaskView, container: TaskContainer): string {
  const code = view.containers.get(container.name)?.exitCode ?? -1;
  const who = container.isInit
    ? `init container ${container.name}: `
    : containersOf(view.task).length > 1
      ? `container ${container.name}: `
      : '';
  return `${who}non-zero exit (${code})`;
}
