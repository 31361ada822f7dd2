import { ClusterError, messageOf, withDeadline } from '#lib';
import type { Random } from '#lib';
import type { ManagerHandlers } from '#manager';
import type { CallContext, NodeSpec, ServiceSpec } from '#proto';
import * as wire from '#proto';
import type { VirtualClock } from '#test/_support/virtual-clock';
import type { SimHost } from './cluster-host.ts';
import { someNetworks } from './cluster-networks.ts';

const callDeadlineMs = 5_000;
const servicesMax = 5;
const replicasMax = 8;
const networksMax = 3;
/** All tasks that there may ever be fit on two hosts: with one left, the less important have to wait. */
const reservedNano = 170_000_000;
const failureActions = [wire.FailureAction.PAUSE, wire.FailureAction.CONTINUE] as const;

export interface UserWorld {
  readonly clock: VirtualClock;
  readonly hosts: readonly SimHost[];
  trace(text: string): void;
}

type Outcome = 'done' | 'refused' | 'unknown';

/** What became of one service by all that its user did. */
interface Known {
  /** Specs that may stand: the one acknowledged last, and those of unknown outcome since. */
  readonly specs: ServiceSpec[];
  /** True = removed, false = certainly not; undefined = nobody knows. */
  isRemoved: boolean | undefined;
  /** Its creation was acknowledged. */
  isCreated: boolean;
}

/** Somebody at the control API, who remembers what was promised. One call at a time. */
export class ClusterUser {
  readonly services = new Map<string, Known>();
  /** Services that run everywhere. */
  readonly counts = { done: 0, refused: 0, unknown: 0 };
  readonly #world: UserWorld;
  readonly #random: Random;
  #made = 0;

  constructor(world: UserWorld, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** One thing or another, to its end. */
  async act(): Promise<void> {
    const kind = this.#random.below(11);
    if (kind < 3 && this.services.size < servicesMax) return this.#create();
    if (kind < 6) return this.#scale();
    if (kind === 6) return this.#update();
    if (kind === 7) return this.#remove();
    if (kind === 8) return this.#rebalance();
    return this.setAvailability(this.#random.below(2) === 0);
  }

  /** Every node takes tasks again but `closed`, which is drained; asked until it is done. */
  async openAll(closed: SimHost | undefined): Promise<void> {
    for (const host of this.#world.hosts) {
      const { ACTIVE, DRAIN } = wire.Availability;
      const availability = host === closed ? DRAIN : ACTIVE;
      while ((await this.#setNode(host.id, availability)) !== 'done')
        await this.#world.clock.wait(100);
    }
  }

  async #create(): Promise<void> {
    const random = this.#random;
    const name = `s${++this.#made}`;
    const isGlobal = random.below(4) === 0;
    const replicated = wire.ReplicatedMode.create({ replicas: random.below(replicasMax) });
    const global = wire.GlobalMode.create();
    const behaviours = ['SIM_STOP_AFTER_MS=5', 'SIM_STOP_AFTER_MS=400', 'SIM_STOP_AFTER_MS=never'];
    const container = wire.ContainerSpec.create({
      image: `web:${random.below(3)}`,
      env: [behaviours[random.below(behaviours.length)] ?? ''],
      stopGracePeriodMs: 1_000,
    });
    const reservations = wire.Resources.create({ cpuNano: reservedNano });
    const budgets = [undefined, 1, 2] as const;
    const count = budgets[random.below(budgets.length)];
    const bare = wire.ServiceSpec.create({
      name,
      disruption:
        count === undefined ? undefined : { maxUnavailable: { kind: 'count' as const, count } },
      task: wire.TaskSpec.create({
        containers: [container],
        networks: someNetworks(random.fork(`networks of ${name}`)),
        resources: wire.ResourceRequirements.create({ reservations }),
        placement: wire.Placement.create({ priority: 10 * random.below(3) }),
        restart: wire.RestartPolicy.create({ delayMs: 200, delayMaxMs: 2_000 }),
      }),
      mode: isGlobal ? { kind: 'global', global } : { kind: 'replicated', replicated },
      update: wire.UpdateConfig.create({
        parallelism: random.below(3),
        monitorMs: 500,
        failureAction: failureActions[random.below(2)] ?? wire.FailureAction.PAUSE,
      }),
    });
    const made = await this.#networksFor(random.fork(`networks/${name}`));
    const networks = [...(bare.task?.networks ?? []), ...made];
    const spec = { ...bare, task: bare.task && { ...bare.task, networks } };
    const known: Known = { specs: [spec], isRemoved: false, isCreated: false };
    const outcome = await this.#call(`create ${name}`, (control, context) =>
      control.createService(wire.CreateServiceRequest.create({ spec }), context),
    );
    if (outcome === 'refused') return;
    known.isCreated = outcome === 'done';
    this.services.set(name, known);
  }

  /** Networks for a new service, made where they are not there yet; often none. */
  async #networksFor(random: Random): Promise<readonly wire.NetworkAttachmentConfig[]> {
    const networks: wire.NetworkAttachmentConfig[] = [];
    for (let at = 1; at <= networksMax; at++) {
      if (random.below(4) !== 0) continue;
      const name = `net${at}`;
      const spec = wire.NetworkSpec.create({ name, isIpv6: at === 2 });
      await this.#call(`network ${name}`, (control, context) =>
        control.createNetwork(wire.CreateNetworkRequest.create({ spec }), context),
      );
      networks.push(wire.NetworkAttachmentConfig.create({ network: name }));
    }
    return networks;
  }

