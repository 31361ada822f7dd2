/**
 * Three managers under crashes, cuts and pauses, and users who create, read, update and remove the
 * same few services at once. What they were told must have one order; what watchers hear must be in
 * order, whole and without gaps, and the same on all managers.
 */
import { ClusterError, seededRandom, withDeadline } from '#lib';
import type { Random } from '#lib';
import type { Manager } from '#manager';
import { WatchRequest } from '#proto';
import type { CallContext } from '#proto';
import { checkHistory } from '#test/_support/linearizability/checker';
import { ControlClient } from '#test/_support/linearizability/control-client';
import type { ControlLine, Plant } from '#test/_support/linearizability/control-client';
import type { RegisterHistory } from '#test/_support/linearizability/control-client';
import { History } from '#test/_support/linearizability/history';
import { registerModel } from '#test/_support/linearizability/register';
import { StreamChecker, watchStore } from '#test/_support/linearizability/store-watch';
import { AgreedStates } from '#test/_support/linearizability/watch-checker';
import { firstObjects, managerNode } from '#test/_support/manager-world';
import { VirtualClock } from '#test/_support/virtual-clock';
import { SimHost } from './cluster-host.ts';
import { ClusterNetwork } from './cluster-network.ts';
import { ControlNemesis } from './control-nemesis.ts';
import { RoamingWatch } from './roaming-watch.ts';
import { SimFailure, check } from './sim-failure.ts';
import type { World, WorldResult } from './sim-failure.ts';
import type { SimProcess } from './sim-process.ts';
import { Trace } from './sim-trace.ts';

const ids = ['h1', 'h2', 'h3'];
const allNames = ['web-a', 'web-b', 'web-c'];
const clientCount = 5;
const roamingCount = 3;
const formMs = 60_000;
const healMs = 60_000;
const callDeadlineMs = 2_000;
const eventsMax = 100_000;

class ControlWorld {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly hosts: readonly SimHost[];
  readonly network: ClusterNetwork;
  readonly history: RegisterHistory = new History();
  isChaos = true;
  readonly #clients: readonly ControlClient[];
  readonly #roaming: readonly RoamingWatch[];
  readonly #agreed = { all: new AgreedStates(), services: new AgreedStates() };
  readonly #watched = new Set<Manager>();
  readonly #trace = new Trace();
  /** Users pause up to so long between two calls. */
  readonly #paceMaxMs: number;
  #streamCommits = 0;
  #failure: SimFailure | undefined;

  constructor(seed: number, plant: Plant | undefined) {
    this.random = seededRandom(seed);
    this.network = new ClusterNetwork(this.clock, this.random.fork('network'));
    const hosts = {
      byAddress: (address: string) => this.hosts.find((host) => host.address === address),
    };
    const draw = this.random.fork('world');
    this.#paceMaxMs = [10, 30, 80][draw.below(3)] ?? 80;
    const names = allNames.slice(draw.below(allNames.length));
    const raft = {
      tickMs: 20,
      snapshotEntries: 10 + draw.below(60),
      keepEntries: 1 + draw.below(20),
    };
    const commits = 2 + draw.below(60);
    this.hosts = ids.map(
      (id) =>
        new SimHost({
          id,
          isManager: true,
          hasAgent: false,
          loops: () => ({}),
          raft,
          keep: { commits, bytes: 1 << 20 },
          clock: this.clock,
          random: this.random.fork(`host/${id}`),
          network: this.network,
          hosts,
          first: id === ids[0] ? firstObjects(id) : undefined,
          managerAddresses: ids.map((one) => `${one}:7377`),
          onFailed: (host, error) => this.#stopped(host, error),
        }),
    );
    this.#clients = Array.from({ length: clientCount }, (_, i) => {
      const random = this.random.fork(`client/${i}`);
      const { history } = this;
      return new ControlClient({ id: `c${i}`, random, history, names, line: this.#line(i), plant });
    });
    this.#roaming = Array.from(
      { length: roamingCount },
      (_, i) =>
        new RoamingWatch({
          id: `roaming ${i}`,
          clock: this.clock,
          random: this.random.fork(`roaming/${i}`),
          hosts: this.hosts,
          agreed: this.#agreed.services,
          onWrong: (error) => this.#wrong('a watch that goes on elsewhere', error),
        }),
    );
    this.clock.onEvent(() => this.#afterEvent());
  }

