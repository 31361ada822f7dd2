import { Endpoint, Network, NetworkHost, NetworkService } from '#proto';
import type { MessageCodec, Node, Task } from '#proto';
import { NodeState } from '#proto';
import type { ReadTransaction, StoreEvent } from '../store/types.ts';
import {
  dataPathAddress,
  dataPathPort,
  endpointOn,
  hasIpv6,
  hasSameKeys,
  hostOn,
  isToStop,
  networksOf,
  serviceOn,
  toldNetwork,
} from './network-content.ts';
import { ToldNetwork } from './told-network.ts';

/** What a commit made of the networks, beside their content. */
export interface IndexListener {
  /** The network has something to tell; `canWait` when nobody waits for it. */
  changed(network: ToldNetwork, canWait: boolean): void;
  /** The node takes part in the network from now on, or no longer. */
  moved(nodeId: string, networkId: string): void;
  /** The network that every node takes part in has come or gone. */
  ingressChanged(networkId: string): void;
  /** The managers want a task to stop that callers were led to. */
  stopping(task: Task): void;
}

/** Bags of ids under a key. */
class Groups {
  readonly #groups = new Map<string, Set<string>>();

  of(key: string): ReadonlySet<string> {
    return this.#groups.get(key) ?? none;
  }

  add(key: string, id: string): void {
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, new Set([id]));
    else group.add(id);
  }

  delete(key: string, id: string): void {
    const group = this.#groups.get(key);
    group?.delete(id);
    if (group?.size === 0) this.#groups.delete(key);
  }

  clear(): void {
    this.#groups.clear();
  }
}
const none: ReadonlySet<string> = new Set();

/** How many tasks of a node, or of a service, are on each network. */
class Counts {
  readonly #counts = new Map<string, Map<string, number>>();

  of(key: string): ReadonlyMap<string, number> {
    return this.#counts.get(key) ?? noCounts;
  }

  /** Whether it went from none to one, or from one to none. */
  add(key: string, id: string, by: 1 | -1): boolean {
    let counts = this.#counts.get(key);
    if (counts === undefined) this.#counts.set(key, (counts = new Map()));
    const count = (counts.get(id) ?? 0) + by;
    if (count === 0) counts.delete(id);
    else counts.set(id, count);
    if (counts.size === 0) this.#counts.delete(key);
    return by === 1 ? count === 1 : count === 0;
  }

  clear(): void {
    this.#counts.clear();
  }
}
const noCounts: ReadonlyMap<string, number> = new Map();

/**
 * Every network with its nodes, tasks and services, kept up from the store's commits: the cost of
 * one is that of the objects in it, and of the tasks of a node that comes or goes.
 */
export class NetworkIndex {
  readonly #listener: IndexListener;
  readonly #networks = new Map<string, ToldNetwork>();
  /** By node, by service: the networks that their tasks are on. */
  readonly #ofNode = new Counts();
  readonly #ofService = new Counts();
  /** By task: the networks where it is told. */
  readonly #ofTask = new Groups();
  /** By service: the networks where it is told, and those it asks for by itself. */
  readonly #toldOf = new Groups();
  readonly #askedBy = new Map<string, readonly string[]>();
  /** By node: the networks where it has an address. */
  readonly #addressed = new Groups();
  /** By name or id, lower-cased: the services that let it reach them. */
  readonly #allowing = new Groups();
  readonly #allowedBy = new Map<string, readonly string[]>();
  #ingressId: string | undefined;

  constructor(listener: IndexListener) {
    this.#listener = listener;
  }

  get ingressId(): string | undefined {
    return this.#ingressId;
  }

  /** All that is known, also of networks that are gone while tasks are still on them. */
  networks(): Iterable<ToldNetwork> {
    return this.#networks.values();
  }

  network(id: string): ToldNetwork | undefined {
    return this.#networks.get(id);
  }

