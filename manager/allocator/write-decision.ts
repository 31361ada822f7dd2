/** Writes a decision, looking again at everything that it was made on. */
import { assertNever, doCidrsOverlap } from '#lib';
import type { Cidr, Ms } from '#lib';
import { TaskState } from '#proto';
import type { Network, NetworkAllocation, PortConfig, Service, ServiceEndpoint } from '#proto';
import { isWanted, stateOf, statusWith } from '../orchestrator/task-state.ts';
import { addressKey, portKey, publishedPortsOf } from '../store/network-keys.ts';
import type { ReadTransaction, WriteTransaction } from '../store/types.ts';
import type { Decision, Grant } from './decision.ts';
import { isGivenUp } from './given-up.ts';
import { cidrsOf } from './segments.ts';

/** What does not hold any more is left out: the state is told by `settle`, and decides again. */
export function writeDecision(tx: WriteTransaction, decision: Decision, nowMs: Ms): void {
  switch (decision.kind) {
    case 'ingress':
      writeIngress(tx, decision.network);
      return;
    case 'network':
      writeAllocation(tx, decision.networkId, decision.allocation);
      return;
    case 'error': {
      const network = tx.get('network', decision.networkId);
      if (network !== undefined) tx.update('network', { ...network, error: decision.error });
      return;
    }
    case 'hosts':
      writeHosts(tx, decision);
      return;
    case 'service':
      writeEndpoint(tx, decision.serviceId, decision.endpoint);
      return;
    case 'tasks':
      writeGrants(tx, decision.grants, nowMs);
      return;
    case 'give-up':
      writeGivenUp(tx, decision.taskIds);
      return;
    case 'explain': {
      const task = tx.get('task', decision.taskId);
      if (task === undefined || stateOf(task) !== TaskState.NEW || !isWanted(task)) return;
      tx.update('task', { ...task, status: statusWith(task, { error: decision.error }) });
      return;
    }
    default:
      assertNever(decision);
  }
}

function isAllocationFree(
  tx: ReadTransaction,
  network: Network,
  allocation: NetworkAllocation,
): boolean {
  const asked = new Set((network.spec?.subnets ?? []).map(({ subnet }) => subnet));
  const wanted = cidrsOf(allocation.subnets);
  // What others ask for and do not have yet may be asked for as well, but not cut out of the pools.
  const cut = cidrsOf(allocation.subnets.filter(({ subnet }) => !asked.has(subnet)));
  const overlaps = (one: readonly Cidr[], other: readonly Cidr[]): boolean =>
    one.some((a) => other.some((b) => doCidrsOverlap(a, b)));
  for (const { id, spec, allocation: theirs } of tx.list('network')) {
    if (id === network.id) continue;
    if (theirs === undefined) {
      if (overlaps(cut, cidrsOf(spec?.subnets ?? []))) return false;
      continue;
    }
    if (theirs.vni !== 0 && theirs.vni === allocation.vni) return false;
    if (overlaps(wanted, cidrsOf(theirs.subnets))) return false;
  }
  return true;
}

function writeIngress(tx: WriteTransaction, network: Network): void {
  for (const other of tx.list('network')) if (other.isIngress) return;
  const { allocation } = network;
  if (allocation !== undefined && !isAllocationFree(tx, network, allocation)) return;
  tx.create('network', network);
}

function writeAllocation(
  tx: WriteTransaction,
  networkId: string,
  allocation: NetworkAllocation,
): void {
  const network = tx.get('network', networkId);
  if (network === undefined || network.allocation !== undefined) return;
  if (!isAllocationFree(tx, network, allocation)) return;
  tx.update('network', { ...network, allocation, error: '' });
}

/** Looks up who has an address. What the nodes have of a network is gathered once. */
class AddressCheck {
  readonly #tx: ReadTransaction;
  readonly #hosts = new Map<string, ReadonlySet<string>>();

  constructor(tx: ReadTransaction) {
    this.#tx = tx;
  }

