/**
 * A whole cluster in one process under one seed: 1 or 3 managers with all their loops, Raft between
 * them, an agent with a simulated runtime on every host, users at the API, and faults. Then everything heals
 * and the cluster has to become what was asked of it.
 */
import type { Random } from '#lib';
import { ClusterError, seededRandom } from '#lib';
import type { Subscription } from '#manager';
import { Availability, Cluster, ClusterSpec, Node, NodeRole, NodeSpec } from '#proto';
import { NodeState, NodeStatus, RootCa, ServiceSpec, TaskState, UpdateState } from '#proto';
import type { Service, Task } from '#proto';
import { VirtualClock } from '#test/_support/virtual-clock';
import { ClusterChecker, stateOf } from './cluster-checker.ts';
import { SimHost, clusterId } from './cluster-host.ts';
import { ClusterNetwork } from './cluster-network.ts';
import { ClusterUser } from './cluster-user.ts';
import { SimFailure, check } from './sim-failure.ts';
import type { World, WorldResult } from './sim-failure.ts';
import { Trace } from './sim-trace.ts';

const formMs = 60_000;
const convergeMs = 90_000;
const eventsMax = 400_000;
const historyLimit = 3;

class ClusterWorld {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly hosts: SimHost[] = [];
  readonly checker: ClusterChecker;
  readonly user: ClusterUser;
  readonly #network: ClusterNetwork;
  readonly #trace = new Trace(200);
  /** What the managers' stores were watched with, by manager. */
  readonly #watched = new Map<object, Subscription>();
  #isChaos = false;
  #failure: SimFailure | undefined;
  #faults = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.checker = new ClusterChecker((text) => this.trace(text));
    this.#network = new ClusterNetwork(this.clock, this.random.fork('network'));
    this.user = new ClusterUser(this, this.random.fork('user'));
    const draw = this.random.fork('world');
    const managers = draw.below(3) === 0 ? 1 : 3;
    const size = Math.max(managers, 3 + draw.below(4));
    const ids = Array.from({ length: size }, (_, index) => `h${index + 1}`);
    const managerIds = ids.slice(0, managers);
    const hosts = { byAddress: (address: string) => this.#byAddress(address) };
    for (const id of ids)
      this.hosts.push(
        new SimHost({
          id,
          isManager: managerIds.includes(id),
          clock: this.clock,
          random: this.random.fork(`host/${id}`),
          network: this.#network,
          hosts,
          first: id === 'h1' ? firstObjects('h1') : undefined,
          managerAddresses: managerIds.map((manager) => `${manager}:7377`),
          onFailed: (host, error) => this.#stopped(host, error),
        }),
      );
    this.clock.onEvent(() => this.#afterEvent());
  }

  trace(text: string): void {
    this.#trace.add(this.clock.monotonic(), text);
  }

  async run(): Promise<WorldResult> {
    try {
      await this.#form();
      this.#isChaos = true;
      const nemesis = this.#nemesis(this.random.fork('nemesis'));
      const user = this.#live(this.random.fork('pace'));
      await this.clock.advance(10_000 + this.random.below(15_000));
      this.#isChaos = false;
      await this.clock.resolve(Promise.all([nemesis, user]), 60_000, 'the end of the chaos');
      await this.#heal();
      await this.#converge();
    } catch (error) {
      throw this.#explained(error);
    }
    const { done, refused, unknown } = this.user.counts;
    const managers = this.hosts.filter(({ isManager }) => isManager).length;
    return {
      traceHash: this.#trace.hash,
      eventCount: this.clock.eventCount,
      summary:
        `${managers} managers, ${this.hosts.length} hosts, ${this.#faults} faults, ` +
        `${done} calls done, ${refused} refused, ${unknown} unknown, ${this.checker.version} commits`,
    };
  }

  #explained(error: unknown): SimFailure {
    const failure =
      error instanceof SimFailure ? error : new SimFailure('convergence', String(error), error);
    failure.message += `\n  ${this.#trace.tail().join('\n  ')}`;
    return failure;
  }

