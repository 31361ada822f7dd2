import { hash32 } from '#lib';
import type { Commit, StoreEvent } from '#manager';
import { mayFollow } from '#manager/orchestrator/task-transitions';
import { Availability, NodeState, TaskState, TaskStateNames } from '#proto';
import type { Network, Node, Service, Task } from '#proto';
import { networkFaults } from '#test/_support/network-invariants';
import { check } from './sim-failure.ts';

const { READY, RUNNING, COMPLETE, ASSIGNED } = TaskState;

/**
 * The state that all managers agreed on, rebuilt from the commits of whoever applies them first.
 */
export class ClusterChecker {
  readonly nodes = new Map<string, Node>();
  readonly services = new Map<string, Service>();
  readonly tasks = new Map<string, Task>();
  readonly networks = new Map<string, Network>();
  /** A hash of the whole state by version: the same on every manager. */
  readonly #hashes = new Map<number, number>();
  readonly #trace: (text: string) => void;
  #version = 0;

  constructor(trace: (text: string) => void) {
    this.#trace = trace;
  }

  get version(): number {
    return this.#version;
  }

  /** What one manager's store says from its start on; call it with each of its commits. */
  watcher(hostId: string): (commit: Commit) => void {
    const mirror = new StateHash();
    return (commit) => {
      mirror.apply(commit);
      const known = this.#hashes.get(commit.version);
      const isSame = known === undefined || known === mirror.value;
      check(isSame, () => `${hostId} has another state at ${commit.version}`);
      this.#hashes.set(commit.version, mirror.value);
      if (commit.version > this.#version) this.#first(commit);
    };
  }

  /** An entry that nobody had applied before: never the difference to a snapshot. */
  #first(commit: Commit): void {
    this.#version = commit.version;
    if (commit.events.length > 0)
      this.#trace(`commit ${commit.version} ${commit.events.map(describe).join('; ')}`);
    for (const event of commit.events) this.#apply(event);
    for (const event of commit.events)
      if (event.table === 'task' && event.kind !== 'remove') this.#checkSlot(event.object);
    if (this.networks.size > 0) this.#checkNetworks();
  }

  #apply(event: StoreEvent): void {
    switch (event.table) {
      case 'node':
        put(this.nodes, event.kind, event.object);
        return;
      case 'service':
        put(this.services, event.kind, event.object);
        return;
      case 'task': {
        const old = this.tasks.get(event.object.id);
        put(this.tasks, event.kind, event.object);
        if (event.kind !== 'remove') this.#checkTask(old, event.object);
        return;
      }
      case 'network':
        put(this.networks, event.kind, event.object);
        return;
      case 'cluster':
    }
  }

  /** No address, number or port is given twice. */
  #checkNetworks(): void {
    const tables = {
      network: this.networks,
      service: this.services,
      task: this.tasks,
      node: this.nodes,
      cluster: new Map(),
    };
    const [fault] = networkFaults({ list: (table) => tables[table].values() });
    check(fault === undefined, () => fault ?? '');
  }

  #checkTask(old: Task | undefined, task: Task): void {
    const what = `task ${task.id}`;
    const state = stateOf(task);
    check(
      state < ASSIGNED || state === TaskState.SHUTDOWN || task.nodeId !== '',
      () => `${what} is ${name(state)} nowhere`,
    );
    if (old !== undefined) {
      const from = stateOf(old);
      check(mayFollow(from, state), () => `${what} went from ${name(from)} to ${name(state)}`);
      check(task.desiredState >= old.desiredState, () => `${what}: desired state went back`);
      check(task.serviceId === old.serviceId, () => `${what} changed its service`);
      check(task.slot === old.slot, () => `${what} changed its slot`);
      check(old.nodeId === '' || old.nodeId === task.nodeId, () => `${what} changed its node`);
    }
    if (task.nodeId !== '' && (old?.nodeId ?? '') === '') this.#checkPlacement(task);
    if (task.preemptedBy !== undefined && old?.preemptedBy === undefined)
      this.#checkVictim(task, task.preemptedBy.priority);
  }

  #checkVictim(task: Task, priority: number): void {
    const own = task.spec?.placement?.priority ?? 0;
    check(own < priority, () => `task ${task.id} went for one that is no more important`);
    check(task.desiredState > COMPLETE, () => `task ${task.id} makes room, but is to run`);
  }

  /** What is assigned to a node never reserves more than it has. */
  #checkRoom(node: Node): void {
    const has = node.description?.resources?.cpuNano ?? 0;
    let cpuNano = 0;
    for (const task of this.tasks.values())
      if (task.nodeId === node.id && stateOf(task) >= ASSIGNED && stateOf(task) < COMPLETE)
        cpuNano += task.spec?.resources?.reservations?.cpuNano ?? 0;
    check(cpuNano <= has || cpuNano === 0, () => `${node.id} holds ${cpuNano} of ${has}`);
  }

  #checkPlacement(task: Task): void {
    const node = this.nodes.get(task.nodeId);
    check(node !== undefined, () => `task ${task.id} placed on a node that is not there`);
    const isActive = node.spec?.availability === Availability.ACTIVE;
    check(isActive, () => `task ${task.id} placed on ${node.id}, which takes none`);
    const isDown = node.status?.state === NodeState.DOWN;
    check(!isDown, () => `task ${task.id} placed on ${node.id}, which is down`);
    this.#checkRoom(node);
  }

  /** At most one task of a slot is to run; with stop-first at most one is not on its way out. */
  #checkSlot(task: Task): void {
    const service = this.services.get(task.serviceId);
    if (service === undefined || service.spec?.mode?.kind !== 'replicated') return;
    const wanted = [...this.tasks.values()].filter(
      (other) =>
        other.serviceId === task.serviceId &&
        other.slot === task.slot &&
        other.desiredState >= READY &&
        other.desiredState <= RUNNING &&
        stateOf(other) < COMPLETE,
    );
    check(
      wanted.length <= 1,
      () => `slot ${task.slot} of ${service.spec?.name} has ${wanted.map(({ id }) => id).join()}`,
    );
  }
}

