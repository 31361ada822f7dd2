import { Bell, hasCode, messageOf } from '#lib';
import type { Clock, Gauge, Logger, Metrics, Ms, Timer } from '#lib';
import { LeaderLoops } from './leader-loops.ts';
import type { LoopMakers } from './leader-loops.ts';
import type { Replication } from './replication/replication.ts';
import type { Store, Subscription } from './store/types.ts';

/** Between two tries to take up leadership, when the first did not succeed. */
const retryMs: Ms = 100;

export interface LeadershipOptions {
  readonly replicator: Replication;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Before the loops start: writes what a new cluster begins with. */
  readonly prepare: () => Promise<void>;
  readonly loops: LoopMakers;
}

/**
 * Runs the leader's loops while, and only while, this manager leads. They start once everything
 * that earlier leaders committed is applied here, and have stopped before those of another term
 * start.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #bell = new Bell();
  readonly #stopping = new AbortController();
  readonly #active: Gauge;
  #loops: LeaderLoops | undefined;
  /** The term the loops run for; 0 = they do not run. */
  #term = 0;
  #timer: Timer | undefined;
  #subscription: Subscription | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#active = options.metrics.gauge(
      'tessera_manager_loops_running',
      "1 while the leader's loops run on this manager, else 0.",
    );
  }

  /** The loops run: this manager leads and has everything that earlier leaders wrote. */
  get isActive(): boolean {
    return this.#loops !== undefined && this.#isStillLeader();
  }

  start(): void {
    this.#active.set(0);
    this.#subscription = this.#options.replicator.onChange(() => this.#bell.ring());
    this.#bell.ring();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#timer?.cancel();
    this.#subscription?.cancel();
    await this.#running;
    await this.#step();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#bell.wait(signal);
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        const { log, clock } = this.#options;
        const fields = { reason: messageOf(error) };
        if (hasCode(error, 'NOT_LEADER')) log.debug('leadership not taken up', fields);
        else log.warn('leadership not taken up', fields);
        this.#timer?.cancel();
        this.#timer = clock.after(retryMs, () => this.#bell.ring());
      }
    }
  }

  #isStillLeader(): boolean {
    const { isLeader, term } = this.#options.replicator.status();
    return isLeader && term === this.#term;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    if (this.#loops !== undefined && !this.#isStillLeader()) await this.#step();
    const { replicator, store, prepare, loops, log, clock } = this.#options;
    const { isLeader, term } = replicator.status();
    if (!isLeader || this.#loops !== undefined || signal.aborted) return;
    await store.readBarrier(signal);
    await prepare();
    if (replicator.status().term !== term || signal.aborted) return;
    log.info('this manager leads', { term });
    this.#term = term;
    this.#loops = new LeaderLoops(log, clock);
    this.#active.set(1);
    await this.#loops.start(loops);
  }

  /** Stops the loops, if they run. */
  async #step(): Promise<void> {
    const loops = this.#loops;
    if (loops === undefined) return;
    await loops.stop();
    this.#loops = undefined;
    this.#options.log.info('this manager leads no more', { term: this.#term });
    this.#term = 0;
    this.#active.set(0);
  }
}
