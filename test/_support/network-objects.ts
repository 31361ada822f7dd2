/** Small networks, and tasks and services on them. */
import { Network, NetworkAddress, NetworkAttachmentConfig, NetworkSpec } from '#proto';
import { ServiceSpec, TaskSpec, TaskState, TaskStatus } from '#proto';
import type { Service, Task } from '#proto';
import { aService, aTask } from './objects.ts';

export const aNetwork = (id: string, init: Partial<Network> = {}): Network =>
  Network.create({ id, spec: NetworkSpec.create({ name: id }), ...init });

/** A task on the networks; its address there is made of its id. */
export function onNetworks(
  id: string,
  networkIds: readonly string[],
  init: Partial<Task> = {},
): Task {
  const networks = networkIds.map((networkId) =>
    NetworkAddress.create({ networkId, address: `10.${networkId}.${id}` }),
  );
  return aTask({
    id,
    nodeId: 'n1',
    serviceId: 's1',
    desiredState: TaskState.RUNNING,
    status: TaskStatus.create({ state: TaskState.RUNNING }),
    networks,
    ...init,
  });
}

export function serviceOn(
  id: string,
  networkIds: readonly string[],
  init: Partial<Service> = {},
): Service {
  const plain = aService(id, `name-${id}`);
  const networks = networkIds.map((network) => NetworkAttachmentConfig.create({ network }));
  const spec = ServiceSpec.create({ ...plain.spec, task: TaskSpec.create({ networks }) });
  return { ...plain, spec, ...init };
}
