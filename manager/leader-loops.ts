import { messageOf, Pacer } from '#lib';
import type { Clock, Logger, Metrics, Random } from '#lib';
import type { ImageIndex } from '#scheduler';
import type { Store } from './store/types.ts';

/** Something that runs on the leader only. After `stop` resolves it does nothing any more. */
export interface LeaderLoop {
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

/** What every loop is made of. */
export interface LoopBasics {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** What the nodes hold, as their agents tell the dispatcher; left out, nothing is known of it. */
  readonly images?: ImageIndex | undefined;
}

/** One name a loop, for the log. A loop is made anew for each term. */
export type LoopMakers = Readonly<Record<string, () => LeaderLoop>>;

/** The loops of one term of leadership. */
export class LeaderLoops {
  readonly #log: Logger;
  readonly #pacer: Pacer;
  readonly #running: { readonly name: string; readonly loop: LeaderLoop }[] = [];

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#pacer = new Pacer(clock, { itemsMax: 1, bytesMax: Infinity });
  }

  /** In order, each in a turn of its own: some begin with a look at everything. A loop that cannot start is logged and does not keep the others from starting. */
  async start(makers: LoopMakers): Promise<void> {
    for (const [name, make] of Object.entries(makers)) {
      try {
        const loop = make();
        this.#running.push({ name, loop });
        await loop.start();
        await this.#pacer.pause();
      } catch (error) {
        this.#log.error('a loop of the leader could not start', { loop: name, err: error });
      }
    }
  }

  /** Stops them in the opposite order. */
  async stop(): Promise<void> {
    for (const { name, loop } of this.#running.splice(0).toReversed()) {
      try {
        await loop.stop();
      } catch (error) {
        this.#log.error('a loop of the leader did not stop well', {
          loop: name,
          reason: messageOf(error),
        });
      }
    }
  }
}