  #pick(): readonly [string, Known] | undefined {
    const all = [...this.services].filter(([, known]) => known.isRemoved === false);
    return all[this.#random.below(Math.max(1, all.length))];
  }

  #scale(): Promise<void> {
    return this.#change((spec) => {
      if (spec.mode?.kind !== 'replicated') return undefined;
      const replicas = this.#random.below(replicasMax);
      return { ...spec, mode: { kind: 'replicated', replicated: { replicas } } };
    });
  }

  #update(): Promise<void> {
    return this.#change((spec) => {
      const { task } = spec;
      if (task === undefined) return undefined;
      const image = `web:${this.#random.below(3)}`;
      const containers = task.containers.map((container) => ({ ...container, image }));
      return { ...spec, task: { ...task, containers } };
    });
  }

  async #change(next: (spec: ServiceSpec) => ServiceSpec | undefined): Promise<void> {
    const picked = this.#pick();
    if (picked === undefined) return;
    const [name, known] = picked;
    const tried: ServiceSpec[] = [];
    const outcome = await this.#call(`update ${name}`, async (control, context) => {
      const request = wire.GetServiceRequest.create({ ref: name });
      const { service } = await control.getService(request, context);
      const spec = service?.spec === undefined ? undefined : next(service.spec);
      if (spec === undefined) return;
      tried.push(spec);
      const version = service?.meta?.version ?? 0;
      await control.updateService(
        wire.UpdateServiceRequest.create({ ref: name, version, spec }),
        context,
      );
    });
    if (outcome === 'done' && tried.length > 0) known.specs.splice(0, known.specs.length, ...tried);
    if (outcome === 'unknown') known.specs.push(...tried);
  }

  async #remove(): Promise<void> {
    const picked = this.#pick();
    if (picked === undefined) return;
    const [name, known] = picked;
    const outcome = await this.#call(`remove ${name}`, (control, context) =>
      control.removeService(wire.RemoveServiceRequest.create({ ref: name }), context),
    );
    if (outcome === 'done') known.isRemoved = true;
    // Refused while anybody is on it.
    await this.#call('network rm net1', (control, context) =>
      control.removeNetwork(wire.RemoveNetworkRequest.create({ ref: 'net1' }), context),
    );
    if (outcome === 'unknown') known.isRemoved = undefined;
  }

  /** Tasks move while everything else goes on. */
  async #rebalance(): Promise<void> {
    const request = wire.RebalanceRequest.create({ isPlanOnly: this.#random.below(4) === 0 });
    await this.#call('rebalance', (control, context) => control.rebalance(request, context));
  }

  async setAvailability(isActive: boolean): Promise<void> {
    const { hosts } = this.#world;
    const host = hosts[this.#random.below(hosts.length)];
    const others = [wire.Availability.DRAIN, wire.Availability.PAUSE] as const;
    const other = others[this.#random.below(2)] ?? wire.Availability.DRAIN;
    if (host !== undefined)
      await this.#setNode(host.id, isActive ? wire.Availability.ACTIVE : other);
  }

  #setNode(id: string, availability: wire.Availability): Promise<Outcome> {
    return this.#call(`node ${id} ${availability}`, async (control, context) => {
      const { node } = await control.getNode(wire.GetNodeRequest.create({ ref: id }), context);
      const spec: NodeSpec = { ...(node?.spec ?? wire.NodeSpec.create()), availability };
      const version = node?.meta?.version ?? 0;
      await control.updateNode(wire.UpdateNodeRequest.create({ ref: id, version, spec }), context);
    });
  }

  /** Asks the leader, as whoever is asked would. */
  async #call(
    what: string,
    call: (control: ManagerHandlers['control'], context: CallContext) => Promise<unknown>,
  ): Promise<Outcome> {
    const { clock, hosts } = this.#world;
    await clock.wait(1 + 3 * this.#random.next());
    const leaders = hosts.filter(({ manager, isPaused }) => manager?.isLeader() && !isPaused);
    const host = leaders[this.#random.below(Math.max(1, leaders.length))];
    const { process, manager } = host ?? {};
    if (process === undefined || manager === undefined) return this.#count(what, 'refused', '');
    const controller = new AbortController();
    const context: CallContext = {
      caller: { kind: 'local' },
      address: '',
      signal: controller.signal,
    };
    try {
      const answer = process.guard(call(manager.handlers.control, context));
      await withDeadline(clock, callDeadlineMs, what, answer);
      return this.#count(what, 'done', '');
    } catch (error) {
      controller.abort(error);
      const code = error instanceof ClusterError ? error.code : 'INTERNAL';
      const isUnknown = code === 'DEADLINE_EXCEEDED' || code === 'OUTCOME_UNKNOWN';
      if (code === 'INTERNAL' || code === 'INVALID_SPEC') throw error;
      return this.#count(what, isUnknown ? 'unknown' : 'refused', messageOf(error));
    }
  }

  #count(what: string, outcome: Outcome, why: string): Outcome {
    this.counts[outcome]++;
    this.#world.trace(`user ${what}: ${outcome} ${why}`);
    return outcome;
  }
}