  /** `taskId`, `serviceId`: for whom; a task's may be one that is kept for its service. */
  isFree(networkId: string, address: string, taskId: string, serviceId: string): boolean {
    if (address === '') return true;
    const key = addressKey(networkId, address);
    for (const { id } of this.#tx.byIndex('task', 'address', key)) if (id !== taskId) return false;
    for (const service of this.#tx.byIndex('service', 'address', key))
      if (service.id !== serviceId || (taskId !== '' && isVirtual(service, networkId, address)))
        return false;
    return !this.#hostsOf(networkId).has(address);
  }

  #hostsOf(networkId: string): ReadonlySet<string> {
    const known = this.#hosts.get(networkId);
    if (known !== undefined) return known;
    const hosts = Object.values(this.#tx.get('network', networkId)?.hosts ?? {});
    const addresses = new Set(hosts.flatMap((host) => [host.address, host.addressV6]));
    this.#hosts.set(networkId, addresses);
    return addresses;
  }
}

function isVirtual(service: Service, networkId: string, address: string): boolean {
  return (service.endpoint?.virtualAddresses ?? []).some(
    (one) => one.networkId === networkId && (one.address === address || one.addressV6 === address),
  );
}

function writeHosts(
  tx: WriteTransaction,
  { networkId, given, gone }: Extract<Decision, { kind: 'hosts' }>,
): void {
  const network = tx.get('network', networkId);
  if (network?.allocation === undefined) return;
  const hosts = { ...network.hosts };
  for (const nodeId of gone) if (tx.get('node', nodeId) === undefined) delete hosts[nodeId];
  const check = new AddressCheck(tx);
  for (const [nodeId, addresses] of given) {
    const { address, addressV6 } = addresses;
    const isGood =
      tx.get('node', nodeId) !== undefined &&
      !Object.hasOwn(hosts, nodeId) &&
      check.isFree(networkId, address, '', '') &&
      check.isFree(networkId, addressV6, '', '');
    if (isGood) hosts[nodeId] = addresses;
  }
  tx.update('network', { ...network, hosts });
}

function isPortFree(tx: ReadTransaction, serviceId: string, port: PortConfig): boolean {
  for (const other of tx.byIndex(
    'service',
    'publishedPort',
    portKey(port.protocol, port.publishedPort),
  ))
    if (other.id !== serviceId) return false;
  return true;
}

function writeEndpoint(
  tx: WriteTransaction,
  serviceId: string,
  endpoint: ServiceEndpoint | undefined,
): void {
  const service = tx.get('service', serviceId);
  if (service === undefined) return;
  const check = new AddressCheck(tx);
  for (const { networkId, address, addressV6 } of endpoint?.virtualAddresses ?? []) {
    if (isVirtual(service, networkId, address)) continue;
    if (tx.get('network', networkId)?.allocation === undefined) return;
    if (!check.isFree(networkId, address, '', serviceId)) return;
    if (!check.isFree(networkId, addressV6, '', serviceId)) return;
  }
  const present = publishedPortsOf(service);
  for (const port of endpoint?.ports ?? []) {
    const isOld = present.some(
      (one) => one.publishedPort === port.publishedPort && one.protocol === port.protocol,
    );
    if (!isOld && !isPortFree(tx, serviceId, port)) return;
  }
  tx.update('service', { ...service, endpoint });
}

function writeGrants(tx: WriteTransaction, grants: readonly Grant[], nowMs: Ms): void {
  const check = new AddressCheck(tx);
  // All are looked at before any is written: within one decision they differ from one another.
  const good = grants.flatMap(({ taskId, networks }) => {
    const task = tx.get('task', taskId);
    if (task === undefined || stateOf(task) !== TaskState.NEW || !isWanted(task)) return [];
    const isFree = networks.every(
      ({ networkId, address, addressV6 }) =>
        tx.get('network', networkId)?.allocation !== undefined &&
        check.isFree(networkId, address, taskId, task.serviceId) &&
        check.isFree(networkId, addressV6, taskId, task.serviceId),
    );
    return isFree ? [{ task, networks }] : [];
  });
  for (const { task, networks } of good) {
    const status = statusWith(task, {
      state: TaskState.PENDING,
      changedAtMs: nowMs,
      message: 'waiting for a node',
      error: '',
    });
    tx.update('task', { ...task, networks, status });
  }
}

/** Its node may be back since: then it is left its addresses, and says when it has ended. */
function writeGivenUp(tx: WriteTransaction, taskIds: readonly string[]): void {
  for (const taskId of taskIds) {
    const task = tx.get('task', taskId);
    if (task !== undefined && isGivenUp(task, tx.get('node', task.nodeId)))
      tx.update('task', { ...task, networks: [] });
  }
}
