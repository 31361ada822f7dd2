import { backoffMs, ClusterError, deferred, durationBuckets, messageOf } from '#lib';
import type { Clock, Counter, Deferred, Histogram, Logger, Metrics, Ms, Random, Timer } from '#lib';
import type { NetworkAddress } from '#proto';
import type { NetworkConsumer, ViewSource } from '../network-view/consumer.ts';
import type { NetworkView, ViewChanges } from '../network-view/view.ts';
import { macOf } from '../network/subnet.ts';
import { noTunnel } from '../wireguard/tunnel.ts';
import type { Tunnel } from '../wireguard/tunnel.ts';
import { differencesOf } from './differences.ts';
import type { Difference } from './differences.ts';
import { changeLines, entriesOn, entryKey, isVxlanKept, parseKey } from './entries.ts';
import { missingInView } from './missing.ts';
import { bridgeName, taskLinkPrefix, vxlanName } from './names.ts';
import { isEncrypted, isOverlay } from './network-plan.ts';
import type { OverlayHost } from './overlay-host.ts';
import { OverlayPlan } from './overlay-plan.ts';
import { ruleCount, tableText } from './rules.ts';
import { taskLinks } from './task-links.ts';
import type { TaskLink } from './task-links.ts';

export interface OverlayOptions {
  readonly nodeId: string;
  readonly host: OverlayHost;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Of encrypted networks; without it they are not up. */
  readonly tunnel?: Tunnel;
  /** How often the host is read back and mended; default 15 s. */
  readonly readPeriodMs?: Ms;
}

const readPeriodDefaultMs: Ms = 15_000;
/** How long a task waits for its networks before it says so and tries again. */
const attachWaitMs: Ms = 10_000;
const retry = { baseMs: 250, maxMs: 10_000, jitter: 0.3 } as const;
/** Tries in a row after which a change is told to have failed; it is tried on all the same. */
const triesMax = 5;

interface Waiter {
  readonly done: Deferred<void>;
  /** Passes that failed since. */
  readonly tries: number;
}

/**
 * Keeps the host's bridges, tunnels, neighbours and rules as the view of the networks says. One pass at
 * a time: it applies what changed since the last; every so often, at the start and after a failure it
 * reads everything back first and mends what differs. What is right is never touched, and what an earlier
 * life left is not taken back before the managers have spoken, so that a new agent costs no packet.
 */
export class Overlay implements NetworkConsumer {
  readonly name = 'overlay';
  readonly #options: OverlayOptions;
  readonly #plan: OverlayPlan;
  readonly #tunnel: Tunnel;
  #view: NetworkView | undefined;
  /** What the host has, as far as is known. */
  #known = new Map<string, string>();
  /** What the present pass changes on the host. */
  #underWay: ReadonlySet<string> = new Set();
  /** Of links of tasks that came or went during the present pass; undefined = gone. */
  readonly #meanwhile = new Map<string, string | undefined>();
  #mtus: ReadonlyMap<string, number> = new Map();
  #waiting: Waiter[] = [];
  #needsReading = true;
  #isStarted = false;
  #isStopped = false;
  #mendTask: (taskId: string) => void = () => undefined;
  #isRunning = false;
  /** The managers have spoken: what the view does not have is to go. */
  #isTold = false;
  /** This life has applied what the managers told. */
  #isCurrent = false;
  #passes: Promise<void> = Promise.resolve();
  /** Passes in a row that failed. */
  #failures = 0;
  #timer: Timer | undefined;
  #complaint = '';
  /** Resolved and replaced after every pass. */
  #settled = deferred<void>();
  readonly #seconds: Histogram;
  readonly #mended: Counter;

