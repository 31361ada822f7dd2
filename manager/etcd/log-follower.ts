import { backoffMs, ClusterError, deferred, hasCode, messageOf, sleep } from '#lib';
import type { Clock, Counter, Logger, Metrics, Ms, Random } from '#lib';
import type { ReplicatedState } from '../store/replicator.ts';
import { retry } from './attempts.ts';
import { EtcdError } from './etcd-port.ts';
import type { Etcd, KeyRange, KeyValue, WatchEvent } from './etcd-port.ts';
import type { Keys } from './keys.ts';
import { LiveView } from './live-view.ts';
import { decodeEntry, holeInLog, SnapshotCheck } from './values.ts';
import type { LogEntry, SnapshotInfo } from './values.ts';
import { VersionWaiters } from './version-waiters.ts';

/** Entries or parts in one answer: the largest of them together are less than the client takes. */
const pageItems = 32;
/** A watch that is not taken in within this time is tried again, elsewhere. */
const openDeadlineMs: Ms = 2_000;
/** Everything below `live/` is read so often, in case the watch has fallen silent. */
const pollMs: Ms = 1_000;
/** A watch that has not brought within this time what is there is given up. */
const lagMaxMs: Ms = 500;

export interface LogFollowerOptions {
  readonly etcd: Etcd;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly state: ReplicatedState;
  /** `view`, `appliedVersion` or `isUpToDate` may have changed. */
  readonly onChange: () => void;
  /** What stands in etcd is damaged, or gone: nothing is followed any more. Called once. */
  readonly onLost: (error: ClusterError) => void;
}

/** What this manager has proposed itself, and may hear of by the watch first. */
export interface OwnEntry extends LogEntry {
  readonly version: number;
}

/**
 * Applies the log in order, each entry once. Reads what is there, watches from that revision on, and
 * begins anew whenever the watch ends: so there is no gap, whatever the reason was.
 */
