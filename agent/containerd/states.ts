/** What containerd says of a container, in our words; pure. */
import { ClusterError } from '#lib';
import type { ContainerState } from '../runtime/port.ts';
import { ProcessStatus } from '#proto/containerd';
import type { Container, Process, TaskExit, Timestamp } from '#proto/containerd';

/** 0 for no time, and for Go's zero time. */
export function toMs(time: Timestamp | undefined): number {
  if (time === undefined || time.seconds <= 0) return 0;
  return time.seconds * 1_000 + Math.floor(time.nanos / 1e6);
}

/** `<task id>.<container name>`; INVALID_ARGUMENT for another form or characters containerd refuses. */
export function parseContainerId(id: string): {
  readonly taskId: string;
  readonly containerName: string;
} {
  const dot = id.indexOf('.');
  if (dot < 1 || !/^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/.test(id) || id.length > 76)
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `'${id}' is not a container id: it is TASK.NAME, at most 76 letters, digits, '.', '_', '-'`,
    );
  return { taskId: id.slice(0, dot), containerName: id.slice(dot + 1) };
}

/** Without a process the container was never started, or it is lost (`wasStarted`). */
export function stateOf(
  container: Pick<Container, 'id' | 'labels'>,
  process: Process | undefined,
  wasStarted: boolean,
): ContainerState {
  const base = { id: container.id, ...parseContainerId(container.id), labels: container.labels };
  const status = process?.status;
  if (process === undefined && wasStarted)
    return { ...base, phase: 'lost', pid: 0, exitCode: undefined, exitedAtMs: 0 };
  if (process === undefined || status === ProcessStatus.CREATED)
    return { ...base, phase: 'created', pid: 0, exitCode: undefined, exitedAtMs: 0 };
  if (status === ProcessStatus.STOPPED)
    return {
      ...base,
      phase: 'exited',
      pid: 0,
      exitCode: process.exitStatus,
      exitedAtMs: toMs(process.exitedAt),
    };
  // UNKNOWN is a shim that did not answer in time: nothing says that the container ended.
  return { ...base, phase: 'running', pid: process.pid, exitCode: undefined, exitedAtMs: 0 };
}

export function exitedState(
  exit: TaskExit,
  labels: Readonly<Record<string, string>>,
): ContainerState {
  return {
    id: exit.containerId,
    ...parseContainerId(exit.containerId),
    labels,
    phase: 'exited',
    pid: 0,
    exitCode: exit.exitStatus,
    exitedAtMs: toMs(exit.exitedAt),
  };
}

/** runc's own words out of the wrapping that every layer above it adds. */
export function shortReason(message: string): string {
  return message
    .replace(/^.*OCI runtime (?:create|start) failed: /s, '')
    .replace(/^runc (?:create|start) failed: /, '')
    .replace(/^unable to start container process: /, '')
    .replace(/: unknown$/, '')
    .replaceAll(/\s*\n\s*/g, ' ');
}
