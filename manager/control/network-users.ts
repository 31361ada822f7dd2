/** Who is on a network: what its inspection shows, and what keeps it from being removed. */
import { ClusterError } from '#lib';
import { NetworkEndpoint, TaskState } from '#proto';
import type { Network } from '#proto';
import { publishesThroughIngress } from '../allocator/needs.ts';
import type { ReadTransaction } from '../store/types.ts';

/** Most tasks that one answer shows. */
export const endpointsMax = 10_000;
const namedMax = 5;

/** The tasks with an address on the network, in the order of their ids. */
export function endpointsOf(tx: ReadTransaction, networkId: string): readonly NetworkEndpoint[] {
  const endpoints: NetworkEndpoint[] = [];
  for (const task of tx.byIndex('task', 'network', networkId)) {
    if (endpoints.length >= endpointsMax) break;
    endpoints.push(
      NetworkEndpoint.create({
        taskId: task.id,
        serviceId: task.serviceId,
        serviceName: task.serviceName,
        slot: task.slot,
        nodeId: task.nodeId,
        state: task.status?.state ?? TaskState.NEW,
        address: task.networks.find((one) => one.networkId === networkId),
      }),
    );
  }
  return endpoints;
}

export function serviceIdsOn(tx: ReadTransaction, networkId: string): readonly string[] {
  return [...tx.byIndex('service', 'network', networkId)].map(({ id }) => id);
}

/** FAILED_PRECONDITION naming the services, or the tasks that are not gone yet. */
export function requireUnused(tx: ReadTransaction, network: Network): void {
  const users: string[] = [];
  const note = (user: string): void => {
    if (!users.includes(user)) users.push(user);
  };
  for (const { spec } of tx.byIndex('service', 'network', network.id))
    note(`service ${spec?.name ?? ''}`);
  if (network.isIngress)
    for (const service of tx.list('service'))
      if (publishesThroughIngress(service)) note(`service ${service.spec?.name ?? ''}`);
  if (users.length === 0)
    for (const task of tx.byIndex('task', 'network', network.id)) {
      note(`task ${task.serviceName}${task.slot > 0 ? `.${task.slot}` : ''}`);
      if (users.length > namedMax) break;
    }
  if (users.length === 0) return;
  const shown = users.slice(0, namedMax).join(', ');
  const more = users.length > namedMax ? ` and ${users.length - namedMax} more` : '';
  const advice = network.isIngress
    ? 'stop publishing ports with mode ingress first'
    : "take them off it with 'tsctl service update --network-rm', or remove them first";
  throw new ClusterError(
    'FAILED_PRECONDITION',
    `network ${network.spec?.name ?? network.id} is in use by ${shown}${more}: ${advice}`,
    { details: { network: network.id } },
  );
}
