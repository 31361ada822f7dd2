import { TaskState, UpdateOrder } from '#proto';
import type { Service } from '#proto';
import { newTask, runNow } from './new-task.ts';
import { stepOf } from './plan.ts';
import type { Change, Step, World } from './plan.ts';
import { desire, isInTheWay } from './plan-slot.ts';
import { membersOf } from './slot.ts';
import type { Slot } from './slot.ts';
import { isWanted } from './task-state.ts';

export interface Replacement {
  readonly order: UpdateOrder;
  /** Why, for people; on the tasks that are stopped. */
  readonly message: string;
  /** Of the new task. */
  readonly restartCount: number;
  /** Set where the slot moves to another node. */
  readonly movedFromNodeId?: string;
}

/** A new task for the slot; with stop-first what is there is stopped before, with start-first once it runs. */
export function replaceSlot(
  world: World,
  service: Service,
  slot: Slot,
  { order, message, restartCount, movedFromNodeId = '' }: Replacement,
): Step {
  const members = membersOf(slot);
  const isStartFirst = order === UpdateOrder.START_FIRST;
  const changes: Change[] = isStartFirst
    ? []
    : members.filter(isWanted).map((task) => desire(task, TaskState.SHUTDOWN, message));
  const mustWait = !isStartFirst && members.some((task) => isInTheWay(world, task));
  const desiredState = mustWait ? TaskState.READY : TaskState.RUNNING;
  const made = newTask(world, service, slot, { ...runNow, desiredState, restartCount });
  const task = movedFromNodeId === '' ? made : { ...made, movedFromNodeId };
  return stepOf(service, [...changes, { kind: 'create', task }]);
}
