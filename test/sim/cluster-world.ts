/**
 * A whole cluster in one process under one seed: 1 or 3 managers with all their loops, Raft between
 * them, an agent with a simulated runtime on every host, users at the API, and faults. Then
 * everything heals and the cluster has to become what was asked of it.
 */
import type { Random } from '#lib';
import { ClusterError, seededRandom } from '#lib';
import type { Subscription } from '#manager';
import { Cluster, ClusterSpec, Node, NodeRole, NodeSpec, NodeStatus } from '#proto';
import { RootCa, ServiceSpec } from '#proto';
import { VirtualClock } from '#test/_support/virtual-clock';
import { ClusterChecker } from './cluster-checker.ts';
import { ClusterGoal, areReady, historyLimit } from './cluster-goal.ts';
import { SimHost, clusterId } from './cluster-host.ts';
import { newNetworks } from './cluster-networks.ts';
import { Nemesis } from './cluster-nemesis.ts';
import { ClusterNetwork } from './cluster-network.ts';
import { ClusterUser } from './cluster-user.ts';
import { SimFailure, check } from './sim-failure.ts';
import type { World, WorldResult } from './sim-failure.ts';
import { Trace } from './sim-trace.ts';

const formMs = 60_000;
const convergeMs = 90_000;
const eventsMax = 400_000;

class ClusterWorld {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly hosts: SimHost[] = [];
  readonly checker: ClusterChecker;
  readonly user: ClusterUser;
  readonly network: ClusterNetwork;
  readonly #trace = new Trace(200);
  /** What the managers' stores were watched with, by manager. */
  readonly #watched = new Map<object, Subscription>();
  isChaos = false;
  #failure: SimFailure | undefined;
  readonly #nemesis: Nemesis;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.checker = new ClusterChecker((text) => this.trace(text));
    this.network = new ClusterNetwork(this.clock, this.random.fork('network'));
    this.#nemesis = new Nemesis(this, this.random.fork('nemesis'));
    this.user = new ClusterUser(this, this.random.fork('user'));
    const draw = this.random.fork('world');
    const managers = draw.below(3) === 0 ? 1 : 3;
    const size = Math.max(managers, 3 + draw.below(4));
    const ids = Array.from({ length: size }, (_, index) => `h${index + 1}`);
    const managerIds = ids.slice(0, managers);
    // Few entries between snapshots, so that a manager that was away needs one.
    const raft = { snapshotEntries: 20 + draw.below(200), keepEntries: 1 + draw.below(50) };
    const hosts = { byAddress: (address: string) => this.#byAddress(address) };
    for (const id of ids)
      this.hosts.push(
        new SimHost({
          id,
          isManager: managerIds.includes(id),
          clock: this.clock,
          random: this.random.fork(`host/${id}`),
          network: this.network,
          hosts,
          first: id === 'h1' ? firstObjects('h1') : undefined,
          raft,
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
      this.isChaos = true;
      const nemesis = this.#nemesis.run();
      const user = this.#live(this.random.fork('pace'));
      await this.clock.advance(10_000 + this.random.below(15_000));
      this.isChaos = false;
      await this.clock.resolve(Promise.all([nemesis, user]), 60_000, 'the end of the chaos');
      await this.#converge(await this.#heal(this.random.fork('heal')));
    } catch (error) {
      throw this.#explained(error);
    }
    const { done, refused, unknown } = this.user.counts;
    const managers = this.hosts.filter(({ isManager }) => isManager).length;
    return {
      traceHash: this.#trace.hash,
      eventCount: this.clock.eventCount,
      summary:
        `${managers} managers, ${this.hosts.length} hosts, ${this.#nemesis.faultCount} faults, ` +
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
      const applied = this.checker.watcher(id);
      const subscription = manager.store.watch((commit) => {
        try {
          applied(commit);
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
      for (const network of newNetworks()) tx.create('network', network);
    });
    if (added !== undefined) await this.clock.resolve(added, formMs, 'the joining');
    for (const host of others) host.boot();
    await this.clock.until(() => areReady(this.checker, this.hosts), formMs, 'all nodes ready');
    const isMember = (): boolean =>
      this.hosts.every(
        (host) => host.manager?.status().members.some(({ nodeId }) => nodeId === host.id) ?? true,
      );
    await this.clock.until(isMember, formMs, 'all managers members');
  }

  /** Users come and go. */
  async #live(random: Random): Promise<void> {
    while (this.isChaos) {
      await this.clock.wait(50 + random.below(900));
      if (!this.isChaos) return;
      try {
        await this.user.act();
      } catch (error) {
        this.#fail(new SimFailure('checker', `an unexpected answer: ${String(error)}`, error));
      }
    }
  }

  leader(): SimHost | undefined {
    return this.hosts.find(({ manager }) => manager?.isLeader());
  }

  /** All faults end; but a host may be lost for good, and one closed for maintenance. */
  async #heal(random: Random): Promise<readonly SimHost[]> {
    this.trace('heal');
    this.network.heal();
    const workers = this.hosts.filter(({ isManager }) => !isManager);
    const lost = random.below(3) === 0 ? workers[random.below(workers.length)] : undefined;
    const staying = this.hosts.filter((host) => host !== lost);
    if (lost !== undefined) this.trace(`lost ${lost.id}`);
    lost?.lose();
    for (const host of staying) {
      host.resume();
      host.storage.isFull = false;
      host.runtime.isDown = false;
      host.runtime.isDeaf = false;
      host.runtime.images.pullError = () => undefined;
      host.boot();
    }
    const isWhole = (): boolean => this.leader() !== undefined && areReady(this.checker, staying);
    await this.clock.until(isWhole, convergeMs, 'all nodes ready again');
    const closed = random.below(3) === 0 ? staying[random.below(staying.length)] : undefined;
    await this.clock.resolve(this.user.openAll(closed), convergeMs, 'all nodes open');
    return staying;
  }

  async #converge(staying: readonly SimHost[]): Promise<void> {
    const goal = new ClusterGoal(this.checker, staying);
    let missing: string | undefined;
    const isThere = (): boolean => {
      missing = goal.missing();
      return missing === undefined;
    };
    try {
      await this.clock.until(isThere, convergeMs, 'the cluster as desired');
      // It stays so: nothing oscillates.
      await this.clock.advance(5_000);
    } catch (error) {
      if (error instanceof SimFailure) throw error;
      throw new SimFailure('convergence', `not as desired: ${missing ?? String(error)}`);
    }
    check(isThere(), () => `it did not stay as desired: ${missing ?? ''}`);
    this.#checkPromises();
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

function joinedNode(id: string, isManager: boolean): Node {
  const role = isManager ? NodeRole.MANAGER : NodeRole.WORKER;
  return Node.create({ id, spec: NodeSpec.create({ role }), role, status: NodeStatus.create() });
}

function firstObjects(nodeId: string): { readonly cluster: Cluster; readonly node: Node } {
  const spec = ClusterSpec.create({
    name: 'default',
    heartbeatPeriodMs: 1_000,
    taskHistoryLimit: historyLimit,
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
