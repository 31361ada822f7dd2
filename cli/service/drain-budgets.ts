/** What disruption budgets mean for a drain, in words. */
import { hasCode } from '#lib';
import { ControlService, TaskState } from '#proto';
import type { Service, Task } from '#proto';
import type { Cli } from '../cli.ts';
import type { Connection } from '../connection.ts';
import { listTasks } from './lookup.ts';

export const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

/** Whether it may still run on its node. */
export const isLeft = (task: Task): boolean =>
  stateOf(task) >= TaskState.ASSIGNED && stateOf(task) < TaskState.COMPLETE;

export const isWanted = (task: Task): boolean => task.desiredState <= TaskState.COMPLETE;

/** Whether no task of the service may ever be missing. */
export function allowsNone(service: Service | undefined): boolean {
  const max = service?.spec?.disruption?.maxUnavailable;
  return max !== undefined && (max.kind === 'count' ? max.count : max.percent) === 0;
}

/** As the flag has it; empty without a budget. */
export function budgetText(service: Service | undefined): string {
  const max = service?.spec?.disruption?.maxUnavailable;
  if (max === undefined) return '';
  return `--max-unavailable ${max.kind === 'count' ? max.count : `${max.percent}%`}`;
}

/** What to do about a budget of 0. */
export function wayOut(service: Service, nodeRef: string): string {
  const name = service.spec?.name ?? service.id;
  return (
    `raise it ('tsctl service update --max-unavailable 1 ${name}')` +
    ` or do without ('tsctl node drain --ignore-budgets ${nodeRef}')`
  );
}

/** The service; undefined where it is gone. */
export async function serviceOf(
  connection: Connection,
  serviceId: string,
): Promise<Service | undefined> {
  try {
    return (await connection.call(ControlService.getService, { ref: serviceId })).service;
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** Says at once which services never leave these nodes, rather than at a time-out. */
export async function warnOfBudgets(
  cli: Cli,
  connection: Connection,
  refs: readonly string[],
): Promise<void> {
  for (const nodeRef of refs) {
    const tasks = (await listTasks(connection, { nodeRef })).filter(
      (task) => isLeft(task) && isWanted(task),
    );
    for (const [serviceId, own] of Map.groupBy(tasks, (task) => task.serviceId)) {
      const service = await serviceOf(connection, serviceId);
      if (service === undefined || !allowsNone(service)) continue;
      const name = service.spec?.name ?? serviceId;
      const stay = own.length === 1 ? 'its task stays' : `its ${own.length} tasks stay`;
      cli.terminal.err(
        `tsctl: warning: ${name} may have no task missing (${budgetText(service)}): ${stay} on ${nodeRef};` +
          ` ${wayOut(service, nodeRef)}\n`,
      );
    }
  }
}
