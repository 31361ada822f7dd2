import { assert } from '#lib';
import type { Pacer } from '#lib';
import { Network, NetworkSpec, ServiceEndpoint } from '#proto';
import type { HostAddresses, Node, Task } from '#proto';
import type { ReadTransaction, StoreEvent } from '../store/types.ts';
import type { Decision, Grant } from './decision.ts';
import { InFlight } from './in-flight.ts';
import type { Owner } from './network-book.ts';
import { NetworkTable } from './network-table.ts';
import type { NetworkRecord } from './network-table.ts';
import { ServiceTable } from './service-table.ts';
import { TaskTable } from './task-table.ts';

/** The name of the network that the cluster makes for published ports. */
export const ingressName = 'ingress';
/** Tasks that are written in one piece. */
const grantsPerDecision = 50;
/** Explanations that one round writes at most; the rest follows in the next. */
const explainedPerRound = 200;

export interface DecideOptions {
  readonly newId: () => string;
  /** Tasks that one round looks at; the rest follows in the next. */
  readonly tasksMax: number;
}

/**
 * Who has which address, number and port, and what is to be given next: the store's events in, decisions
 * out. It holds nothing that could not be rebuilt from the store; what was decided counts as given until
 * `settle` has looked at what the store made of it.
 */
export class AllocatorState {
  readonly networks: NetworkTable;
  readonly services: ServiceTable;
  readonly tasks: TaskTable;
  /** What is being written. Events about it are looked at by `settle`. */
  readonly #inFlight = new InFlight();
  readonly #unexplained = new Map<string, string>();

  private constructor(tx: ReadTransaction) {
    this.networks = new NetworkTable(tx);
    this.services = new ServiceTable(this.networks);
    this.tasks = new TaskTable(this.networks, this.services);
    for (const node of tx.list('node')) this.tasks.givenUp.noteNode(node);
  }

  /** Made of what the store holds. */
  static of(tx: ReadTransaction): AllocatorState {
    const state = new AllocatorState(tx);
    const objects = state.#takeIn(tx);
    while (objects.next().done !== true);
    return state;
  }

  /** As `of`, by slices; `tx` is of a state that does not change meanwhile. */
  static async bySlices(
    tx: ReadTransaction,
    pacer: Pacer,
    signal: AbortSignal,
  ): Promise<AllocatorState> {
    const state = new AllocatorState(tx);
    for (const _ of state.#takeIn(tx)) if (pacer.isFull()) await pacer.pause(signal);
    return state;
  }

  /** Gives way after every object. */
  *#takeIn(tx: ReadTransaction): Generator<undefined, void> {
    for (const service of tx.list('service')) {
      this.services.note(service);
      yield;
    }
    let newest: Task | undefined;
    for (const task of tx.list('task')) {
      this.tasks.note(task);
      if (task.networks.length > 0 && ageOf(task) >= ageOf(newest)) newest = task;
      yield;
    }
    // What was given last rests longest.
    for (const { networkId } of newest?.networks ?? [])
      this.networks.book(networkId)?.continueAfter(`task/${newest?.id ?? ''}`);
  }

  get isWorkWaiting(): boolean {
    const { networks, services, tasks } = this;
    return (
      networks.unallocated.size + networks.nodesDirty.size + networks.eased.size > 0 ||
      networks.errorsDirty.size + services.dirty.size + tasks.fresh.size > 0 ||
      this.#unexplained.size + tasks.givenUp.count > 0
    );
  }

