/** Keys under which services and tasks are found by what they have of networks. */
import { TaskState } from '#proto';
import type { PortConfig, Protocol, Service, Task } from '#proto';

const none: readonly string[] = [];

/** How an address of a network is looked up. */
export function addressKey(networkId: string, address: string): string {
  return `${networkId}/${address}`;
}

/** How a published port is looked up. */
export function portKey(protocol: Protocol, port: number): string {
  return `${protocol}/${port}`;
}

function isFinished(task: Task): boolean {
  return (task.status?.state ?? TaskState.NEW) >= TaskState.COMPLETE;
}

/** The networks on which the task has an address; none once it is finished. */
export function networksOfTask(task: Task): readonly string[] {
  if (task.networks.length === 0 || isFinished(task)) return none;
  return task.networks.map(({ networkId }) => networkId);
}

/** `addressKey` of every address that is the task's; none once it is finished. */
export function addressesOfTask(task: Task): readonly string[] {
  if (task.networks.length === 0 || isFinished(task)) return none;
  return task.networks.flatMap(({ networkId, address, addressV6 }) =>
    bothKeys(networkId, address, addressV6),
  );
}

/** The networks that the service's tasks are to be on, and those on which it has an address. */
export function networksOfService(service: Service): readonly string[] {
  const asked = service.spec?.task?.networks ?? [];
  const given = service.endpoint?.virtualAddresses ?? [];
  if (asked.length + given.length === 0) return none;
  const ids = [...asked.map(({ network }) => network), ...given.map(({ networkId }) => networkId)];
  return [...new Set(ids)];
}

/** `addressKey` of its virtual addresses, and of the fixed ones that it keeps for its tasks. */
export function addressesOfService(service: Service): readonly string[] {
  const asked = service.spec?.task?.networks ?? [];
  const given = service.endpoint?.virtualAddresses ?? [];
  if (asked.length + given.length === 0) return none;
  return [
    ...asked.flatMap(({ network, addresses }) =>
      addresses.map((address) => addressKey(network, address)),
    ),
    ...given.flatMap(({ networkId, address, addressV6 }) =>
      bothKeys(networkId, address, addressV6),
    ),
  ];
}

/** `portKey` of every port that it publishes, as asked for and as chosen for it. */
export function publishedPortsOfService(service: Service): readonly string[] {
  const ports = publishedPortsOf(service);
  if (ports.length === 0) return none;
  return [...new Set(ports.map((port) => portKey(port.protocol, port.publishedPort)))];
}

/** Every port that a service publishes, as asked for and as given; those yet to be chosen left out. */
export function publishedPortsOf(service: Service): readonly PortConfig[] {
  const asked = service.spec?.endpoint?.ports ?? [];
  const given = service.endpoint?.ports ?? [];
  return [...asked, ...given].filter(({ publishedPort }) => publishedPort !== 0);
}

function bothKeys(networkId: string, address: string, addressV6: string): readonly string[] {
  const key = addressKey(networkId, address);
  return addressV6 === '' ? [key] : [key, addressKey(networkId, addressV6)];
}