  constructor(options: OverlayOptions) {
    this.#options = options;
    this.#plan = new OverlayPlan(options.nodeId, String(ruleCount));
    this.#tunnel = options.tunnel ?? noTunnel;
    this.#plan.setTunnelAddress(this.#tunnel.address);
    this.#tunnel.onChange(() => {
      this.#plan.setTunnelAddress(this.#tunnel.address);
      this.#run();
    });
    const { metrics } = options;
    this.#seconds = metrics.histogram(
      'tessera_overlay_pass_seconds',
      'Time that bringing this host to its networks took, per change set.',
      durationBuckets,
    );
    this.#mended = metrics.counter(
      'tessera_overlay_mended_total',
      'Entries that were found other than left, and mended.',
    );
    metrics.observedGauge(
      'tessera_overlay_entries',
      'Devices, neighbours, forwarding entries, addresses and rules that this host should have.',
      () => this.#plan.desired.size,
    );
  }

  /**
   * Nothing of the host is touched before. `tasks`: those that are here, as an earlier life left them.
   * `mendTask`: a link of the task is gone; `attached` is to be called when it is there again.
   */
  start(tasks: ReadonlyMap<string, readonly TaskLink[]>, mendTask: (taskId: string) => void): void {
    this.#mendTask = mendTask;
    for (const [taskId, links] of tasks) this.#plan.attach(taskId, links);
    this.#isStarted = true;
    this.#run();
  }

  /** The host stays as it is. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#passes;
    for (const { done } of this.#waiting.splice(0))
      done.reject(new ClusterError('CANCELLED', 'the agent is stopping'));
  }

  /** Resolves once the host is as the view is now. RUNTIME_ERROR when it cannot be; tried on. */
  async apply(
    view: NetworkView,
    changes: ViewChanges,
    source: ViewSource = 'managers',
  ): Promise<void> {
    if (this.#isStopped) throw new ClusterError('CANCELLED', 'the agent is stopping');
    this.#view = view;
    this.#plan.apply(view, changes);
    if (source === 'managers' && !this.#isTold) {
      this.#isTold = true;
      this.#needsReading = true;
    }
    const done = deferred<void>();
    this.#waiting.push({ done, tries: 0 });
    this.#run();
    await done.promise;
  }

  /**
   * The links of a task, once their bridges stand. UNAVAILABLE, saying what is missing, when they do not
   * within ten seconds.
   */
  async linksFor(
    taskId: string,
    addresses: readonly NetworkAddress[],
    signal: AbortSignal,
  ): Promise<readonly TaskLink[]> {
    const { clock, nodeId } = this.#options;
    const untilMs = clock.monotonic() + attachWaitMs;
    for (;;) {
      signal.throwIfAborted();
      const missing = addresses
        .map((address) => this.#missing(address))
        .find((text) => text !== '');
      if (missing === undefined && this.#view !== undefined)
        return taskLinks(this.#view, nodeId, this.#mtus, taskId, addresses);
      const leftMs = untilMs - clock.monotonic();
      if (leftMs <= 0 || this.#isStopped)
        throw new ClusterError('UNAVAILABLE', missing ?? 'no network is known on this node yet');
      await this.#change(leftMs, signal);
    }
  }

  /** What the kernel complained of when the host was last changed; empty = nothing. */
  get complaint(): string {
    return this.#complaint;
  }

  /** Devices, neighbours, forwarding entries, addresses and rules that this host should have. */
  get entryCount(): number {
    return this.#plan.desired.size;
  }

  /**
   * What the host has other than it should, read now and left as it is. What is told to change
   * meanwhile is left out; what is under way may be among it. RUNTIME_ERROR when a tool fails.
   */
  async differences(): Promise<readonly Difference[]> {
    if (this.#view === undefined) return [];
    const wanted = new Map(this.#plan.desired);
    const { entries } = await this.#options.host.read();
    const { desired } = this.#plan;
    return differencesOf(wanted, entries).filter(({ key }) => wanted.get(key) === desired.get(key));
  }

  /** The links have been made, and frames for them find them. */
  attached(taskId: string, links: readonly TaskLink[]): void {
    this.#plan.attach(taskId, links);
    for (const { link, bridge, address } of links) {
      this.#note(entryKey('member', link), `${bridge} task`);
      this.#note(entryKey('port', bridge, macOf(address)), link);
    }
    this.#run();
  }

  /** The links are gone, or go with their namespace. */
  detached(taskId: string, links: readonly TaskLink[]): void {
    this.#plan.detach(taskId, links);
    for (const { link, bridge, address } of links) {
      this.#note(entryKey('member', link), undefined);
      const port = entryKey('port', bridge, macOf(address));
      // By now the address may be somebody else's.
      if (this.#known.get(port) === link) this.#note(port, undefined);
    }
    this.#run();
  }

  /** Of a task's link that has come or gone: newer than what is being read or changed just now. */
  #note(key: string, value: string | undefined): void {
    this.#meanwhile.set(key, value);
    this.#know(key, value);
  }

  #know(key: string, value: string | undefined): void {
    if (value === undefined) this.#known.delete(key);
    else this.#known.set(key, value);
  }

  /** What keeps a task from this network, empty = nothing. */
  #missing({ networkId }: NetworkAddress): string {
    const untold = missingInView(this.#view, networkId, this.#options.nodeId);
    const network = this.#view?.networks.get(networkId);
    if (untold !== '' || network === undefined) return untold;
    const name = network.spec?.name ?? networkId;
    if (isEncrypted(network) && this.#tunnel.problem !== '')
      return `network ${name} is not up on this node: WireGuard: ${this.#tunnel.problem}`;
    const devices = [entryKey('bridge', bridgeName(networkId))];
    if (isOverlay(network)) devices.push(entryKey('vxlan', vxlanName(networkId)));
    const { desired } = this.#plan;
    const isUp = devices.every(
      (key) =>
        desired.has(key) && this.#known.get(key) === desired.get(key) && !this.#underWay.has(key),
    );
    if (isUp) return '';
    const reason = this.#complaint === '' ? 'it is being set up' : this.#complaint;
    return `network ${name} is not up on this node: ${reason}`;
  }

  async #change(withinMs: Ms, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(withinMs, resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    void this.#settled.promise.then(resolve);
    await promise;
    timer.cancel();
  }

  #run(): void {
    if (!this.#isStarted || this.#isStopped || this.#isRunning) return;
    this.#isRunning = true;
    this.#timer?.cancel();
    this.#passes = this.#loop();
  }

  async #loop(): Promise<void> {
    // What is told in the same turn goes together.
    await Promise.resolve();
    const { clock, readPeriodMs = readPeriodDefaultMs } = this.#options;
    let isDone = true;
    do {
      const waiting = this.#waiting.splice(0);
      const startedMs = clock.monotonic();
      isDone = await this.#step();
      this.#seconds.observe((clock.monotonic() - startedMs) / 1_000);
      this.#failures = isDone ? 0 : this.#failures + 1;
      if (isDone && !this.#needsReading) for (const { done } of waiting) done.resolve();
      else this.#keepWaiting(waiting, isDone);
      this.#settled.resolve();
      this.#settled = deferred();
    } while (isDone && this.#hasWork && !this.#isStopped);
    this.#isRunning = false;
    if (this.#isStopped) return;
    const pauseMs = isDone
      ? readPeriodMs
      : backoffMs(retry, this.#failures - 1, this.#options.random);
    this.#timer = clock.after(pauseMs, () => {
      this.#needsReading = true;
      this.#run();
    });
  }

  get #hasWork(): boolean {
    return this.#waiting.length > 0 || this.#needsReading || this.#plan.isDirty;
  }

  /** Those whose change has failed often enough hear of it. */
  #keepWaiting(waiting: readonly Waiter[], isDone: boolean): void {
    const kept = waiting.map(({ done, tries }) => ({ done, tries: isDone ? tries : tries + 1 }));
    this.#waiting = [...kept.filter(({ tries }) => tries < triesMax), ...this.#waiting];
    for (const { done, tries } of kept)
      if (tries >= triesMax) done.reject(new ClusterError('RUNTIME_ERROR', this.#complaint));
  }

  /** False when something failed: then all is read back before the next try. */
  async #step(): Promise<boolean> {
    const { host, log } = this.#options;
    const isReading = this.#needsReading;
    this.#meanwhile.clear();
    try {
      const keys = isReading ? await this.#read() : this.#plan.takeDirty();
      if (this.#view === undefined) return true;
      const { desired } = this.#plan;
      const changed = [...this.#withRemade(keys)].filter(
        (key) => desired.get(key) !== this.#known.get(key) && this.#hasLink(key) && this.#may(key),
      );
      if (changed.length === 0) return true;
      const lines = changeLines(desired, this.#known, changed, tableText());
      const targets = changed.map((key) => [key, desired.get(key)] as const);
      if (isReading && this.#isCurrent) this.#tellMended(changed);
      this.#underWay = new Set(changed);
      const complaint = await host.apply(lines);
      for (const [key, value] of targets) if (!this.#meanwhile.has(key)) this.#know(key, value);
      this.#isCurrent = this.#isTold;
      this.#complaint = complaint;
      this.#needsReading = lines.needsReading || complaint !== '';
      if (complaint !== '')
        log.warn('the networks of this host are not all as told', { complaint });
      return complaint === '';
    } catch (error) {
      this.#complaint = messageOf(error);
      this.#needsReading = true;
      log.warn('the networks of this host could not be changed', { err: this.#complaint });
      return false;
    } finally {
      this.#underWay = new Set();
    }
  }

  /** A VXLAN device that changes is made again: what was on it is gone, and comes in the same pass. */
  #withRemade(keys: ReadonlySet<string>): ReadonlySet<string> {
    const { desired } = this.#plan;
    const remade = new Set<string>();
    for (const key of keys) {
      const { kind, of } = parseKey(key);
      const isOld = kind === 'vxlan' && this.#known.has(key) && desired.has(key);
      if (isOld && !isVxlanKept(this.#known.get(key), desired.get(key))) remade.add(of);
    }
    if (remade.size === 0) return keys;
    for (const key of entriesOn(remade, this.#known)) this.#known.delete(key);
    return new Set([...keys, ...entriesOn(remade, desired)]);
  }

  /** From memory alone what is missing is added, and nothing else is done: the host may know better. */
  #may(key: string): boolean {
    return this.#isTold || !this.#known.has(key);
  }

  /** What is wanted of a task's link that is not there has to wait for the link. */
  #hasLink(key: string): boolean {
    const { kind, of } = parseKey(key);
    const wanted = this.#plan.desired.get(key);
    const link = kind === 'member' ? of : kind === 'port' ? (wanted ?? '') : '';
    if (wanted === undefined || !link.startsWith(taskLinkPrefix)) return true;
    return this.#known.has(entryKey('member', link));
  }

  /** Everything is compared afterwards. */
  async #read(): Promise<ReadonlySet<string>> {
    const { entries, mtus } = await this.#options.host.read();
    this.#needsReading = false;
    this.#mtus = mtus;
    this.#plan.setMtus(mtus);
    this.#plan.takeDirty();
    this.#known = new Map(entries);
    for (const [key, value] of this.#meanwhile) this.#know(key, value);
    for (const [link, taskId] of this.#plan.tasks)
      if (!this.#known.has(entryKey('member', link))) this.#mendTask(taskId);
    // Rules of an earlier version may look alike: an agent begins with its own.
    if (this.#isTold && !this.#isCurrent)
      for (const key of entries.keys())
        if (key === entryKey('table') || parseKey(key).kind === 'element') this.#known.delete(key);
    return new Set([...this.#plan.desired.keys(), ...this.#known.keys()]);
  }

  #tellMended(changed: readonly string[]): void {
    const { desired } = this.#plan;
    // What the kernel has beside ours, such as a task's link that is going, is left alone.
    const mended = changed.filter((key) => desired.has(key));
    if (mended.length === 0) return;
    this.#mended.inc({}, mended.length);
    this.#options.log.warn('networks of this host were changed by someone else and are mended', {
      entries: mended.length,
      first: mended[0],
    });
  }
}
