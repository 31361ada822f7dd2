import { ClusterError, deferred } from '#lib';
import type { Clock, Deferred, Ms } from '#lib';
import type { ReplicatedState, ReplicateOutcome, Replicator } from './replicator.ts';

export interface LocalReplicatorOptions {
  /** How long a commit takes; 0 (default) commits within `propose`. */
  readonly delayMs?: Ms;
  /** How many of the last entries are kept to be looked at; default all. */
  readonly keepEntries?: number;
  /** Needed with a delay. */
  readonly clock?: Clock;
}

/** A replicator of one process, with nothing behind it: for tests and tools. */
export class LocalReplicator implements Replicator {
  readonly #options: LocalReplicatorOptions;
  readonly #log: { readonly version: number; readonly entry: Uint8Array }[] = [];
  #state: ReplicatedState | undefined;
  #lastVersion = 0;
  #isLeader = true;
  #barriers: Deferred<void>[] = [];
  #underWay = 0;

  constructor(options: LocalReplicatorOptions = {}) {
    this.#options = options;
  }

  /** Once, before the first `propose`. */
  attach(state: ReplicatedState): void {
    this.#state = state;
  }

  /** The entries so far, in order, as many as are kept. */
  get entries(): readonly { readonly version: number; readonly entry: Uint8Array }[] {
    return this.#log;
  }

  /** False: proposals are rejected until it is set again. */
  set isLeader(isLeader: boolean) {
    this.#isLeader = isLeader;
  }

  async propose(entry: Uint8Array): Promise<ReplicateOutcome> {
    if (!this.#isLeader) {
      return { kind: 'rejected', reason: 'leadership was lost', isLeadershipLost: true };
    }
    const { clock, delayMs = 0 } = this.#options;
    if (delayMs === 0 || clock === undefined) return this.#commit(entry);
    this.#underWay++;
    const committed = deferred<ReplicateOutcome>();
    clock.after(delayMs, () => {
      this.#underWay--;
      committed.resolve(this.#commit(entry));
      if (this.#underWay > 0) return;
      for (const barrier of this.#barriers.splice(0)) barrier.resolve();
    });
    return committed.promise;
  }

  async readBarrier(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#isLeader) throw new ClusterError('NO_LEADER', 'the cluster has no leader now');
    if (this.#underWay === 0) return;
    const barrier = deferred<void>();
    this.#barriers.push(barrier);
    await barrier.promise;
  }

  #commit(entry: Uint8Array): ReplicateOutcome {
    const version = ++this.#lastVersion;
    this.#log.push({ version, entry });
    if (this.#log.length > (this.#options.keepEntries ?? Infinity)) this.#log.shift();
    this.#state?.apply(version, entry);
    return { kind: 'committed', version };
  }
}