  apply(event: StoreEvent): void {
    const { id } = event.object;
    switch (event.table) {
      case 'node':
        this.#noteNode(id, event.kind === 'remove' ? undefined : event.object);
        break;
      case 'network':
        if (this.#inFlight.networks.has(id)) break;
        this.#noteNetwork(id, event.kind === 'remove' ? undefined : event.object);
        break;
      case 'service':
        if (this.#inFlight.services.has(id)) break;
        if (event.kind === 'remove') this.#retry(this.services.forget(id));
        else this.#retry(this.services.note(event.object));
        break;
      case 'task':
        if (this.#inFlight.tasks.has(id)) break;
        this.#noteTask(id, event.kind === 'remove' ? undefined : event.object);
        break;
      case 'cluster':
        break;
    }
  }

  /** What is to be written now; to be followed by `settle`, or by a state made anew. */
  decide(options: DecideOptions): readonly Decision[] {
    assert(this.#inFlight.isEmpty, 'decisions of before are not settled');
    const decisions: Decision[] = [];
    this.#decideGivenUp(options, decisions);
    this.#decideIngress(options, decisions);
    this.#decideNetworks(decisions);
    this.#wakeWaiting();
    this.#decideNodes(decisions);
    this.#decideServices(decisions);
    this.#decideTasks(options, decisions);
    this.#decideErrors(decisions);
    return decisions;
  }

  /** The decisions were written, or left out: everything they are about is as the store has it. */
  settle(tx: ReadTransaction, decisions: readonly Decision[]): void {
    this.#inFlight.clear();
    for (const decision of decisions)
      switch (decision.kind) {
        case 'ingress':
          this.#noteNetwork(decision.network.id, tx.get('network', decision.network.id));
          break;
        case 'network':
        case 'error':
        case 'hosts':
          this.#noteNetwork(decision.networkId, tx.get('network', decision.networkId));
          break;
        case 'service': {
          const service = tx.get('service', decision.serviceId);
          if (service === undefined) this.#retry(this.services.forget(decision.serviceId));
          else this.#retry(this.services.note(service));
          break;
        }
        case 'tasks':
          for (const { taskId } of decision.grants) this.#noteTask(taskId, tx.get('task', taskId));
          break;
        case 'give-up':
          for (const taskId of decision.taskIds) this.#noteTask(taskId, tx.get('task', taskId));
          break;
        case 'explain':
          break;
      }
  }

  #noteNode(id: string, node: Node | undefined): void {
    if (node === undefined) {
      this.networks.removeNode(id);
      this.tasks.givenUp.forgetNode(id);
      return;
    }
    this.networks.noteNode(node);
    this.tasks.givenUp.noteNode(node);
  }

  #noteTask(id: string, task: Task | undefined): void {
    if (task === undefined) this.tasks.forget(id);
    else this.tasks.note(task);
  }

  #noteNetwork(id: string, network: Network | undefined): void {
    if (network === undefined) {
      this.networks.forget(id);
      return;
    }
    if (this.networks.note(network)) this.services.reserveOn(id);
  }

  #retry(owners: Iterable<Owner>): void {
    for (const owner of owners) {
      const at = owner.indexOf('/') + 1;
      if (owner.startsWith('task/')) this.tasks.retry(owner.slice(at));
      else if (owner.startsWith('service/')) this.services.dirty.add(owner.slice(at));
    }
  }

