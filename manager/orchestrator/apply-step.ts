/** Writes a planned step, looking again at what it was planned on. */
import type { ReadTransaction, WriteTransaction } from '../store/types.ts';
import type { Change, Step } from './plan.ts';
import { statusWith } from './task-state.ts';

function isStillMeant(tx: ReadTransaction, step: Step): boolean {
  if (step.specVersion === undefined) return true;
  const service = tx.get('service', step.serviceId);
  return service !== undefined && !service.isRemoving && service.specVersion === step.specVersion;
}

/** Writes all of the step, or nothing when the service has moved on since it was planned. */
export function applyStep(tx: WriteTransaction, step: Step): void {
  if (!isStillMeant(tx, step)) return;
  for (const change of step.changes) applyChange(tx, step.serviceId, change);
}

function applyChange(tx: WriteTransaction, serviceId: string, change: Change): void {
  if (change.kind === 'create') {
    tx.create('task', change.task);
    return;
  }
  if (change.kind === 'service') {
    const service = tx.get('service', serviceId);
    if (service !== undefined) tx.update('service', { ...service, ...change.set });
    return;
  }
  const task = tx.get('task', change.taskId);
  if (task === undefined || task.desiredState >= change.state) return;
  const status =
    change.message === '' ? task.status : statusWith(task, { message: change.message });
  tx.update('task', { ...task, desiredState: change.state, status });
}
