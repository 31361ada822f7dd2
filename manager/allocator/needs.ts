/** What of services and tasks needs the allocator. */
import { EndpointMode, PublishMode } from '#proto';
import type { NetworkAttachmentConfig, Service, Task, TaskSpec } from '#proto';

/** Networks that every node has of its own: nothing is given on them. */
const nodeNetworks: ReadonlySet<string> = new Set(['host', 'none', 'bridge']);

/** Whether it names the node's own "host", "none" or "bridge" rather than a network of the cluster. */
export function isNodeNetwork(name: string): boolean {
  return nodeNetworks.has(name);
}

/** How the tasks take part in networks of the cluster. */
export function attachmentsOf(spec: TaskSpec | undefined): readonly NetworkAttachmentConfig[] {
  const networks = spec?.networks ?? [];
  return networks.length === 0 ? networks : networks.filter((one) => !isNodeNetwork(one.network));
}

/** Whether its tasks stand on the ingress network. */
export function publishesThroughIngress(service: Service | undefined): boolean {
  const ports = service?.spec?.endpoint?.ports ?? [];
  return ports.some(({ mode }) => mode === PublishMode.INGRESS);
}

/** Whether its tasks need addresses before they can be placed. */
export function needsAddresses(service: Service): boolean {
  return attachmentsOf(service.spec?.task).length > 0 || publishesThroughIngress(service);
}

/** Whether the service has an address of its own on its networks. */
export function hasVirtualAddresses(service: Service): boolean {
  return (service.spec?.endpoint?.mode ?? EndpointMode.VIP) === EndpointMode.VIP;
}

/** Whether the task was given an address on the ingress network. */
export function isOnIngress(task: Task): boolean {
  return task.networks.length > attachmentsOf(task.spec).length;
}
