/** What agents are told of a network, computed from the store's objects. Pure. */
import {
  Endpoint,
  EndpointMode,
  HostAddresses,
  Network,
  NetworkHost,
  NetworkService,
} from '#proto';
import { NodeState, PublishMode, TaskState } from '#proto';
import type { Node, Service, Task } from '#proto';
import type { ReadTransaction } from '../store/types.ts';

/** The network without what it is told by other means, or is no business of agents. */
export function toldNetwork(network: Network): Network {
  return { ...network, meta: undefined, error: '', hosts: {} };
}

/** The task is on a node and has not finished: it takes part in its networks. */
export function takesPart(task: Task): boolean {
  const state = task.status?.state ?? TaskState.NEW;
  return task.nodeId !== '' && state >= TaskState.ASSIGNED && state < TaskState.COMPLETE;
}

/** The managers want the task to stop. */
export const isToStop = (task: Task): boolean => task.desiredState > TaskState.COMPLETE;

/** RUNNING, to go on running, and on a node that is not given up. */
function isServing(task: Task, node: Node | undefined): boolean {
  return (
    task.status?.state === TaskState.RUNNING &&
    task.desiredState >= TaskState.RUNNING &&
    !isToStop(task) &&
    node !== undefined &&
    node.status?.state !== NodeState.DOWN
  );
}

/** The task on the network; undefined when it takes no part in it. */
export function endpointOn(
  networkId: string,
  task: Task | undefined,
  tx: ReadTransaction,
): Endpoint | undefined {
  if (task === undefined || !takesPart(task)) return undefined;
  const node = tx.get('node', task.nodeId);
  // Replaced, on a node that nobody reaches: its frames would go there for as long as the node is kept.
  if (isToStop(task) && node?.status?.state === NodeState.DOWN) return undefined;
  const own = task.networks.find((one) => one.networkId === networkId);
  if (own === undefined) return undefined;
  return Endpoint.create({
    networkId,
    taskId: task.id,
    nodeId: task.nodeId,
    serviceId: task.serviceId,
    slot: task.slot,
    address: own.address,
    addressV6: hasIpv6(node) ? own.addressV6 : '',
    isServing: isServing(task, node),
  });
}

/** An address that may have come with a port: "host:port", "[v6]:port", bare v4 or v6. */
function withoutPort(address: string): string {
  const bracketed = /^\[(.*)\](?::\d+)?$/.exec(address);
  if (bracketed !== null) return bracketed[1] ?? '';
  return address.split(':').length === 2 ? (address.split(':')[0] ?? '') : address;
}

/** To a node without it nothing is sent by IPv6, nor to its tasks. */
export const hasIpv6 = (node: Node | undefined): boolean => node?.description?.isIpv6Off !== true;

/** Where VXLAN packets for the node's tasks go. */
export function dataPathAddress(node: Node | undefined): string {
  return node?.description?.dataPathAddress || withoutPort(node?.status?.address ?? '');
}

/** Whether it can be reached with the same keys, at the same ports. */
export function hasSameKeys(a: Node | undefined, b: Node | undefined): boolean {
  const told = (node: Node | undefined) => node?.description?.tunnelKeys ?? [];
  const other = told(b);
  return (
    told(a).length === other.length &&
    told(a).every(
      ({ publicKey, port }, i) =>
        port === other[i]?.port && Buffer.compare(publicKey, other[i].publicKey) === 0,
    )
  );
}

/** The UDP port of VXLAN that the cluster was founded with; 0 = the usual one. */
export function dataPathPort(tx: ReadTransaction): number {
  for (const { spec } of tx.list('cluster')) return spec?.networks?.dataPathPort ?? 0;
  return 0;
}

/** The node on the network; undefined when it is gone or has no address there. */
export function hostOn(
  network: Network | undefined,
  networkId: string,
  node: Node | undefined,
  port: number,
): NetworkHost | undefined {
  const addresses = node === undefined ? undefined : network?.hosts[node.id];
  if (node === undefined || addresses === undefined) return undefined;
  return NetworkHost.create({
    networkId,
    nodeId: node.id,
    dataPathAddress: dataPathAddress(node),
    dataPathPort: port,
    addresses: HostAddresses.create(hasIpv6(node) ? addresses : { ...addresses, addressV6: '' }),
    tunnelKeys: network?.spec?.isEncrypted === true ? (node.description?.tunnelKeys ?? []) : [],
  });
}

/** The ports that a service publishes on every node. */
const ingressPorts = (service: Service) =>
  (service.endpoint?.ports ?? []).filter(({ mode }) => mode === PublishMode.INGRESS);

/** The networks that the service asks for by itself, its tasks aside. */
export function networksOf(service: Service, ingressId: string | undefined): readonly string[] {
  const ids = (service.spec?.task?.networks ?? []).map(({ network }) => network);
  const isPublished = ingressId !== undefined && ingressPorts(service).length > 0;
  return isPublished ? [...ids, ingressId] : ids;
}

/** The names, as far as they are known, of those who may reach the service: ids. */
function allowedIds(service: Service, tx: ReadTransaction): readonly string[] {
  const ids = (service.spec?.allowFrom ?? []).map(
    (ref) => (tx.get('service', ref) ?? tx.serviceByName(ref))?.id,
  );
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** The service as those on the network see it. */
export function serviceOn(
  networkId: string,
  service: Service,
  tx: ReadTransaction,
): NetworkService {
  const attachment = service.spec?.task?.networks.find(({ network }) => network === networkId);
  const own = service.endpoint?.virtualAddresses.find((one) => one.networkId === networkId);
  const isIngress = tx.get('network', networkId)?.isIngress === true;
  return NetworkService.create({
    networkId,
    serviceId: service.id,
    name: service.spec?.name ?? '',
    mode: service.spec?.endpoint?.mode ?? EndpointMode.VIP,
    address: own?.address ?? '',
    addressV6: own?.addressV6 ?? '',
    aliases: attachment?.aliases ?? [],
    ports: isIngress ? ingressPorts(service) : [],
    sessionAffinitySeconds: service.spec?.endpoint?.sessionAffinitySeconds ?? 0,
    allowFromIds: allowedIds(service, tx),
  });
}
