/** What a service may not be because of others: networks, addresses and ports that are somebody's already. */
import { ClusterError, parseCidr } from '#lib';
import { PublishMode } from '#proto';
import type { Network, PortConfig, ServiceSpec } from '#proto';
import { addressOf } from '#scheduler';
import { isNodeNetwork } from '../allocator/needs.ts';
import { addressKey, portKey, publishedPortsOf } from '../store/network-keys.ts';
import type { ReadTransaction } from '../store/types.ts';
import { invalid } from './invalid.ts';
import { findNetwork, findService } from './refs.ts';
import { subnetsOf } from './network-conflicts.ts';
import { isUsable } from './validate-network.ts';

const idPattern = /^[0-9a-z]{25}$/;

/**
 * The spec with networks and services that it names replaced by their ids. NOT_FOUND, AMBIGUOUS_NAME,
 * or INVALID_SPEC for what cannot be.
 */
export function resolveNetworks(tx: ReadTransaction, spec: ServiceSpec): ServiceSpec {
  const { task } = spec;
  const networks = (task?.networks ?? []).map((one) =>
    isNodeNetwork(one.network) ? one : { ...one, network: attachable(tx, one.network).id },
  );
  const ids = networks.map(({ network }) => network);
  const twice = networks.find(({ network }, at) => ids.indexOf(network) !== at);
  if (twice !== undefined)
    throw invalid(
      'spec.task.networks',
      `two --network name ${tx.get('network', twice.network)?.spec?.name ?? twice.network}`,
    );
  const allowFrom = spec.allowFrom.flatMap((ref) => {
    // Its own tasks always may. Who sends back what was read may have the id of a service that is gone.
    if (ref === spec.name || (idPattern.test(ref) && tx.get('service', ref) === undefined))
      return [];
    return findService(tx, ref).id;
  });
  return {
    ...spec,
    allowFrom: [...new Set(allowFrom)],
    task: task === undefined ? undefined : { ...task, networks },
  };
}

function attachable(tx: ReadTransaction, ref: string): Network {
  const network = findNetwork(tx, ref);
  if (network.isIngress)
    throw invalid(
      'spec.task.networks',
      'no service is put on the ingress network by --network: publish a port instead',
    );
  return network;
}

/** FAILED_PRECONDITION or INVALID_SPEC naming who has the address or the port. `id`: the service's own. */
export function requireNoClash(tx: ReadTransaction, id: string, spec: ServiceSpec): void {
  for (const { network, addresses } of spec.task?.networks ?? []) {
    const found = tx.get('network', network);
    if (found === undefined) continue;
    for (const address of addresses) requireAddressFree(tx, id, found, address);
  }
  for (const port of spec.endpoint?.ports ?? [])
    if (port.publishedPort !== 0) requirePortFree(tx, id, port);
}

function requireAddressFree(
  tx: ReadTransaction,
  serviceId: string,
  network: Network,
  address: string,
): void {
  const field = 'spec.task.networks';
  const name = network.spec?.name ?? network.id;
  const subnets = subnetsOf(network);
  const isInside = subnets.some((text) => {
    const cidr = parseCidr(text);
    return cidr !== undefined && isUsable(cidr, address);
  });
  if (!isInside && subnets.length > 0)
    throw invalid(
      field,
      `--network ip ${address} is not an address of a task in ${subnets.join(', ')} of network ${name}`,
    );
  const owner = ownerOf(tx, serviceId, network, address);
  if (owner === undefined) return;
  throw new ClusterError(
    'FAILED_PRECONDITION',
    `--network ip ${address} of network ${name} is that of ${owner}: choose another`,
    { details: { field } },
  );
}

/** Who else has, or keeps, the address. */
function ownerOf(
  tx: ReadTransaction,
  serviceId: string,
  network: Network,
  address: string,
): string | undefined {
  if (network.allocation?.subnets.some(({ gateway }) => gateway === address) === true)
    return 'the gateway';
  const key = addressKey(network.id, address);
  for (const service of tx.byIndex('service', 'address', key)) {
    const isVirtual = service.endpoint?.virtualAddresses.some(
      (one) => one.address === address || one.addressV6 === address,
    );
    if (service.id !== serviceId || isVirtual === true)
      return `service ${service.spec?.name ?? service.id}`;
  }
  for (const task of tx.byIndex('task', 'address', key))
    if (task.serviceId !== serviceId)
      return `task ${task.serviceName}${task.slot > 0 ? `.${task.slot}` : ''}`;
  for (const [nodeId, host] of Object.entries(network.hosts))
    if (host.address === address || host.addressV6 === address)
      return `node ${tx.get('node', nodeId)?.description?.hostname ?? nodeId}`;
  return undefined;
}

/** Two services may publish one port of a host by mode host: the scheduler keeps them apart. */
function requirePortFree(tx: ReadTransaction, serviceId: string, port: PortConfig): void {
  const { protocol, publishedPort, mode } = port;
  for (const other of tx.byIndex('service', 'publishedPort', portKey(protocol, publishedPort))) {
    if (other.id === serviceId) continue;
    const rival = publishedPortsOf(other).find(
      (one) =>
        one.publishedPort === publishedPort &&
        one.protocol === protocol &&
        (mode === PublishMode.INGRESS || one.mode === PublishMode.INGRESS) &&
        isSameAddress(one, port),
    );
    if (rival === undefined) continue;
    const how = rival.mode === PublishMode.INGRESS ? 'an ingress port' : 'a host-published port';
    throw new ClusterError(
      'FAILED_PRECONDITION',
      `port '${publishedPort}' is already in use by service '${other.spec?.name ?? ''}'` +
        ` (${other.id}) as ${how}`,
      { details: { field: 'spec.endpoint.ports', service: other.id } },
    );
  }
}

function isSameAddress(a: PortConfig, b: PortConfig): boolean {
  const [one, other] = [addressOf(a), addressOf(b)];
  return one === other || one === '' || other === '';
}