  /** What they had is free in the next round, when it is known to be written. */
  #decideGivenUp({ tasksMax }: DecideOptions, decisions: Decision[]): void {
    const taskIds = this.tasks.givenUp.take(tasksMax);
    for (const taskId of taskIds) this.#inFlight.tasks.add(taskId);
    for (let at = 0; at < taskIds.length; at += grantsPerDecision)
      decisions.push({ kind: 'give-up', taskIds: taskIds.slice(at, at + grantsPerDecision) });
  }

  #decideIngress({ newId }: DecideOptions, decisions: Decision[]): void {
    if (!this.services.isAnyPublishing || this.networks.ingressId !== '') return;
    const id = newId();
    const ingress = (isIpv6: boolean): Network =>
      Network.create({
        id,
        spec: NetworkSpec.create({ name: ingressName, isIpv6 }),
        isIngress: true,
      });
    // Callers come by IPv6 as well; with no subnet left for them the others are served all the same.
    const dual = this.networks.choose(ingress(true));
    const bare = ingress(dual.kind === 'chosen');
    const segment = dual.kind === 'chosen' ? dual : this.networks.choose(bare);
    const network: Network =
      segment.kind === 'chosen'
        ? { ...bare, allocation: segment.allocation }
        : { ...bare, error: segment.error };
    decisions.push({ kind: 'ingress', network });
    this.#inFlight.networks.add(network.id);
    this.#noteNetwork(network.id, network);
  }

  #decideNetworks(decisions: Decision[]): void {
    for (const networkId of this.networks.unallocated) {
      this.networks.unallocated.delete(networkId);
      const record = this.networks.record(networkId);
      const { network } = record;
      if (network === undefined) continue;
      const segment = this.networks.choose(network);
      if (segment.kind === 'refused') {
        // Those who wait are told why.
        if (record.refusal !== segment.error) this.#retry(record.waiters.takeAll());
        record.refusal = segment.error;
        this.networks.refused.add(networkId);
        this.networks.errorsDirty.add(networkId);
        continue;
      }
      const { allocation } = segment;
      decisions.push({ kind: 'network', networkId, allocation });
      this.#inFlight.networks.add(networkId);
      this.networks.open(record, { ...network, allocation });
      this.services.reserveOn(networkId);
    }
  }

  /** Something was let go: as many of those who wait may try again as could be lucky. */
  #wakeWaiting(): void {
    for (const networkId of this.networks.eased) {
      const { book, waiters, nodesWanted } = this.networks.record(networkId);
      if (nodesWanted.size > 0) this.networks.nodesDirty.add(networkId);
      if (book === undefined || waiters.isEmpty) continue;
      const room = book.roomFor(this.networks.nodes.size, nodesWanted.size);
      this.#retry(waiters.takeAny(Math.max(0, room)));
      this.networks.errorsDirty.add(networkId);
    }
    this.networks.eased.clear();
  }

  #decideNodes(decisions: Decision[]): void {
    // A task whose node is known is given its addresses after the node has one.
    for (const task of this.tasks.takeFreshOnNode()) this.#wantNodes(task);
    for (const networkId of this.networks.nodesDirty) {
      this.networks.nodesDirty.delete(networkId);
      const record = this.networks.record(networkId);
      if (record.book === undefined) continue;
      const given = this.#giveNodes(record);
      const gone = [...record.nodesGone];
      record.nodesGone.clear();
      if (given.size + gone.length === 0) continue;
      decisions.push({ kind: 'hosts', networkId, given, gone });
      this.#inFlight.networks.add(networkId);
    }
  }

  #wantNodes(task: Task): void {
    for (const networkId of this.tasks.networkIdsOf(task))
      this.networks.wantNode(networkId, task.nodeId);
  }

  #giveNodes({ book, nodesWanted, network }: NetworkRecord): Map<string, HostAddresses> {
    const given = new Map<string, HostAddresses>();
    for (const nodeId of nodesWanted) {
      const taken = book?.take(`node/${nodeId}`);
      if (taken?.kind !== 'taken') {
        if (network !== undefined) this.networks.errorsDirty.add(network.id);
        break;
      }
      nodesWanted.delete(nodeId);
      given.set(nodeId, taken.addresses);
    }
    return given;
  }

  #decideServices(decisions: Decision[]): void {
    for (const serviceId of this.services.dirty) {
      this.services.dirty.delete(serviceId);
      const service = this.services.get(serviceId);
      if (service === undefined) continue;
      const endpoint = this.services.endpointOf(service);
      if (isSameEndpoint(endpoint, service.endpoint)) continue;
      decisions.push({ kind: 'service', serviceId, endpoint });
      this.#inFlight.services.add(serviceId);
    }
  }

  #decideTasks({ tasksMax }: DecideOptions, decisions: Decision[]): void {
    let grants: Grant[] = [];
    let count = 0;
    for (const task of this.tasks.fresh.values()) {
      if (++count > tasksMax) break;
      const outcome = this.tasks.allocate(task);
      if (outcome.kind === 'waits') {
        if (task.status?.error !== outcome.error) this.#unexplained.set(task.id, outcome.error);
        continue;
      }
      this.#unexplained.delete(task.id);
      this.#inFlight.tasks.add(task.id);
      grants.push(outcome.grant);
      if (grants.length < grantsPerDecision) continue;
      decisions.push({ kind: 'tasks', grants });
      grants = [];
    }
    if (grants.length > 0) decisions.push({ kind: 'tasks', grants });
    let explained = 0;
    for (const [taskId, error] of this.#unexplained) {
      if (++explained > explainedPerRound) break;
      this.#unexplained.delete(taskId);
      decisions.push({ kind: 'explain', taskId, error });
    }
  }

  #decideErrors(decisions: Decision[]): void {
    for (const networkId of this.networks.errorsDirty) {
      if (this.#inFlight.networks.has(networkId)) continue;
      this.networks.errorsDirty.delete(networkId);
      const { network, book, waiters, nodesWanted, refusal } = this.networks.record(networkId);
      if (network === undefined) continue;
      const isShort = book !== undefined && (waiters.anyCount > 0 || nodesWanted.size > 0);
      const error = isShort ? book.exhaustion(this.networks.nodes.size) : refusal;
      if (error === network.error) continue;
      decisions.push({ kind: 'error', networkId, error });
      this.#inFlight.networks.add(networkId);
    }
  }
}

function ageOf(task: Task | undefined): number {
  return task?.meta?.createdAtMs ?? -1;
}

function isSameEndpoint(a: ServiceEndpoint | undefined, b: ServiceEndpoint | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(ServiceEndpoint.encode(a), ServiceEndpoint.encode(b)) === 0;
}
