import type { Clock, Logger, Metrics, Random } from '#lib';
import type { Store } from '../store/types.ts';

/** What every loop of the leader is made with. The store must be up to date when a loop is started. */
export interface LeaderLoopOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A part of the manager that runs on the leader only. It is made anew for every term of leadership. */
export interface LeaderLoop {
  start(): void;
  stop(): Promise<void>;
}
