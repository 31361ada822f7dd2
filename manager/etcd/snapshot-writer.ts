import { backoffMs, messageOf, sleep } from '#lib';
import type { Clock, Counter, Gauge, Logger, Metrics, Random } from '#lib';
import type { ReplicatedState } from '../store/replicator.ts';
import { retry } from './attempts.ts';
import { EtcdError } from './etcd-port.ts';
import type { Etcd, Operation } from './etcd-port.ts';
import type { Keys } from './keys.ts';
import type { LogFollower } from './log-follower.ts';
import { encodeJson, SnapshotCheck, snapshotParts } from './values.ts';

/** After so many entries a snapshot takes their place. */
const entriesDefault = 10_000;
/** Entries before a snapshot that stay, for managers whose watch broke off for a moment. */
const keepDefault = 1_000;
/** Attempts at one part of a snapshot; after that the whole is begun anew, later. */
const attemptsMax = 10;

export interface SnapshotWriterOptions {
  readonly etcd: Etcd;
  readonly keys: Keys;
  readonly follower: LogFollower;
  readonly state: ReplicatedState;
  /** The leader key's revision while this manager leads for certain, else undefined. */
  readonly term: () => number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
  readonly snapshotEntries?: number;
  readonly keepEntries?: number;
}

class NoLongerLeader extends Error {}

/**
 * On the leader: writes snapshots aside, makes one the present one in a single transaction, and deletes the
 * entries and snapshots before it. Whatever a killed leader has left is deleted by the next snapshot.
 */
export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  readonly #taken: Counter;
  readonly #bytes: Gauge;
  #running: Promise<void> | undefined;
  #snapshotEntries: number;
  /** After one that failed, the next is due so many entries later. */
  #notBefore = 0;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
    this.#snapshotEntries = options.snapshotEntries ?? entriesDefault;
    const { metrics } = options;
    this.#taken = metrics.counter('tessera_etcd_snapshots_total', 'Snapshots written to etcd.');
    this.#bytes = metrics.gauge('tessera_etcd_snapshot_bytes', 'Size of the last snapshot.');
  }

  /** Another number of entries between two, from now on. */
  setEntries(entries: number): void {
    this.#snapshotEntries = entries;
  }

  /** Begins one in the background when it is due; cheap to ask. */
  consider(): void {
    const { follower, term } = this.#options;
    const snapshotEntries = this.#snapshotEntries;
    const { appliedVersion, view } = follower;
    const since = appliedVersion - (view.snapshot?.version ?? 0);
    const isDue = since >= snapshotEntries && appliedVersion >= this.#notBefore;
    const present = term();
    if (!isDue || present === undefined || this.#running !== undefined) return;
    this.#running = this.#write(present, appliedVersion)
      .catch((error: unknown) => {
        this.#notBefore = follower.appliedVersion + Math.ceil(snapshotEntries / 10);
        const fields = { reason: messageOf(error) };
        if (error instanceof NoLongerLeader)
          this.#options.log.debug('snapshot not written', fields);
        else this.#options.log.warn('snapshot not written', fields);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Until what is under way has ended; the signal makes that soon. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #write(term: number, version: number): Promise<void> {
    const { keys, state, follower, log, random } = this.#options;
    // At once: it has to be the state of this very version.
    const image = state.snapshot();
    const name = `${version}-${random.bytes(6).toHex()}`;
    const check = new SnapshotCheck();
    for await (const value of snapshotParts(image)) {
      const key = keys.snapshotPart(name, check.totals.parts);
      await this.#fenced(term, [{ kind: 'put', key, value }]);
      check.add(value);
    }
    const keep = this.#options.keepEntries ?? keepDefault;
    const firstKept = Math.max(1, version + 1 - keep);
    // A log that a manager has read from may only become shorter.
    const logFrom = Math.max(firstKept, follower.view.snapshot?.logFrom ?? 1);
    const info = { version, name, ...check.totals, logFrom };
    await this.#fenced(term, [{ kind: 'put', key: keys.snapshot, value: encodeJson(info) }]);
    const old = [...keys.otherSnapshots(name), keys.logRange(0, logFrom - 1)];
    for (const range of old) await this.#fenced(term, [{ kind: 'delete-range', range }]);
    this.#taken.inc();
    this.#bytes.set(info.bytes);
    log.info('snapshot written to etcd', { version, bytes: info.bytes, parts: info.parts });
  }

  /** Only as long as this manager leads; repeating it does no harm. */
  async #fenced(term: number, changes: readonly Operation[]): Promise<void> {
    const { etcd, keys, clock, random, signal } = this.#options;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      if (this.#options.term() !== term) throw new NoLongerLeader('another manager leads');
      try {
        const when = [{ key: keys.leader, target: 'created', revision: term }] as const;
        const { isDone } = await etcd.transact({ when, changes, otherwise: [] });
        if (isDone) return;
        throw new NoLongerLeader('another manager leads');
      } catch (error) {
        if (!(error instanceof EtcdError) || attempt >= attemptsMax) throw error;
      }
      await sleep(clock, backoffMs(retry, attempt, random), signal);
    }
  }
}