  #byAddress(address: string): SimHost | undefined {
    return this.hosts.find((host) => host.address === address);
  }

  #stopped(host: SimHost, error: unknown): void {
    this.trace(`daemon of ${host.id} failed: ${String(error)}`);
    // As the daemon does: the process ends, and is started again.
    const isExpected = error instanceof ClusterError && error.code !== 'DATA_LOSS';
    if (!isExpected) this.#fail(new SimFailure('assertion', `${host.id}: ${String(error)}`, error));
    host.kill();
    this.clock.after(500, () => host.boot());
  }

  #fail(failure: SimFailure): void {
    this.#failure ??= failure;
  }

  #afterEvent(): void {
    this.#watchStores();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.clock.eventCount > eventsMax)
      throw new SimFailure('convergence', `more than ${eventsMax} events`);
  }

  #watchStores(): void {
    for (const { id, manager } of this.hosts) {
      if (manager === undefined || this.#watched.has(manager)) continue;
      const subscription = manager.store.watch((commit) => {
        try {
          this.checker.applied(id, commit);
        } catch (error) {
          this.#fail(error as SimFailure);
        }
      });
      this.#watched.set(manager, subscription);
    }
  }

  /** All nodes join. */
  async #form(): Promise<void> {
    const [first, ...others] = this.hosts;
    if (first === undefined) throw new Error('no host');
    first.boot();
    this.#watchStores();
    const { manager } = first;
    await this.clock.until(() => this.checker.nodes.size > 0, formMs, 'the founding');
    const added = manager?.store.update((tx) => {
      for (const { id, isManager } of others) tx.create('node', joinedNode(id, isManager));
    });
    if (added !== undefined) await this.clock.resolve(added, formMs, 'the joining');
    for (const host of others) host.boot();
    await this.clock.until(() => this.#areAllReady(), formMs, 'all nodes ready');
    const isMember = (): boolean =>
      this.hosts.every(
        (host) => host.manager?.status().members.some(({ nodeId }) => nodeId === host.id) ?? true,
      );
    await this.clock.until(isMember, formMs, 'all managers members');
  }

  #areAllReady(): boolean {
    return this.hosts.every(
      ({ id }) => this.checker.nodes.get(id)?.status?.state === NodeState.READY,
    );
  }

  /** Users come and go. */
  async #live(random: Random): Promise<void> {
    while (this.#isChaos) {
      await this.clock.wait(50 + random.below(900));
      if (!this.#isChaos) return;
      try {
        await this.user.act();
      } catch (error) {
        this.#fail(new SimFailure('checker', `an unexpected answer: ${String(error)}`, error));
      }
    }
  }

  async #nemesis(random: Random): Promise<void> {
    const faults = [
      () => this.#kill(this.#any(random), random),
      () => this.#kill(this.#leader(), random),
      () => this.#powerCut(random),
      () => this.#cut(random),
      () => this.#isolate(this.#leader(), random),
      () => this.#isolate(this.#any(random), random),
      () => this.#pause(random),
      () => this.#exitContainer(random),
      () => this.#exitContainer(random),
      () => this.#runtimeDown(random),
      () => this.#noImages(random),
      () => this.#network.heal(),
    ].flatMap((fault) => Array.from({ length: random.below(3) }, () => fault));
    const pauseMaxMs = 200 + random.below(3_000);
    while (this.#isChaos && faults.length > 0) {
      await this.clock.wait(20 + random.below(pauseMaxMs));
      if (!this.#isChaos) return;
      this.#faults++;
      faults[random.below(faults.length)]?.();
    }
  }

  #any(random: Random): SimHost | undefined {
    return this.hosts[random.below(this.hosts.length)];
  }

  #leader(): SimHost | undefined {
    return this.hosts.find(({ manager }) => manager?.isLeader());
  }

  #kill(host: SimHost | undefined, random: Random): void {
    if (host?.isUp !== true) return;
    this.trace(`kill ${host.id}`);
    host.kill();
    this.clock.after(random.below(4_000), () => host.boot());
  }

  #powerCut(random: Random): void {
    const host = this.#any(random);
    if (host === undefined) return;
    this.trace(`power cut ${host.id}`);
    host.cutPower();
    this.clock.after(random.below(12_000), () => host.boot());
  }

  #cut(random: Random): void {
    const [a, b] = [this.#any(random), this.#any(random)];
    if (a === undefined || b === undefined || a === b) return;
    this.trace(`cut ${a.id} ${b.id}`);
    this.#network.cut(a.id, b.id);
  }

  #isolate(host: SimHost | undefined, random: Random): void {
    if (host === undefined) return;
    this.trace(`isolate ${host.id}`);
    for (const other of this.hosts) if (other !== host) this.#network.cut(host.id, other.id);
    this.clock.after(random.below(10_000), () => this.#network.heal());
  }

  #pause(random: Random): void {
    const host = this.#any(random);
    if (host === undefined || host.isPaused) return;
    this.trace(`pause ${host.id}`);
    host.pause();
    this.clock.after(random.below(6_000), () => host.resume());
  }

  #exitContainer(random: Random): void {
    const states = this.#any(random)?.runtime.peek() ?? [];
    const state = states[random.below(Math.max(1, states.length))];
    const host = this.hosts.find(({ runtime }) =>
      runtime.peek().some(({ id }) => id === state?.id),
    );
    if (state === undefined || host === undefined) return;
    this.trace(`exit ${state.id.slice(0, 8)} on ${host.id}`);
    host.runtime.exit(state.id, random.below(2));
  }

  #runtimeDown(random: Random): void {
    const host = this.#any(random);
    if (host === undefined) return;
    this.trace(`runtime of ${host.id} down`);
    host.runtime.isDown = true;
    this.clock.after(random.below(4_000), () => {
      host.runtime.isDown = false;
    });
  }

  #noImages(random: Random): void {
    const host = this.#any(random);
    if (host === undefined) return;
    this.trace(`no images for ${host.id}`);
    host.runtime.images.pullError = () => new ClusterError('IMAGE_NOT_FOUND', 'no such image');
    this.clock.after(random.below(4_000), () => {
      host.runtime.images.pullError = () => undefined;
    });
  }

  async #heal(): Promise<void> {
    this.trace('heal');
    this.#network.heal();
    for (const host of this.hosts) {
      host.resume();
      host.runtime.isDown = false;
      host.runtime.images.pullError = () => undefined;
      host.boot();
    }
    const hasLeader = (): boolean => this.#leader() !== undefined && this.#areAllReady();
    await this.clock.until(hasLeader, convergeMs, 'all nodes ready again');
    await this.clock.resolve(this.user.activateAll(), convergeMs, 'all nodes active');
  }

  async #converge(): Promise<void> {
    let missing = '';
    const isThere = (): boolean => {
      missing = this.#missing() ?? '';
      return missing === '';
    };
    try {
      await this.clock.until(isThere, convergeMs, 'the cluster as desired');
      // It stays so: nothing oscillates.
      await this.clock.advance(5_000);
    } catch (error) {
      if (error instanceof SimFailure) throw error;
      throw new SimFailure('convergence', `not as desired: ${missing}`);
    }
    check(isThere(), () => `it did not stay as desired: ${missing}`);
    this.#checkPromises();
  }

  /** The first thing that is not as desired; undefined when all is. */
  #missing(): string | undefined {
    const { nodes, services, tasks } = this.checker;
    if (!this.#areAllReady()) return 'a node is not ready';
    for (const node of nodes.values())
      if (node.spec?.availability !== Availability.ACTIVE) return `${node.id} is not active`;
    for (const service of services.values()) {
      const wrong = this.#wrongService(service);
      if (wrong !== undefined) return `service ${service.spec?.name}: ${wrong}`;
    }
    for (const task of tasks.values())
      if (!services.has(task.serviceId)) return `task ${task.id} has no service`;
    return this.hosts.map((host) => this.#wrongHost(host)).find((wrong) => wrong !== undefined);
  }

  #wrongService(service: Service): string | undefined {
    if (service.isRemoving) return 'not removed yet';
    const tasks = [...this.checker.tasks.values()].filter(
      ({ serviceId }) => serviceId === service.id,
    );
    const wanted = tasks.filter(({ desiredState }) => desiredState <= TaskState.RUNNING);
    const running = wanted.filter((task) => stateOf(task) === TaskState.RUNNING);
    const mode = service.spec?.mode;
    const expected = mode?.kind === 'replicated' ? mode.replicated.replicas : this.hosts.length;
    if (running.length !== expected || wanted.length !== expected)
      return `${running.length} of ${wanted.length} run, ${expected} should`;
    const old = running.find(({ specVersion }) => specVersion !== service.specVersion);
    const isPaused = service.updateStatus?.state === UpdateState.PAUSED;
    if (old !== undefined && !isPaused) return `task ${old.id} is of an old version`;
    const places = new Set(running.map((task) => placeOf(task, mode?.kind === 'replicated')));
    if (places.size !== running.length) return 'two tasks in one place';
    const ended = tasks.filter((task) => stateOf(task) >= TaskState.COMPLETE);
    const perPlace = Map.groupBy(ended, (task) => placeOf(task, mode?.kind === 'replicated'));
    for (const [place, history] of perPlace)
      if (history.length > historyLimit) return `${history.length} ended tasks in ${place}`;
    return undefined;
  }

  /** The host runs exactly what is assigned to it. */
  #wrongHost(host: SimHost): string | undefined {
    const expected = [...this.checker.tasks.values()]
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

  /** What was acknowledged is there; what was refused is not. */
  #checkPromises(): void {
    const byName = new Map(
      [...this.checker.services.values()].map((service) => [service.spec?.name ?? '', service]),
    );
    for (const [name, known] of this.user.services) {
      const service = byName.get(name);
      if (known.isRemoved === true) check(service === undefined, () => `${name} came back`);
      if (known.isRemoved !== false || service === undefined) {
        const mayMiss = known.isRemoved !== false || !known.isCreated;
        check(mayMiss, () => `${name} was acknowledged and is gone`);
        continue;
      }
      const found = ServiceSpec.encode(shapeOf(service.spec)).join();
      const isPromised = known.specs.some(
        (spec) => ServiceSpec.encode(shapeOf(spec)).join() === found,
      );
      check(isPromised, () => `${name} is not as its user was told`);
    }
    for (const name of byName.keys())
      check(this.user.services.has(name), () => `${name} was refused and is there`);
  }
}

