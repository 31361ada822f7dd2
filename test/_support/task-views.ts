/** Views of a task as the agent's planner decides from, and its steps in words. */
import { TaskState, TaskStateNames, TaskStatus } from '#proto';
import type { Task } from '#proto';
import type { ContainerState } from '#agent';
import type { Step } from '#agent/task/step';
import type { TaskView } from '#agent/task/task-view';
import { assigned } from './agent-world.ts';

export const image = {
  digest: 'sha256:1',
  entrypoint: [],
  command: ['sh'],
  env: [],
  workingDirectory: '',
  user: '',
  stopSignal: 'SIGQUIT',
  volumes: [],
};
const network = {
  taskId: 't',
  namespacePath: '/run/netns/t',
  address: '10.0.0.2',
  links: [],
  ports: [],
};
const files = { hostsPath: '/h', hostnamePath: '/n', resolverPath: '/r' };

export function container(
  phase: ContainerState['phase'],
  containerName = 'main',
  exitCode?: number,
): ContainerState {
  return {
    id: `t.${containerName}`,
    taskId: 't',
    containerName,
    labels: {},
    phase,
    pid: phase === 'running' ? 42 : 0,
    exitCode,
    exitedAtMs: 0,
  };
}

export interface Known {
  readonly state?: TaskState;
  readonly desired?: TaskState;
  readonly isBare?: boolean;
  readonly containers?: readonly ContainerState[];
  readonly task?: Partial<Task>;
  readonly view?: Partial<TaskView>;
}

/** Everything but containers is prepared unless `isBare`. */
export function viewOf(known: Known): TaskView {
  const desiredState = known.desired ?? TaskState.RUNNING;
  const states = known.containers ?? [];
  return {
    task: assigned('t', { desiredState, ...known.task }),
    isDropped: false,
    status: TaskStatus.create({ state: known.state ?? TaskState.ASSIGNED }),
    isStatusSaved: true,
    images: new Map(known.isBare === true ? [] : [['web:1', image]]),
    held: undefined,
    files: known.isBare === true ? undefined : files,
    volumes: new Map(),
    network: known.isBare === true ? undefined : network,
    containers: new Map(states.map((state) => [state.containerName, state])),
    signalledAtMs: new Map(),
    killedAtMs: new Map(),
    targets: [],
    mayBeLedTo: false,
    portLook: undefined,
    isCleaned: false,
    ...known.view,
  };
}

/** `create main`, `status RUNNING`, `signal main SIGTERM`, `wait 500`. */
export function told(step: Step): string {
  switch (step.kind) {
    case 'status': {
      const name = TaskStateNames[step.status.state] ?? '';
      return `status ${name}${step.status.error === '' ? '' : `: ${step.status.error}`}`;
    }
    case 'image':
    case 'create':
    case 'start':
      return `${step.kind} ${step.container.name}`;
    case 'signal':
      return step.signals.map((one) => `signal ${one.containerName} ${one.signal}`).join(', ');
    case 'remove':
      return `remove ${step.containerName}`;
    case 'look':
      return `look ${step.reason}`;
    case 'wait':
      return `wait ${step.untilMs}`;
    default:
      return step.kind;
  }
}
