/** What must hold of networks in every state of a store: nothing is given twice at the same time. */
import { cidrHas, doCidrsOverlap, parseCidr, parseIpAddress } from '#lib';
import type { Cidr } from '#lib';
import type { TableName, TableTypes } from '#manager/store/types';
import { NetworkDriver, TaskState } from '#proto';
import type { Network } from '#proto';

const firstVni = 4097;

function cidrs(network: Network): readonly Cidr[] {
  return (network.allocation?.subnets ?? []).flatMap(({ subnet }) => parseCidr(subnet) ?? []);
}

/** As much of a store as this needs. */
interface Listing {
  list<T extends TableName>(table: T): Iterable<TableTypes[T]>;
}

/** Every fault in one line each; none = all is well. */
export function networkFaults(tx: Listing): readonly string[] {
  const faults: string[] = [];
  const owners = new Map<string, string>();
  const networks = new Map<string, Network>();
  const claim = (networkId: string, address: string, owner: string): void => {
    if (address === '') return;
    const key = `${networkId}/${address}`;
    const other = owners.get(key);
    if (other !== undefined) faults.push(`${key} is that of ${other} and of ${owner}`);
    owners.set(key, owner);
    const network = networks.get(networkId);
    const parsed = parseIpAddress(address);
    const isInside =
      network !== undefined &&
      parsed !== undefined &&
      cidrs(network).some((cidr) => cidrHas(cidr, parsed));
    if (!isInside) faults.push(`${key} of ${owner} is in no subnet of the network`);
  };
  const vnis = new Map<number, string>();
  let ingressCount = 0;
  for (const network of tx.list('network')) {
    const { id, allocation } = network;
    if (network.isIngress) ingressCount++;
    for (const other of networks.values())
      if (cidrs(other).some((a) => cidrs(network).some((b) => doCidrsOverlap(a, b))))
        faults.push(`networks ${other.id} and ${id} overlap`);
    networks.set(id, network);
    if (allocation === undefined) continue;
    const isOverlay = network.spec?.driver === NetworkDriver.OVERLAY;
    if (isOverlay && allocation.vni < firstVni) faults.push(`${id} has VNI ${allocation.vni}`);
    const other = vnis.get(allocation.vni);
    if (isOverlay && other !== undefined) faults.push(`${id} and ${other} have the same VNI`);
    vnis.set(allocation.vni, id);
    for (const { gateway } of allocation.subnets) claim(id, gateway, 'the gateway');
    for (const [nodeId, host] of Object.entries(network.hosts)) {
      claim(id, host.address, `node ${nodeId}`);
      claim(id, host.addressV6, `node ${nodeId}`);
    }
  }
  if (ingressCount > 1) faults.push(`${ingressCount} ingress networks`);
  const ports = new Map<string, string>();
  for (const service of tx.list('service')) {
    for (const one of service.endpoint?.virtualAddresses ?? []) {
      claim(one.networkId, one.address, `service ${service.id}`);
      claim(one.networkId, one.addressV6, `service ${service.id}`);
    }
    for (const { protocol, publishedPort } of service.endpoint?.ports ?? []) {
      const key = `port ${publishedPort}/${protocol}`;
      const other = ports.get(key);
      if (other !== undefined && other !== service.id)
        faults.push(`${key} is that of ${other} and of ${service.id}`);
      ports.set(key, service.id);
    }
  }
  for (const task of tx.list('task')) {
    const state = task.status?.state ?? TaskState.NEW;
    if (state >= TaskState.COMPLETE) continue;
    if (state === TaskState.NEW && task.networks.length > 0)
      faults.push(`task ${task.id} is NEW and has addresses`);
    for (const one of task.networks) {
      claim(one.networkId, one.address, `task ${task.id}`);
      claim(one.networkId, one.addressV6, `task ${task.id}`);
    }
  }
  return faults;
}
