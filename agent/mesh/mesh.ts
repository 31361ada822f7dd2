import type { Clock, Counter, Deferred, Histogram, Logger, Metrics, Ms, Random, Timer } from '#lib';
import { backoffMs, deferred, durationBuckets, messageOf, withDeadline } from '#lib';
import type { PortConfig } from '#proto';
import type { NetworkConsumer, ViewSource } from '../network-view/consumer.ts';
import type { NetworkView, ViewChanges } from '../network-view/view.ts';
import type { Departure } from './departures.ts';
import { elementDifferences } from './differences.ts';
import { isIntact } from './intact.ts';
import type { FlowKind, MeshHost, TableListing } from './mesh-host.ts';
import { MeshRules } from './mesh-rules.ts';
import { PortKeeper } from './port-keeper.ts';
import { meshTable } from './structure.ts';
import type { TableChange } from './table-contents.ts';

export interface MeshOptions {
  readonly nodeId: string;
  readonly host: MeshHost;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** From the start of one batch to the next, at least; the first change after a pause goes at once. */
const batchPauseMs: Ms = 50;
/** How long a table of an earlier life is left as it is while the managers' word is awaited. */
const adoptWaitMs: Ms = 10_000;
/**
 * How long callers are led as they were while the ways to other tasks are made: less than the managers hold stops. A
 * caller whose way is late asks again after a second; one that is led to a task that has stopped is refused.
 */
const waysWaitMs: Ms = 1_000;
/**
 * How long connections of TCP to a task that is gone go on. One that was given up with its node may live, and is
 * at an answer; callers of one that does not live are told then.
 */
const partingMs: Ms = 5_000;
const verifyEveryMs: Ms = 5 * 60_000;
const checkPortsEveryMs: Ms = 30_000;
const retry = { baseMs: 200, maxMs: 10_000, jitter: 0.3 } as const;

/**
 * Keeps the mesh's table in the kernel as the networks say: batches of changes, repair of what others
 * changed, adoption of the table of an earlier life. Connections go on whatever happens to this process.
 */
export class Mesh implements NetworkConsumer {
  readonly name = 'mesh';
  readonly #options: MeshOptions;
  readonly #rules: MeshRules;
  readonly #ports: PortKeeper;
  readonly #batches: Counter;
  readonly #elements: Counter;
  readonly #repairs: Counter;
  readonly #seconds: Histogram;
  /** What the kernel has: not looked yet, no table, or the table as it was last told. */
  #table: 'unknown' | 'absent' | 'current' = 'unknown';
  /** Chains as the kernel spells them, once read back. */
  #chains: ReadonlyMap<string, string> = new Map();
  #waiting: Deferred<void>[] = [];
  /** Told of the networks so often. */
  #isTold = false;
  /** When an earlier life's memory came. */
  #rememberedMs: Ms | undefined;
  /** Settles once there are ways to the tasks that the managers' first word named. */
  #ways: Promise<unknown> = Promise.resolve();
  #isHolding = false;
  #isBusy = false;
  #isClosed = false;
  #timer: Timer | undefined;
  readonly #checks = new Map<Ms, Timer>();
  readonly #partings = new Set<Timer>();
  /** Whose connections are to be forgotten, between two writes of the rules: no caller is led there meanwhile. */
  readonly #parted: Departure[] = [];
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #writes = 0;

  constructor(options: MeshOptions) {
    const { metrics, host, log } = options;
    this.#options = options;
    this.#rules = new MeshRules(options.nodeId);
    this.#ports = new PortKeeper(host, this.#rules, log);
    const counter = (name: string, help: string): Counter =>
      metrics.counter(`tessera_mesh_${name}`, help);
    this.#batches = counter('batches_total', 'Batches of changes to the rules of the mesh.');
    this.#elements = counter('element_changes_total', 'Elements of the mesh added and deleted.');
    this.#repairs = counter('repairs_total', 'Times that the rules were not as expected.');
    this.#seconds = metrics.histogram(
      'tessera_mesh_batch_seconds',
      'Time that a batch of changes to the rules of the mesh took.',
      durationBuckets,
    );
    metrics.observedGauge(
      'tessera_mesh_elements',
      'Elements of the mesh: virtual addresses, published ports, tasks behind them.',
      () => this.#rules.contents.elementCount,
    );
    metrics.observedGauge(
      'tessera_mesh_port_clashes',
      'Published ports that a process of this host listens on.',
      () => this.clashes.kept.size + this.clashes.contested.size,
    );
    this.#checkLater(verifyEveryMs, () => this.#verify());
    this.#checkLater(checkPortsEveryMs, () => this.checkPorts());
  }

