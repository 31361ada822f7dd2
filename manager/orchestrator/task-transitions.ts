/**
 * The life of a task as one table: who may move it from where to where. The store asserts it on every update,
 * the simulator checks it, docs/task-states.md prints it.
 */
import { assert } from '#lib';
import { TaskState, TaskStateNames } from '#proto';
import type { Task } from '#proto';

/** Who moves a task. The control API acts as the reaper when a node is removed. */
type TaskOwner = 'orchestrator' | 'allocator' | 'scheduler' | 'agent' | 'reaper';

export interface TaskTransition {
  readonly from: TaskState;
  readonly owner: TaskOwner;
  readonly to: readonly TaskState[];
}

const {
  NEW,
  PENDING,
  ASSIGNED,
  ACCEPTED,
  PREPARING,
  READY,
  STARTING,
  RUNNING,
  COMPLETE,
  SHUTDOWN,
  FAILED,
  REJECTED,
  REMOVE,
  ORPHANED,
} = TaskState;

const ends = [COMPLETE, SHUTDOWN, FAILED];
/** Every state with what may follow it; an agent may report several steps at once. */
export const taskTransitions: readonly TaskTransition[] = [
  { from: NEW, owner: 'allocator', to: [PENDING] },
  { from: NEW, owner: 'scheduler', to: [SHUTDOWN] },
  { from: PENDING, owner: 'scheduler', to: [ASSIGNED, SHUTDOWN] },
  {
    from: ASSIGNED,
    owner: 'agent',
    to: [ACCEPTED, PREPARING, READY, STARTING, RUNNING, ...ends, REJECTED],
  },
  {
    from: ACCEPTED,
    owner: 'agent',
    to: [PREPARING, READY, STARTING, RUNNING, ...ends, REJECTED],
  },
  { from: PREPARING, owner: 'agent', to: [READY, STARTING, RUNNING, ...ends, REJECTED] },
  { from: READY, owner: 'agent', to: [STARTING, RUNNING, ...ends, REJECTED] },
  { from: STARTING, owner: 'agent', to: [RUNNING, ...ends] },
  { from: RUNNING, owner: 'agent', to: ends },
  ...[ASSIGNED, ACCEPTED, PREPARING, READY, STARTING, RUNNING].map(
    (from): TaskTransition => ({ from, owner: 'reaper', to: [ORPHANED] }),
  ),
];

/** What the cluster may want of a task. It only goes up. */
const desiredStates: readonly TaskState[] = [READY, RUNNING, COMPLETE, SHUTDOWN, REMOVE];

const allowed = new Map<TaskState, ReadonlySet<TaskState>>(
  Object.values(TaskState).map((state) => [
    state,
    new Set(taskTransitions.flatMap(({ from, to }) => (from === state ? to : []))),
  ]),
);

/** Whether the observed state may go from one to the other; staying is always allowed. */
export function mayFollow(from: TaskState, to: TaskState): boolean {
  return from === to || allowed.get(from)?.has(to) === true;
}

/** Asserts that `next` may replace `old` in the store: its states, and what of a task never changes. */
export function assertTransition(old: Task, next: Task): void {
  const from = old.status?.state ?? NEW;
  const to = next.status?.state ?? NEW;
  const name = (state: TaskState): string => TaskStateNames[state] ?? String(state);
  const what = `task ${old.id}`;
  assert(mayFollow(from, to), `${what} cannot go from ${name(from)} to ${name(to)}`);
  assert(
    next.desiredState >= old.desiredState,
    `${what}: desired state cannot go from ${name(old.desiredState)} to ${name(next.desiredState)}`,
  );
  assert(desiredStates.includes(next.desiredState), `${what}: ${name(next.desiredState)} desired`);
  assert(next.serviceId === old.serviceId, `${what} cannot change its service`);
  assert(next.slot === old.slot, `${what} cannot change its slot`);
  assert(old.nodeId === '' || next.nodeId === old.nodeId, `${what} cannot change its node`);
  assert(to < ASSIGNED || to === SHUTDOWN || next.nodeId !== '', `${what} is ${name(to)} nowhere`);
}