export class LogFollower {
  readonly view: LiveView;
  readonly #options: LogFollowerOptions;
  readonly #waiters: VersionWaiters;
  readonly #restarts: Counter;
  #appliedVersion = 0;
  #own: OwnEntry | undefined;
  #isWatching = false;
  #endWatch: (error: unknown) => void = () => undefined;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.view = new LiveView(options.keys);
    this.#waiters = new VersionWaiters(options.clock);
    const { metrics } = options;
    this.#restarts = metrics.counter(
      'tessera_etcd_watch_restarts_total',
      'How often the watch of the log had to begin anew.',
    );
    metrics.observedGauge(
      'tessera_etcd_applied_version',
      'Version of the last entry applied on this manager.',
      () => this.#appliedVersion,
    );
    metrics.observedGauge(
      'tessera_etcd_head_version',
      'Version of the last entry in etcd that this manager has heard of.',
      () => this.view.head?.version ?? 0,
    );
  }

  get appliedVersion(): number {
    return this.#appliedVersion;
  }

  /** Everything it has heard of is applied, and it hears of what comes. */
  get isUpToDate(): boolean {
    return this.#isWatching && this.view.head?.version === this.#appliedVersion;
  }

  /**
   * Reads and applies all there is; resolves to the revision it was read at. FAILED_PRECONDITION when
   * there is no such cluster, DATA_LOSS when it is damaged, `EtcdError` when etcd does not answer.
   */
  async load(): Promise<number> {
    const { keys, onChange } = this.#options;
    const revision = await this.#readLive();
    const { head, snapshot } = this.view;
    if (head === undefined)
      throw new ClusterError(
        'FAILED_PRECONDITION',
        'etcd holds nothing of this cluster: --store must name the etcd and the prefix it began with',
      );
    if (snapshot !== undefined && snapshot.logFrom > this.#appliedVersion + 1)
      await this.#restore(snapshot, revision);
    const range = keys.logRange(this.#appliedVersion + 1, head.version);
    for await (const item of this.#pages(range, revision)) this.#takeLogged(item);
    if (this.#appliedVersion < head.version) throw holeInLog(this.#appliedVersion + 1);
    onChange();
    return revision;
  }

  /** After `load`: follows what comes after `revision`, until the signal. Never rejects. */
  async run(revision: number, signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    signal.addEventListener('abort', () => this.#endWatch(signal.reason), { once: true });
    const polling = this.#poll(signal);
    let from: number | undefined = revision;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const at: number = from ?? (await this.load());
        from = undefined;
        failures = 0;
        await this.#watch(at + 1, signal);
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof ClusterError) {
          this.#options.onLost(error);
          this.#waiters.fail(error);
          break;
        }
        if (!(error instanceof EtcdError)) throw error;
        this.#restarts.inc();
        log.warn('the watch of etcd begins anew', { reason: messageOf(error) });
      }
      await sleep(clock, backoffMs(retry, failures, random), signal).catch(() => undefined);
    }
    await polling;
  }

  /** Reads `live/` now. */
  async look(): Promise<void> {
    await this.#readLive();
    this.#options.onChange();
  }

  /** Until something is proposed next, this is what came of the last proposal. */
  expect(own: OwnEntry | undefined): void {
    this.#own = own;
  }

  /** Applies an entry unless it is applied already. `EtcdError` when there is one missing before it. */
  deliver(version: number, { proposal, entry }: LogEntry): void {
    if (version <= this.#appliedVersion) return;
    if (version > this.#appliedVersion + 1)
      throw new EtcdError(`entry ${version} came after ${this.#appliedVersion}`);
    const own = this.#own;
    const isOwn = own !== undefined && own.version === version && own.proposal === proposal;
    // The very bytes that were proposed: by them the store knows its own entry.
    this.#options.state.apply(version, isOwn ? own.entry : entry);
    this.#appliedVersion = version;
    this.#waiters.reached(version);
  }

  /** Resolves when `version` is applied; UNAVAILABLE after `deadlineMs`. */
  async applied(version: number, deadlineMs: Ms, signal?: AbortSignal): Promise<void> {
    if (this.#appliedVersion >= version) return;
    const late = this.#options.clock.after(lagMaxMs, () => this.#giveWatchUp());
    try {
      await this.#waiters.wait(version, deadlineMs, signal);
    } finally {
      late.cancel();
    }
  }

  /** DATA_LOSS when etcd is not where it was. */
  async #readLive(): Promise<number> {
    const { etcd, keys } = this.#options;
    const { revision: known } = this.view;
    const { revision, items } = await etcd.range(keys.live);
    // Reads are linearizable: what was heard of before one began is in it.
    if (revision < known)
      throw new ClusterError(
        'DATA_LOSS',
        `etcd has gone back from revision ${known} to ${revision}, as by a restore of its backup: ` +
          'managers begin again from what it holds now',
      );
    this.view.replace(revision, items);
    return revision;
  }

  #giveWatchUp(): void {
    this.#endWatch(new EtcdError('the watch does not bring what is there'));
  }

  #takeLogged({ key, value }: KeyValue): void {
    const version = this.#options.keys.versionOf(key);
    // What its own writer has delivered while this page was under way is in it, too.
    if (version === undefined || version > this.#appliedVersion + 1)
      throw holeInLog(this.#appliedVersion + 1);
    this.deliver(version, decodeEntry(version, value));
  }

  async #restore(info: SnapshotInfo, revision: number): Promise<void> {
    const { keys, state, log } = this.#options;
    const parts = this.#pages(keys.snapshotParts(info.name), revision);
    const checked = async function* (): AsyncGenerator<Uint8Array> {
      const check = new SnapshotCheck();
      for await (const { value } of parts) {
        check.add(value);
        yield value;
      }
      check.requireSame(info);
    };
    await state.restore(info.version, checked());
    this.#appliedVersion = info.version;
    this.#waiters.reached(info.version);
    log.info('state read from the snapshot in etcd', { version: info.version, bytes: info.bytes });
  }

  async *#pages(range: KeyRange, revision: number): AsyncGenerator<KeyValue> {
    const { etcd } = this.#options;
    for (let { start } = range; start < range.end; ) {
      const page = await etcd.range({ start, end: range.end }, { revision, limit: pageItems });
      yield* page.items;
      const last = page.items.at(-1);
      if (!page.hasMore || last === undefined) return;
      start = `${last.key}\0`;
    }
  }

  async #watch(fromRevision: number, signal: AbortSignal): Promise<void> {
    const { etcd, keys, clock, onChange } = this.#options;
    const over = deferred<never>();
    this.#endWatch = (error) => over.reject(error);
    const opening = clock.after(openDeadlineMs, () =>
      over.reject(new EtcdError('the watch was not taken in')),
    );
    const watch = etcd.watch(keys.watched, fromRevision, {
      opened: () => {
        opening.cancel();
        this.#isWatching = true;
        onChange();
      },
      events: (events) => {
        try {
          if (!signal.aborted) this.#take(events);
        } catch (error) {
          over.reject(error);
        }
      },
      ended: (error) => over.reject(error),
    });
    try {
      signal.throwIfAborted();
      await over.promise;
    } finally {
      opening.cancel();
      watch.cancel();
      this.#isWatching = false;
      this.#endWatch = () => undefined;
      onChange();
    }
  }

  #take(events: readonly WatchEvent[]): void {
    let isLive = false;
    for (const event of events) {
      const version = this.#options.keys.versionOf(event.item.key);
      if (version === undefined) {
        this.view.take(event);
        isLive = true;
      } else if (event.kind === 'put') {
        this.deliver(version, decodeEntry(version, event.item.value));
      }
    }
    if (isLive) this.#options.onChange();
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let appliedBefore = this.#appliedVersion;
    while (!signal.aborted) {
      try {
        await sleep(clock, pollMs, signal);
        await this.look();
        const isStuck = this.#appliedVersion === appliedBefore;
        const isBehind = (this.view.head?.version ?? 0) > this.#appliedVersion;
        // An entry that was written just now is not late yet: give it until the next look.
        if (this.#isWatching && isStuck && isBehind) {
          await sleep(clock, lagMaxMs, signal);
          if (this.#appliedVersion === appliedBefore) this.#giveWatchUp();
        }
        appliedBefore = this.#appliedVersion;
      } catch (error) {
        if (signal.aborted) return;
        if (hasCode(error, 'DATA_LOSS')) this.#endWatch(error);
        else log.debug('etcd was not heard', { reason: messageOf(error) });
      }
    }
  }
}
