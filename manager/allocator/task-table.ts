import { TaskState } from '#proto';
import type { NetworkAddress, Task } from '#proto';
import { isStopped, isWanted, stateOf } from '../orchestrator/task-state.ts';
import type { Grant } from './decision.ts';
import { GivenUp } from './given-up.ts';
import { attachmentsOf, publishesThroughIngress } from './needs.ts';
import type { Owner, Taken, Wish } from './network-book.ts';
import type { NetworkTable } from './network-table.ts';
import type { ServiceTable } from './service-table.ts';

interface Held {
  readonly serviceId: string;
  readonly networkIds: readonly string[];
}

interface Place extends Wish {
  readonly networkId: string;
}

export type Outcome =
  | { readonly kind: 'granted'; readonly grant: Grant }
  | { readonly kind: 'waits'; readonly error: string };

/** Tasks with their addresses, and those that are to get some. */
export class TaskTable {
  readonly #networks: NetworkTable;
  readonly #services: ServiceTable;
  readonly #held = new Map<string, Held>();
  /** NEW, and to be looked at. */
  readonly fresh = new Map<string, Task>();
  /** Those of them whose node is known already. */
  readonly #freshOnNode = new Set<string>();
  /** NEW, and nothing could be given: see the waiters of their networks. */
  readonly #waiting = new Map<string, { task: Task; readonly networkId: string }>();
  /** An address that two have is a fault of ours: told by the loop. */
  readonly conflicts: string[] = [];
  readonly givenUp = new GivenUp();