  /** The networks that there are and that the node takes part in. */
  networksOfNode(nodeId: string): readonly ToldNetwork[] {
    const ids = new Set(this.#ofNode.of(nodeId).keys());
    if (this.#ingressId !== undefined) ids.add(this.#ingressId);
    const networks = [...ids].map((id) => this.#networks.get(id));
    return networks.filter((one) => one?.network !== undefined) as readonly ToldNetwork[];
  }

  takesPart(nodeId: string, networkId: string): boolean {
    if (this.#networks.get(networkId)?.network === undefined) return false;
    return networkId === this.#ingressId || this.#ofNode.of(nodeId).has(networkId);
  }

  /** From nothing, as the store is now. */
  rebuild(tx: ReadTransaction): void {
    for (const step of this.rebuilding(tx)) step(tx);
  }

  /**
   * The steps of a rebuild from what `image` has, each to be called with the present state. Commits
   * may be taken between them.
   */
  *rebuilding(image: ReadTransaction): Generator<(tx: ReadTransaction) => void> {
    this.#clear();
    for (const { id } of image.list('network')) yield (tx) => this.#setNetwork(tx, id);
    for (const { id } of image.list('service')) yield (tx) => this.#setService(tx, id);
    for (const { id, networks } of image.list('task'))
      if (networks.length > 0) yield (tx) => this.#setTask(tx, id);
  }

  /** After a commit; `tx` is of the state it made. */
  take(tx: ReadTransaction, events: readonly StoreEvent[]): void {
    for (const event of events) {
      const { id } = event.object;
      switch (event.table) {
        case 'task':
          if (event.object.networks.length > 0 || this.#ofTask.of(id).size > 0)
            this.#setTask(tx, id);
          break;
        case 'node':
          if (isNews(event.object, event.old) || event.kind !== 'update') this.#setNode(tx, id);
          break;
        case 'service':
          this.#setService(tx, id);
          if (event.kind !== 'update') this.#reallow(tx, event.object.spec?.name ?? '', id);
          break;
        case 'network':
          this.#setNetwork(tx, id);
          break;
        default:
          break;
      }
    }
  }

  #clear(): void {
    this.#networks.clear();
    for (const groups of [this.#ofTask, this.#toldOf, this.#addressed, this.#allowing])
      groups.clear();
    this.#ofNode.clear();
    this.#ofService.clear();
    this.#askedBy.clear();
    this.#allowedBy.clear();
    this.#ingressId = undefined;
  }

  #told(id: string): ToldNetwork {
    let network = this.#networks.get(id);
    if (network === undefined) this.#networks.set(id, (network = new ToldNetwork(id)));
    return network;
  }

  #setNetwork(tx: ReadTransaction, id: string): void {
    const network = tx.get('network', id);
    const told = this.#told(id);
    const before = told.network;
    const now = network === undefined ? undefined : toldNetwork(network);
    if (!isSame(Network, before, now)) {
      told.setNetwork(now);
      this.#listener.changed(told, false);
    }
    const isIngress = network?.isIngress === true;
    if (isIngress !== (this.#ingressId === id)) {
      this.#ingressId = isIngress ? id : undefined;
      this.#listener.ingressChanged(id);
      for (const service of tx.list('service')) this.#setService(tx, service.id);
    } else if ((before === undefined) !== (now === undefined)) {
      const nodeIds = new Set([...told.endpoints.values()].map(({ nodeId }) => nodeId));
      for (const nodeId of nodeIds) this.#listener.moved(nodeId, id);
    }
    const wanted = network?.hosts ?? {};
    for (const nodeId of new Set([...told.hosts.keys(), ...Object.keys(wanted)])) {
      const known = told.hosts.get(nodeId)?.addresses;
      const next = wanted[nodeId];
      const isKnown = known?.address === next?.address && known?.addressV6 === next?.addressV6;
      if (next === undefined) this.#addressed.delete(nodeId, id);
      else this.#addressed.add(nodeId, id);
      if (!isKnown) this.#setHost(tx, told, nodeId, network);
    }
    this.#tidy(told);
  }

  #setHost(
    tx: ReadTransaction,
    told: ToldNetwork,
    nodeId: string,
    network: Network | undefined,
  ): void {
    const host = hostOn(network, told.id, tx.get('node', nodeId), dataPathPort(tx));
    if (isSame(NetworkHost, told.hosts.get(nodeId), host)) return;
    told.set('hosts', nodeId, host);
    this.#listener.changed(told, false);
  }

  /** Its address, or whether it is given up, may have changed. */
  #setNode(tx: ReadTransaction, nodeId: string): void {
    for (const id of this.#addressed.of(nodeId))
      this.#setHost(tx, this.#told(id), nodeId, tx.get('network', id));
    for (const { id, networks } of tx.tasksOfNode(nodeId))
      if (networks.length > 0) this.#setTask(tx, id);
  }

  #setTask(tx: ReadTransaction, taskId: string): void {
    const task = tx.get('task', taskId);
    const before = this.#ofTask.of(taskId);
    const ids = new Set([...before, ...(task?.networks ?? []).map(({ networkId }) => networkId)]);
    let isStopping = false;
    for (const id of ids) {
      const told = this.#told(id);
      const old = told.endpoints.get(taskId);
      const now = endpointOn(id, task, tx);
      if (!isSame(Endpoint, old, now)) {
        told.set('endpoints', taskId, now);
        isStopping ||= old?.isServing === true && now?.isServing === false;
        // What only begins to serve, or is gone after it has served, nobody waits for.
        const isUrgent = now !== undefined && !now.isServing;
        this.#listener.changed(told, !isUrgent);
        if (old === undefined && now !== undefined) this.#count(tx, now, 1);
        else if (old !== undefined && now === undefined) this.#count(tx, old, -1);
      }
      if (now === undefined) this.#ofTask.delete(taskId, id);
      else this.#ofTask.add(taskId, id);
      this.#tidy(told);
    }
    if (isStopping && task !== undefined && isToStop(task)) this.#listener.stopping(task);
  }

  /** One more, or one less, task of a node and a service on a network. */
  #count(tx: ReadTransaction, endpoint: Endpoint, by: 1 | -1): void {
    const { nodeId, networkId, serviceId } = endpoint;
    if (this.#ofNode.add(nodeId, networkId, by)) this.#listener.moved(nodeId, networkId);
    if (this.#ofService.add(serviceId, networkId, by)) this.#setService(tx, serviceId);
  }

  #setService(tx: ReadTransaction, serviceId: string): void {
    const service = tx.get('service', serviceId);
    if (service === undefined) this.#askedBy.delete(serviceId);
    else this.#askedBy.set(serviceId, networksOf(service, this.#ingressId));
    this.#setAllowed(
      serviceId,
      (service?.spec?.allowFrom ?? []).map((ref) => ref.toLowerCase()),
    );
    const wanted = new Set(
      service === undefined
        ? []
        : [...(this.#askedBy.get(serviceId) ?? []), ...this.#ofService.of(serviceId).keys()],
    );
    for (const id of new Set([...this.#toldOf.of(serviceId), ...wanted])) {
      const told = this.#told(id);
      const now = service !== undefined && wanted.has(id) ? serviceOn(id, service, tx) : undefined;
      if (!isSame(NetworkService, told.services.get(serviceId), now)) {
        told.set('services', serviceId, now);
        this.#listener.changed(told, false);
      }
      if (now === undefined) this.#toldOf.delete(serviceId, id);
      else this.#toldOf.add(serviceId, id);
      this.#tidy(told);
    }
  }

  #setAllowed(serviceId: string, refs: readonly string[]): void {
    for (const ref of this.#allowedBy.get(serviceId) ?? []) this.#allowing.delete(ref, serviceId);
    for (const ref of refs) this.#allowing.add(ref, serviceId);
    if (refs.length === 0) this.#allowedBy.delete(serviceId);
    else this.#allowedBy.set(serviceId, refs);
  }

  /** Whoever lets the service reach it by name can be told its id now, or no longer. */
  #reallow(tx: ReadTransaction, name: string, id: string): void {
    for (const ref of [name.toLowerCase(), id])
      for (const serviceId of [...this.#allowing.of(ref)]) this.#setService(tx, serviceId);
  }

  #tidy(told: ToldNetwork): void {
    if (told.isEmpty) this.#networks.delete(told.id);
  }
}

const isDown = (node: Node | undefined): boolean => node?.status?.state === NodeState.DOWN;

/** Whether anything of the node changed that its networks tell. */
function isNews(node: Node, old: Node | undefined): boolean {
  return (
    isDown(node) !== isDown(old) ||
    dataPathAddress(node) !== dataPathAddress(old) ||
    hasIpv6(node) !== hasIpv6(old) ||
    !hasSameKeys(node, old)
  );
}

function isSame<T>(codec: MessageCodec<T>, a: T | undefined, b: T | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(codec.encode(a), codec.encode(b)) === 0;
}