/** What users change of a spec, without what the API fills in. */
function shapeOf(spec: ServiceSpec | undefined): ServiceSpec {
  const image = spec?.task?.containers[0]?.image ?? '';
  return ServiceSpec.create({
    name: spec?.name ?? '',
    labels: { image },
    ...(spec?.mode === undefined ? {} : { mode: spec.mode }),
  });
}

function placeOf(task: Task, isReplicated: boolean): string {
  return isReplicated ? `slot ${task.slot}` : task.nodeId;
}

function joinedNode(id: string, isManager: boolean): Node {
  const role = isManager ? NodeRole.MANAGER : NodeRole.WORKER;
  return Node.create({ id, spec: NodeSpec.create({ role }), role, status: NodeStatus.create() });
}

function firstObjects(nodeId: string): { readonly cluster: Cluster; readonly node: Node } {
  const spec = ClusterSpec.create({
    name: 'default',
    heartbeatPeriodMs: 1_000,
    taskHistoryLimit: historyLimit,
    snapshotInterval: 200,
  });
  const rootCa = RootCa.create({ digest: 'd' });
  return {
    cluster: Cluster.create({ id: clusterId, spec, rootCa }),
    node: joinedNode(nodeId, true),
  };
}

export const clusterWorld: World = {
  name: 'cluster',
  run: (seed) => new ClusterWorld(seed).run(),
};