  trace(text: string): void {
    this.#trace.add(this.clock.monotonic(), text);
  }

  async run(): Promise<WorldResult> {
    const nemesis = new ControlNemesis(this, this.random.fork('nemesis'));
    try {
      await this.#form();
      const users = this.#clients.map((client, i) =>
        this.#use(client, this.random.fork(`use/${i}`)),
      );
      const roaming = this.#roaming.map((one) => one.run(() => !this.isChaos));
      const faults = nemesis.run();
      await this.clock.advance(this.#paceMaxMs < 20 ? 3_000 : 7_000);
      this.isChaos = false;
      await this.clock.resolve(
        Promise.all([faults, ...users, ...roaming]),
        healMs,
        'the end of the chaos',
      );
      await this.#heal();
      this.#judge();
    } catch (error) {
      const failure =
        error instanceof SimFailure ? error : new SimFailure('convergence', String(error), error);
      failure.message += `\n  ${this.#trace.tail().join('\n  ')}`;
      throw failure;
    }
    const sum = (kind: keyof ControlClient['counts']): number =>
      this.#clients.reduce((total, { counts }) => total + counts[kind], 0);
    const roamed = (kind: keyof RoamingWatch['counts']): number =>
      this.#roaming.reduce((total, { counts }) => total + counts[kind], 0);
    return {
      traceHash: this.#trace.hash,
      eventCount: this.clock.eventCount,
      summary:
        `${nemesis.faultCount} faults, ${sum('ok')} calls answered, ${sum('failed')} failed, ` +
        `${sum('unknown')} unknown, ${this.#agreed.all.versionCount} versions watched, ` +
        `${this.#streamCommits} of them over the API; watches ${roamed('resumed')} times resumed, ` +
        `${roamed('compacted')} times too late, ${roamed('commits')} commits heard`,
    };
  }

  leaders(): readonly SimHost[] {
    return this.hosts.filter(({ manager }) => manager?.isLeader());
  }