  constructor(networks: NetworkTable, services: ServiceTable) {
    this.#networks = networks;
    this.#services = services;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** The task as the store has it now. */
  note(task: Task): void {
    this.givenUp.noteTask(task);
    if (isStopped(task)) {
      this.forget(task.id);
      return;
    }
    if (task.networks.length > 0) this.#hold(task, task.networks);
    else this.#letGo(task.id);
    if (stateOf(task) !== TaskState.NEW || !isWanted(task)) {
      this.#dequeue(task.id);
      return;
    }
    const waiting = this.#waiting.get(task.id);
    if (waiting === undefined) this.#refresh(task);
    else waiting.task = task;
  }

  forget(taskId: string): void {
    this.givenUp.forgetTask(taskId);
    this.#dequeue(taskId);
    this.#letGo(taskId);
  }

  /** It waited, and may be lucky now. */
  retry(taskId: string): void {
    const waiting = this.#waiting.get(taskId);
    if (waiting === undefined) return;
    this.#dequeue(taskId);
    this.#refresh(waiting.task);
  }

  /** The tasks to be looked at whose node is known; all of them, but once. */
  takeFreshOnNode(): readonly Task[] {
    const tasks = [...this.#freshOnNode].flatMap((id) => this.fresh.get(id) ?? []);
    this.#freshOnNode.clear();
    return tasks;
  }

  /** Gives the task an address on each of its networks, or none at all. */
  allocate(task: Task): Outcome {
    this.fresh.delete(task.id);
    const networks: NetworkAddress[] = [];
    for (const place of this.#placesOf(task)) {
      const taken = this.#take(task, place);
      if (taken.kind === 'taken') {
        networks.push({ networkId: place.networkId, ...taken.addresses });
        continue;
      }
      // Nobody else could have had them, so nobody is to try again.
      for (const { networkId } of networks)
        this.#networks.book(networkId)?.release(`task/${task.id}`);
      this.#wait(task, place, taken);
      return { kind: 'waits', error: this.#textOf(place, taken) };
    }
    this.#hold(task, networks);
    return { kind: 'granted', grant: { taskId: task.id, networks } };
  }

  /** The networks that the task is to be on. */
  networkIdsOf(task: Task): readonly string[] {
    return this.#placesOf(task).map(({ networkId }) => networkId);
  }

  #placesOf(task: Task): readonly Place[] {
    const { serviceId } = task;
    const places: Place[] = attachmentsOf(task.spec).map(({ network, addresses }) => ({
      networkId: network,
      serviceId,
      address: task.slot > 0 ? (addresses[task.slot - 1] ?? '') : '',
    }));
    if (!publishesThroughIngress(this.#services.get(serviceId))) return places;
    const networkId = this.#networks.ingressId;
    return [...places, { networkId, serviceId, address: '' }];
  }

  #take(task: Task, place: Place): Taken {
    const book = this.#networks.book(place.networkId);
    if (book === undefined)
      return { kind: 'exhausted', text: this.#networks.whyClosed(place.networkId) };
    // Where the node is known already it is given its own address first.
    const isPlaced = task.nodeId !== '' && (!book.isOverlay || book.hasNode(task.nodeId));
    if (!isPlaced) return book.takeForTask(task.id, place, this.#networks.nodes.size);
    return book.take(`task/${task.id}`, place);
  }

  #textOf(place: Place, taken: Exclude<Taken, { kind: 'taken' }>): string {
    if (taken.kind === 'exhausted') return taken.text;
    const name = this.#networks.nameOf(place.networkId);
    const address = `${name}: address ${taken.address}`;
    if (taken.owner === 'outside') return `${address} is not in its subnets`;
    const [kind = '', id = ''] = taken.owner.split('/');
    const who = kind === 'service' ? `service ${this.#services.get(id)?.spec?.name ?? id}` : '';
    const owner = who || (id === '' ? `the ${kind}` : `${kind} ${id}`);
    return `${address} is that of ${owner}`;
  }

  #refresh(task: Task): void {
    this.fresh.set(task.id, task);
    if (task.nodeId !== '') this.#freshOnNode.add(task.id);
  }

  #wait(task: Task, { networkId, address }: Place, taken: Exclude<Taken, { kind: 'taken' }>): void {
    const owner: Owner = `task/${task.id}`;
    const { waiters } = this.#networks.record(networkId);
    this.#waiting.set(task.id, { task, networkId });
    if (taken.kind === 'occupied') waiters.add(owner, taken.address);
    else if (address !== '') waiters.addForRoom(owner);
    else waiters.add(owner, '');
    this.#networks.errorsDirty.add(networkId);
  }

  #dequeue(taskId: string): void {
    this.fresh.delete(taskId);
    this.#freshOnNode.delete(taskId);
    const waiting = this.#waiting.get(taskId);
    if (waiting === undefined) return;
    this.#waiting.delete(taskId);
    this.#networks.record(waiting.networkId).waiters.remove(`task/${taskId}`);
    this.#networks.errorsDirty.add(waiting.networkId);
  }

  #hold(task: Task, networks: readonly NetworkAddress[]): void {
    const networkIds = networks.map(({ networkId }) => networkId);
    const present = this.#held.get(task.id);
    for (const id of present?.networkIds ?? [])
      if (!networkIds.includes(id)) this.#unhold(task.id, task.serviceId, id);
    for (const { networkId, address, addressV6 } of networks) {
      const { book } = this.#networks.record(networkId);
      const twice = book?.occupy(`task/${task.id}`, { address, addressV6 });
      if (twice !== undefined) this.conflicts.push(`${twice} of network ${networkId}`);
      if (book?.notePlace(task.id, task.nodeId !== '') === true) this.#networks.ease(networkId);
      if (task.nodeId !== '') this.#networks.wantNode(networkId, task.nodeId);
      if (present?.networkIds.includes(networkId) !== true)
        this.#services.countTask(task.serviceId, networkId, 1);
    }
    this.#held.set(task.id, { serviceId: task.serviceId, networkIds });
  }

  #letGo(taskId: string): void {
    const held = this.#held.get(taskId);
    if (held === undefined) return;
    this.#held.delete(taskId);
    for (const networkId of held.networkIds) this.#unhold(taskId, held.serviceId, networkId);
  }

  #unhold(taskId: string, serviceId: string, networkId: string): void {
    this.#release(networkId, taskId);
    this.#services.countTask(serviceId, networkId, -1);
  }

  #release(networkId: string, taskId: string): void {
    for (const owner of this.#networks.release(networkId, `task/${taskId}`))
      if (owner.startsWith('task/')) this.retry(owner.slice(5));
  }
}
