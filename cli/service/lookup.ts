/** Reads that many commands need. */
import { ControlService } from '#proto';
import type { ListTasksRequest, Network, Node, Service, ServiceCounts, Task } from '#proto';
import type { CallLimits, Connection } from '../connection.ts';

/** Asks for one page after the other; `ask` answers where the next one begins, '' after the last. */
async function everyPage(ask: (afterId: string) => Promise<string>): Promise<void> {
  let afterId = '';
  do {
    afterId = await ask(afterId);
  } while (afterId !== '');
}

/** Every task that matches, however many pages it takes. */
export async function listTasks(
  connection: Connection,
  request: Partial<ListTasksRequest>,
): Promise<Task[]> {
  const tasks: Task[] = [];
  await everyPage(async (afterId) => {
    const page = await connection.call(ControlService.listTasks, { ...request, afterId });
    tasks.push(...page.tasks);
    return page.nextAfterId;
  });
  return tasks;
}

export async function listNodes(
  connection: Connection,
  limits: CallLimits = {},
): Promise<readonly Node[]> {
  const nodes: Node[] = [];
  await everyPage(async (afterId) => {
    const page = await connection.call(ControlService.listNodes, { afterId }, limits);
    nodes.push(...page.nodes);
    return page.nextAfterId;
  });
  return nodes;
}

export async function listNetworks(connection: Connection): Promise<readonly Network[]> {
  const networks: Network[] = [];
  await everyPage(async (afterId) => {
    const page = await connection.call(ControlService.listNetworks, { afterId });
    networks.push(...page.networks);
    return page.nextAfterId;
  });
  return networks;
}

/** The names of networks and services by their ids. */
export async function namesById(connection: Connection): Promise<ReadonlyMap<string, string>> {
  const [networks, { services }] = await Promise.all([
    listNetworks(connection),
    listServices(connection),
  ]);
  return new Map([...networks, ...services].map(({ id, spec }) => [id, spec?.name ?? id]));
}

export interface ListedServices {
  readonly services: readonly Service[];
  /** By the service's id. */
  readonly counts: ReadonlyMap<string, ServiceCounts>;
}

export async function listServices(connection: Connection): Promise<ListedServices> {
  const services: Service[] = [];
  const counts = new Map<string, ServiceCounts>();
  await everyPage(async (afterId) => {
    const page = await connection.call(ControlService.listServices, { afterId });
    services.push(...page.services);
    for (const one of page.counts) counts.set(one.serviceId, one);
    return page.nextAfterId;
  });
  return { services, counts };
}