  #fail(failure: SimFailure): void {
    this.#failure ??= failure;
  }

  #wrong(what: string, error: unknown): void {
    this.#fail(new SimFailure('checker', `${what}: ${String(error)}`, error));
  }

  #stopped(host: SimHost, error: unknown): void {
    this.trace(`daemon of ${host.id} failed: ${String(error)}`);
    const isExpected = error instanceof ClusterError && error.code !== 'DATA_LOSS';
    if (!isExpected) this.#fail(new SimFailure('assertion', `${host.id}: ${String(error)}`, error));
    host.kill();
    this.clock.after(500, () => host.boot());
  }

  #afterEvent(): void {
    this.#watch();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.clock.eventCount > eventsMax)
      throw new SimFailure('convergence', `more than ${eventsMax} events`);
  }

  #watch(): void {
    for (const { id, manager, process } of this.hosts) {
      if (manager === undefined || process === undefined || this.#watched.has(manager)) continue;
      this.#watched.add(manager);
      const onWrong = (error: unknown): void => this.#wrong('a watch of the store', error);
      watchStore(id, manager.store, this.#agreed, onWrong);
      void this.#stream(id, manager, process);
    }
  }

  /** Watches through the API as long as the process lives; a stream that ends is opened again. */
  async #stream(id: string, manager: Manager, process: SimProcess): Promise<void> {
    const random = this.random.fork(`stream/${id}/${this.clock.eventCount}`);
    while (process.isAlive) {
      await this.clock.wait(50 + random.below(500));
      const checker = new StreamChecker(`a stream of ${id}`, this.#agreed.services);
      const ending = new AbortController();
      this.clock.after(500 + random.below(4_000), () => ending.abort());
      const messages = manager.handlers.control
        .watch(WatchRequest.create(), contextWith(ending.signal))
        [Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await process.guard(messages.next());
          if (next.done === true) break;
          checker.message(next.value);
        }
      } catch (error) {
        const isExpected = ending.signal.aborted || isRefusal(error);
        if (!isExpected) this.#wrong('a watch of the API', error);
      }
      this.#streamCommits += checker.commitCount;
    }
  }

  async #form(): Promise<void> {
    const [first, ...others] = this.hosts;
    if (first === undefined) throw new Error('no host');
    first.boot();
    const { manager } = first;
    const isFounded = (): boolean => manager?.store.view((tx) => tx.count('node')) === 1;
    await this.clock.until(isFounded, formMs, 'the founding');
    const joined = manager?.store.update((tx) => {
      for (const { id } of others) tx.create('node', managerNode(id));
    });
    if (joined !== undefined) await this.clock.resolve(joined, formMs, 'the joining');
    for (const host of others) host.boot();
    const isWhole = (): boolean =>
      this.hosts.every((host) => {
        const members = host.manager?.status().members ?? [];
        return members.length === ids.length && members.every(({ isVoter }) => isVoter);
      });
    await this.clock.until(isWhole, formMs, 'three members');
  }

  async #use(client: ControlClient, random: Random): Promise<void> {
    while (this.isChaos) {
      await this.clock.wait(1 + random.below(this.#paceMaxMs));
      try {
        await client.act();
      } catch (error) {
        this.#wrong('an answer that no call may have', error);
      }
    }
  }

  /** Calls go to whoever leads, or thinks so; sometimes to anyone. */
  #line(client: number): ControlLine {
    const random = this.random.fork(`line/${client}`);
    const { clock } = this;
    return async (call) => {
      await clock.wait(0.5 + 3 * random.next());
      const leaders = random.below(8) === 0 ? [] : this.leaders();
      const asked = leaders.length > 0 ? leaders : this.hosts;
      const { process, manager } = asked[random.below(asked.length)] ?? {};
      if (process === undefined || manager === undefined)
        throw new ClusterError('UNAVAILABLE', 'nobody is there');
      const reached = { control: manager.handlers.control, store: manager.store };
      const ending = new AbortController();
      const delivered = new Promise<void>((resolve) => process.deliver(resolve));
      const answer = delivered.then(() => process.guard(call(reached, contextWith(ending.signal))));
      try {
        return await withDeadline(clock, callDeadlineMs, 'the call', answer);
      } catch (error) {
        ending.abort(error);
        throw error;
      }
    };
  }

  /** Everybody is back and has the same; then every service is read once more. */
  async #heal(): Promise<void> {
    this.trace('heal');
    this.network.heal();
    for (const host of this.hosts) {
      host.resume();
      host.boot();
    }
    const versions = (): ReadonlySet<number | undefined> =>
      new Set(this.hosts.map(({ manager }) => manager?.store.view((tx) => tx.version)));
    const isWhole = (): boolean => this.leaders().length === 1 && versions().size === 1;
    await this.clock.until(isWhole, healMs, 'one leader and one state');
    await this.clock.advance(1_000);
    await this.clock.until(isWhole, healMs, 'one leader and one state');
    const [client] = this.#clients;
    for (const name of allNames)
      for (let before = -1; client !== undefined && before !== client.counts.ok - 1; ) {
        before = client.counts.ok;
        await this.clock.resolve(client.read(name), healMs, `a read of ${name}`);
      }
  }

  #judge(): void {
    for (const { object, input, callAt, end } of this.history.operations)
      this.trace(`${callAt} ${object} ${JSON.stringify({ input, end })}`);
    const verdict = checkHistory(registerModel, this.history.operations);
    if (verdict.kind === 'undecided')
      throw new SimFailure('convergence', `the history of ${verdict.object} is too long to judge`);
    check(verdict.kind === 'linearizable', () =>
      verdict.kind === 'violation'
        ? `${verdict.object} is not linearizable: ${verdict.explanation}`
        : '',
    );
  }
}

function contextWith(signal: AbortSignal): CallContext {
  return { caller: { kind: 'local' }, address: '', signal };
}

function isRefusal(error: unknown): boolean {
  const codes: readonly string[] = ['NOT_LEADER', 'UNAVAILABLE', 'LIMIT_EXCEEDED'];
  return error instanceof ClusterError && codes.includes(error.code);
}

/** The world with a mistake planted into its clients, which it has to find. */
export function plantedControlWorld(plant: Plant): World {
  return { name: `control with ${plant}`, run: (seed) => new ControlWorld(seed, plant).run() };
}

export const controlWorld: World = {
  name: 'control',
  run: (seed) => new ControlWorld(seed, undefined).run(),
};
