import { Availability, NodeState, TaskState, UpdateState } from '#proto';
import type { Service, Task, TaskSpec } from '#proto';
import { stateOf } from './cluster-checker.ts';
import type { ClusterChecker } from './cluster-checker.ts';
import type { SimHost } from './cluster-host.ts';
import { wrongView } from './cluster-networks.ts';

/** Finished tasks that a slot keeps. */
export const historyLimit = 3;

/** Whether the managers know all these hosts as there. */
export function areReady(checker: ClusterChecker, hosts: readonly SimHost[]): boolean {
  return hosts.every(({ id }) => checker.nodes.get(id)?.status?.state === NodeState.READY);
}

/** What the cluster must come to once faults have ended: EventuallyAsDesired. */
export class ClusterGoal {
  readonly #checker: ClusterChecker;
  /** Those that are not lost for good. */
  readonly #hosts: readonly SimHost[];

  constructor(checker: ClusterChecker, hosts: readonly SimHost[]) {
    this.#checker = checker;
    this.#hosts = hosts;
  }

  /** The first thing that is not as desired; undefined when all is. */
  missing(): string | undefined {
    const { services, tasks } = this.#checker;
    if (!areReady(this.#checker, this.#hosts)) return 'a node is not ready';
    for (const service of services.values()) {
      const wrong = this.#wrongService(service);
      if (wrong !== undefined) return `service ${service.spec?.name}: ${wrong}`;
    }
    for (const task of tasks.values())
      if (!services.has(task.serviceId)) return `task ${task.id} has no service`;
    const wrong = this.#hosts.map((host) => this.#wrongHost(host)).find(Boolean);
    return wrong ?? this.#wrongNetworks();
  }

  /** Every host knows of its networks what the leader's store says. */
  #wrongNetworks(): string | undefined {
    const store = this.#hosts.find(({ manager }) => manager?.isLeader())?.manager?.store;
    if (store === undefined) return 'nobody leads';
    return this.#hosts
      .map(({ id, consumer }) => wrongView(store, id, consumer?.view))
      .find(Boolean);
  }

  /** Hosts that take tasks. */
  get #open(): readonly SimHost[] {
    return this.#hosts.filter(
      ({ id }) => this.#checker.nodes.get(id)?.spec?.availability === Availability.ACTIVE,
    );
  }

  #wrongService(service: Service): string | undefined {
    if (service.isRemoving) return 'not removed yet';
    const isReplicated = service.spec?.mode?.kind === 'replicated';
    const tasks = [...this.#checker.tasks.values()].filter(
      ({ serviceId }) => serviceId === service.id,
    );
    // A task of a global service stays on a node that is lost, and counts for nothing there.
    const isThere = (task: Task): boolean => isReplicated || !this.#isLost(task.nodeId);
    const wanted = tasks
      .filter(({ desiredState }) => desiredState <= TaskState.RUNNING)
      .filter(isThere);
    const running = wanted.filter((task) => stateOf(task) === TaskState.RUNNING);
    const expected = this.#expectedCount(service);
    if (running.length !== expected || wanted.length !== expected)
      return `${running.length} of ${wanted.length} run, ${expected} should`;
    const open = new Set(this.#open.map(({ id }) => id));
    const astray = running.find(({ nodeId }) => !open.has(nodeId));
    if (astray !== undefined)
      return `task ${astray.id} runs on ${astray.nodeId}, which is not open`;
    const isPaused = service.updateStatus?.state === UpdateState.PAUSED;
    const old = running.find(({ spec }) => imageOf(spec) !== imageOf(service.spec?.task));
    if (old !== undefined && !isPaused) return `${old.id} @${old.nodeId} is of an old version`;
    const places = new Set(running.map((task) => placeOf(task, isReplicated)));
    if (places.size !== running.length) return 'two tasks in one place';
    const ended = tasks.filter((task) => stateOf(task) >= TaskState.COMPLETE);
    for (const [place, past] of Map.groupBy(ended, (task) => placeOf(task, isReplicated)))
      if (past.length > historyLimit) return `${past.length} ended tasks in ${place}`;
    return undefined;
  }

  #isLost(nodeId: string): boolean {
    return !this.#hosts.some(({ id }) => id === nodeId);
  }

  #expectedCount({ spec }: Service): number {
    return spec?.mode?.kind === 'replicated' ? spec.mode.replicated.replicas : this.#open.length;
  }

  /** The host runs exactly what is assigned to it. */
  #wrongHost(host: SimHost): string | undefined {
    const expected = [...this.#checker.tasks.values()]
      .filter(({ nodeId }) => nodeId === host.id)
      .filter((task) => stateOf(task) === TaskState.RUNNING)
      .map(({ id }) => `${id}.main`)
      .toSorted();
    const states = host.runtime.peek();
    const there = states.map(({ id }) => id);
    if (there.join() !== expected.join())
      return `${host.id} has ${there.length} containers for ${expected.length} tasks`;
    if (states.some(({ phase }) => phase !== 'running')) return `${host.id}: one does not run`;
    const attached = host.networks.peek().length;
    return attached === expected.length ? undefined : `${host.id} has ${attached} networks`;
  }
}

/** All that updates change here. A task that is as it should be stays, whatever its version. */
function imageOf(spec: TaskSpec | undefined): string {
  return spec?.containers[0]?.image ?? '';
}

function placeOf(task: Task, isReplicated: boolean): string {
  return isReplicated ? `slot ${task.slot}` : task.nodeId;
}