/** A hash over all objects of one store, whatever the order in which they came. */
class StateHash {
  readonly #objects = new Map<string, number>();
  value = 0;

  apply(commit: Commit): void {
    for (const event of commit.events) {
      const key = `${event.table}/${event.object.id}`;
      this.value ^= this.#objects.get(key) ?? 0;
      this.#objects.delete(key);
      if (event.kind === 'remove') continue;
      const version = event.object.meta?.version ?? 0;
      const hash = hash32(`${key} ${version} ${stateText(event)}`);
      this.#objects.set(key, hash);
      this.value ^= hash;
    }
  }
}

export function stateOf(task: Task): TaskState {
  return task.status?.state ?? TaskState.NEW;
}

function name(state: TaskState): string {
  return TaskStateNames[state] ?? String(state);
}

function put<T extends { readonly id: string }>(
  table: Map<string, T>,
  kind: StoreEvent['kind'],
  object: T,
): void {
  if (kind === 'remove') table.delete(object.id);
  else table.set(object.id, object);
}

function describe(event: StoreEvent): string {
  const { kind, table, object } = event;
  return `${kind} ${table} ${object.id.slice(0, 8)}${stateText(event)}`;
}

/** What matters of the object after the event. */
function stateText(event: StoreEvent): string {
  switch (event.table) {
    case 'task': {
      const { status, desiredState, nodeId, slot, serviceName } = event.object;
      const states = `${name(status?.state ?? TaskState.NEW)}/${name(desiredState)}`;
      const error = status?.error ?? '';
      return ` ${serviceName}.${slot} ${states} @${nodeId}${error === '' ? '' : ` ${error}`}`;
    }
    case 'node': {
      const { status, spec } = event.object;
      return ` ${status?.state ?? 0}/${spec?.availability ?? 0}`;
    }
    case 'service': {
      const { spec, isRemoving, specVersion, updateStatus } = event.object;
      const replicas = spec?.mode?.kind === 'replicated' ? spec.mode.replicated.replicas : 'all';
      return ` ${spec?.name} x${replicas} v${specVersion} update ${updateStatus?.state ?? 0}${isRemoving ? ' removing' : ''}`;
    }
    default:
      return '';
  }
}