  /** Resolves once the kernel has it; a table that cannot be written is tried again for ever. */
  async apply(
    _view: NetworkView,
    changes: ViewChanges,
    source: ViewSource = 'managers',
    before?: Promise<unknown>,
  ): Promise<void> {
    this.#rules.apply(changes);
    if (before !== undefined) {
      const { clock, log } = this.#options;
      this.#ways = withDeadline(clock, waysWaitMs, 'making ways to tasks', before).catch(
        (error: unknown) => {
          const err = messageOf(error);
          log.warn('callers are led to tasks that may not be reached yet', { err });
        },
      );
    }
    if (source === 'managers') this.#isTold = true;
    else this.#rememberedMs = this.#options.clock.monotonic();
    await this.#written();
  }

  /**
   * Ports of a task of this host alone (mode=host), in place of those it had; no ports takes them back.
   * `addresses`: of the network that the task's replies to the outside leave by.
   */
  async setHostPorts(
    taskId: string,
    addresses: readonly string[],
    ports: readonly PortConfig[],
  ): Promise<void> {
    this.#rules.setHostPorts(taskId, addresses, ports);
    await this.#written();
  }

  /** Published ports that a process of this host listens on, as `PortKeeper` has them. */
  get clashes(): PortKeeper['clashes'] {
    return this.#ports.clashes;
  }

  /** Looks who listens on published ports; otherwise every 30 s. */
  async checkPorts(): Promise<void> {
    if (await this.#ports.check()) await this.#written();
  }

  get publishedCount(): number {
    return this.#rules.publishedPorts().length;
  }

  /** Virtual addresses, published ports, tasks behind them. */
  get elementCount(): number {
    return this.#rules.contents.elementCount;
  }

  /**
   * What the table in the kernel has other than it should, read now and left as it is; none while it is
   * being written. RUNTIME_ERROR when it cannot be read.
   */
  async differences(): Promise<readonly string[]> {
    const writes = this.#writes;
    if (this.#table !== 'current') return [];
    const listing = await this.#options.host.list();
    if (writes !== this.#writes || this.#isBusy || this.#waiting.length > 0) return [];
    if (listing === undefined) return [`table inet ${meshTable}: missing`];
    const elements = elementDifferences(this.#rules.contents.elements, listing.elements);
    return isIntact(listing, this.#chains) ? elements : ['chains: changed', ...elements];
  }

  /** The rules stay. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const timer of [...this.#checks.values(), ...this.#partings]) timer.cancel();
  }

  async #written(): Promise<void> {
    const waiter = deferred<void>();
    this.#waiting.push(waiter);
    if (this.#isHolding) {
      // The managers' word, which the table of an earlier life waits for.
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    this.#runSoon(0);
    await waiter.promise;
  }

  #runSoon(delayMs: Ms): void {
    if (this.#isBusy || this.#isClosed || this.#timer !== undefined) return;
    const { clock } = this.#options;
    const pauseMs = this.#lastStartMs + batchPauseMs - clock.monotonic();
    this.#timer = clock.after(Math.max(0, delayMs, pauseMs), () => {
      this.#timer = undefined;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    const { clock, random, log } = this.#options;
    this.#isBusy = true;
    this.#isHolding = false;
    this.#lastStartMs = clock.monotonic();
    const waiting = this.#waiting;
    this.#waiting = [];
    let againMs: Ms | undefined;
    try {
      await this.#ways;
      againMs = await this.#write();
      this.#failures = 0;
    } catch (error) {
      // What is in the kernel is read again, and only what differs is changed.
      this.#table = 'unknown';
      againMs = this.#failures === 0 ? 0 : backoffMs(retry, this.#failures, random);
      this.#failures++;
      log.warn('rules of the mesh are not written, will try again', { err: messageOf(error) });
    }
    if (againMs === undefined) for (const waiter of waiting) waiter.resolve();
    else this.#waiting.unshift(...waiting);
    this.#isBusy = false;
    if (this.#waiting.length > 0 || this.#parted.length > 0) this.#runSoon(againMs ?? 0);
  }

  /** One batch; resolves to a time to wait when it shall not be written yet. */
  async #write(): Promise<Ms | undefined> {
    const { clock, host } = this.#options;
    const { contents } = this.#rules;
    const startedMs = clock.monotonic();
    const listing = this.#table === 'unknown' ? await host.list() : undefined;
    if (this.#table === 'unknown' && listing === undefined) this.#table = 'absent';
    const heldMs = listing === undefined ? 0 : this.#heldMs();
    if (heldMs > 0) {
      this.#isHolding = true;
      return heldMs;
    }
    await this.#ports.admit(listing?.elements);
    const { steps, elementCount } = this.#change(listing);
    for (const step of steps) await host.apply(step);
    if (contents.isEmpty && this.#table !== 'absent')
      await host.apply(`delete table inet ${meshTable}\n`);
    this.#table = contents.isEmpty ? 'absent' : 'current';
    this.#writes++;
    this.#batches.inc();
    this.#elements.inc(undefined, elementCount);
    this.#seconds.observe((clock.monotonic() - startedMs) / 1_000);
    await this.#forget();
    return undefined;
  }

  /** What the kernel remembers of how it was before this batch. */
  async #forget(): Promise<void> {
    const { host, log } = this.#options;
    const { departures } = this.#rules;
    const departure = departures.take();
    if (departure.length > 0) {
      this.#partLater(departure);
      await this.#forgetFlows(departure, 'datagrams');
    }
    for (const parted of this.#parted.splice(0)) {
      await this.#forgetFlows(parted, 'connections');
      departures.end(parted);
    }
    const opened = this.#rules.takeOpenedPorts();
    if (opened.length > 0)
      await host.forgetUnled(opened).catch((error: unknown) => {
        const err = messageOf(error);
        log.warn('flows to ports that lead to tasks now are not forgotten', { err });
      });
  }

  #partLater(departure: Departure): void {
    if (this.#isClosed) return;
    const timer = this.#options.clock.after(partingMs, () => {
      this.#partings.delete(timer);
      this.#parted.push(departure);
      this.#runSoon(0);
    });
    this.#partings.add(timer);
  }

  async #forgetFlows(departure: Departure, flows: FlowKind): Promise<void> {
    const { host, log } = this.#options;
    const isLeft = (address: string): boolean => this.#rules.departures.isLeft(departure, address);
    const left = departure.filter(isLeft);
    if (left.length === 0) return;
    await host.forget(left, flows, isLeft).catch((error: unknown) => {
      const err = messageOf(error);
      log.warn('what tasks that are gone answered is not forgotten', { flows, err });
    });
  }

  /**
   * How long a table of an earlier life stays as it is: what is told first is what that life had saved,
   * which may be older than the table.
   */
  #heldMs(): Ms {
    if (this.#isTold) return 0;
    if (this.#rememberedMs === undefined) return adoptWaitMs;
    return Math.max(0, this.#rememberedMs + adoptWaitMs - this.#options.clock.monotonic());
  }

  #change(listing: TableListing | undefined): TableChange {
    const { contents } = this.#rules;
    const { log } = this.#options;
    if (this.#table === 'current') return contents.take();
    if (listing === undefined) {
      this.#chains = new Map();
      return contents.isEmpty ? contents.take() : contents.takeAll();
    }
    if (!isIntact(listing, this.#chains)) {
      this.#repairs.inc();
      this.#chains = new Map();
      log.warn('rules of the mesh were not as expected, made anew', { table: meshTable });
      return contents.takeAll();
    }
    const difference = contents.takeDifference(listing);
    const { elementCount } = difference;
    if (elementCount > 0) this.#repairs.inc();
    log.info('rules of the mesh are adopted', { table: meshTable, elementCount });
    return difference;
  }

  async #verify(): Promise<void> {
    const { host, log } = this.#options;
    const writes = this.#writes;
    if (this.#table !== 'current') return;
    const listing = await host.list();
    // What changed meanwhile is looked at the next time.
    if (writes !== this.#writes || this.#isBusy || this.#waiting.length > 0) return;
    const isSame = listing !== undefined && isIntact(listing, this.#chains);
    if (isSame && this.#rules.contents.isAs(listing)) {
      this.#chains = listing.chains;
      return;
    }
    log.warn('rules of the mesh were changed by somebody else, repairing', { table: meshTable });
    this.#table = 'unknown';
    await this.#written();
  }

  #checkLater(everyMs: Ms, check: () => Promise<void>): void {
    const { clock, log } = this.#options;
    const again = (): void => {
      if (this.#isClosed) return;
      this.#checks.set(everyMs, clock.after(everyMs, run));
    };
    const run = (): void => {
      void check()
        .catch((error: unknown) =>
          log.warn('a check of the mesh failed', { err: messageOf(error) }),
        )
        .finally(again);
    };
    again();
  }
}
