import { newId } from '#lib';
import { Task, TaskState, TaskStatus } from '#proto';
import type { Service } from '#proto';
import { needsAddresses } from '../allocator/needs.ts';
import type { World } from './plan.ts';
import { hostPortsOf } from './service-config.ts';
import type { Slot } from './slot.ts';

export interface NewTaskOptions {
  /** RUNNING, or READY for one that has to wait. */
  readonly desiredState: TaskState;
  readonly runNotBeforeMs: number;
  readonly restartCount: number;
}

/** At once, and for the first time. */
export const runNow: NewTaskOptions = {
  desiredState: TaskState.RUNNING,
  runNotBeforeMs: 0,
  restartCount: 0,
};

/** A task of the service's present spec for this slot: PENDING, or NEW when it needs addresses first. */
export function newTask(
  world: World,
  service: Service,
  slot: Pick<Slot, 'number' | 'nodeId'>,
  options: NewTaskOptions,
): Task {
  const isReady = !needsAddresses(service);
  return Task.create({
    id: newId(world.random),
    serviceId: service.id,
    serviceName: service.spec?.name ?? '',
    slot: slot.number,
    nodeId: slot.nodeId,
    spec: service.spec?.task,
    specVersion: service.specVersion,
    desiredState: options.desiredState,
    status: TaskStatus.create({
      state: isReady ? TaskState.PENDING : TaskState.NEW,
      changedAtMs: world.nowMs,
      message: isReady ? 'waiting for a node' : 'waiting for addresses',
    }),
    labels: service.spec?.labels ?? {},
    ports: hostPortsOf(service),
    runNotBeforeMs: options.runNotBeforeMs,
    restartCount: options.restartCount,
  });
}
