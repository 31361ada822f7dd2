import { hash32 } from '#lib';
import type { Commit, StoreEvent } from '#manager';
import { mayFollow } from '#manager/orchestrator/task-transitions';
import { Availability, NodeState, TaskState, TaskStateNames } from '#proto';
import type { Node, Service, Task } from '#proto';
import { check } from './sim-failure.ts';

const { READY, RUNNING, COMPLETE, ASSIGNED } = TaskState;

/**
 * The state that all managers agreed on, rebuilt from the commits of whoever applies them first.
 */
export class ClusterChecker {
  readonly nodes = new Map<string, Node>();
  readonly services = new Map<string, Service>();
  readonly tasks = new Map<string, Task>();
  /** A hash of each commit by version: every manager applies the same. */
  readonly #hashes = new Map<number, number>();
  readonly #trace: (text: string) => void;
  #version = 0;

  constructor(trace: (text: string) => void) {
    this.#trace = trace;
  }

  get version(): number {
    return this.#version;
  }

  /**
   * One entry as `hostId` applied it; a restored snapshot comes as one commit with the
   * difference.
   */
  applied(hostId: string, commit: Commit): void {
    const hash = hash32(commit.events.map(describe).join(';'));
    if (commit.version <= this.#version) {
      const known = this.#hashes.get(commit.version);
      const isSame = known === undefined || known === hash || !this.#isWhole.has(commit.version);
      check(isSame, () => `${hostId} applied something else at ${commit.version}`);
      return;
    }
    const isNext = commit.version === this.#version + 1 || this.#version === 0;
    if (isNext) this.#isWhole.add(commit.version);
    this.#version = commit.version;
    this.#hashes.set(commit.version, hash);
    if (commit.events.length > 0)
      this.#trace(`commit ${commit.version} ${commit.events.map(describe).join('; ')}`);
    for (const event of commit.events) this.#apply(event, isNext);
    for (const event of commit.events)
      if (event.table === 'task' && event.kind !== 'remove') this.#checkSlot(event.object);
  }

  /** Versions that were seen as one entry, not as the difference to a snapshot. */
  readonly #isWhole = new Set<number>();

  #apply(event: StoreEvent, isWhole: boolean): void {
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
        if (event.kind !== 'remove') this.#checkTask(old, event.object, isWhole);
        return;
      }
      case 'cluster':
    }
  }

  #checkTask(old: Task | undefined, task: Task, isWhole: boolean): void {
    const what = `task ${task.id}`;
    const state = stateOf(task);
    check(
      state < ASSIGNED || state === TaskState.SHUTDOWN || task.nodeId !== '',
      () => `${what} is ${name(state)} nowhere`,
    );
    if (old !== undefined) {
      const from = stateOf(old);
      if (isWhole)
        check(mayFollow(from, state), () => `${what} went from ${name(from)} to ${name(state)}`);
      check(state >= from, () => `${what} went back from ${name(from)} to ${name(state)}`);
      check(task.desiredState >= old.desiredState, () => `${what}: desired state went back`);
      check(task.serviceId === old.serviceId, () => `${what} changed its service`);
      check(task.slot === old.slot, () => `${what} changed its slot`);
      check(old.nodeId === '' || old.nodeId === task.nodeId, () => `${what} changed its node`);
    }
    if (isWhole && task.nodeId !== '' && (old?.nodeId ?? '') === '') this.#checkPlacement(task);
  }

  #checkPlacement(task: Task): void {
    const node = this.nodes.get(task.nodeId);
    check(node !== undefined, () => `task ${task.id} placed on a node that is not there`);
    const isActive = node.spec?.availability === Availability.ACTIVE;
    check(isActive, () => `task ${task.id} placed on ${node.id}, which takes none`);
    const isDown = node.status?.state === NodeState.DOWN;
    check(!isDown, () => `task ${task.id} placed on ${node.id}, which is down`);
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
  const head = `${kind} ${table} ${object.id.slice(0, 8)}`;
  switch (event.table) {
    case 'task': {
      const { status, desiredState, nodeId, slot, serviceName } = event.object;
      const states = `${name(status?.state ?? TaskState.NEW)}/${name(desiredState)}`;
      const error = status?.error ?? '';
      return `${head} ${serviceName}.${slot} ${states} @${nodeId}${error === '' ? '' : ` ${error}`}`;
    }
    case 'node': {
      const { status, spec } = event.object;
      return `${head} ${status?.state ?? 0}/${spec?.availability ?? 0}`;
    }
    case 'service': {
      const { spec, isRemoving, specVersion, updateStatus } = event.object;
      const replicas = spec?.mode?.kind === 'replicated' ? spec.mode.replicated.replicas : 'all';
      return `${head} ${spec?.name} x${replicas} v${specVersion} update ${updateStatus?.state ?? 0}${isRemoving ? ' removing' : ''}`;
    }
    default:
      return head;
  }
}
