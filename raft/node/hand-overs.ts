import type { Clock, Observer } from '../ports.ts';
import type { MemberId } from '../types.ts';
import type { RaftCore } from '../core/raft-core.ts';
import type { WedgeLimits, WedgeReason } from './wedge-watch.ts';
import { WedgeWatch } from './wedge-watch.ts';

/**
 * Leadership goes elsewhere: because somebody asked for it, or because this leader is wedged. Then
 * the best successor is asked to take over; when there is none, it leads on, unless nothing is
 * committed any more and the others could elect somebody: its heartbeats only keep them quiet then.
 */
export class HandOvers {
  readonly #core: RaftCore;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #changed: () => void;
  readonly #watch: WedgeWatch;
  #resolve: ((isDone: boolean) => void) | null = null;
  #isStopped = false;

  /** `changed`: the core has been called, look for work. */
  constructor(
    core: RaftCore,
    clock: Clock,
    observer: Observer,
    limits: WedgeLimits,
    changed: () => void,
  ) {
    this.#core = core;
    this.#clock = clock;
    this.#observer = observer;
    this.#changed = changed;
    this.#watch = new WedgeWatch(limits, clock.monotonic());
  }

  /** See `RaftNode.transferLeadership`. */
  to(member: MemberId): Promise<boolean> {
    if (!this.#core.transfer(member)) return Promise.resolve(false);
    this.#settle(false);
    const done = new Promise<boolean>((resolve) => {
      this.#resolve = resolve;
    });
    this.#changed();
    return done;
  }

  /** The core has changed: perhaps a transfer has ended. */
  note(): void {
    if (!this.#core.isTransferring) this.#settle(this.#core.role !== 'leader');
  }

  stop(): void {
    this.#isStopped = true;
    this.#settle(false);
  }

  writeBegan(): void {
    this.#watch.writeBegan(this.#clock.monotonic());
  }

  writeEnded(): void {
    this.#watch.writeEnded();
  }

  /** After each tick. */
  ticked(): void {
    const nowMs = this.#clock.monotonic();
    this.#watch.ticked(nowMs);
    if (this.#core.role !== 'leader' || this.#core.isTransferring) return;
    const reason = this.#watch.reason(nowMs);
    if (reason !== null) void this.#giveAway(reason);
  }

  async #giveAway(reason: WedgeReason): Promise<void> {
    const { term, log } = this.#core;
    const { commit } = log;
    const to = this.#core.successor();
    let isDone = to !== 0 && (await this.to(to));
    if (this.#isStopped || (!isDone && this.#core.term !== term)) return;
    const isStuck = log.commit === commit && log.last > commit;
    if (!isDone && isStuck && this.#watch.isDiskStalled(this.#clock.monotonic())) {
      isDone = this.#core.stepDown();
      this.#changed();
    }
    this.#observer.handedOver?.({ reason, to, isDone });
  }

  #settle(isDone: boolean): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.(isDone);
  }
}
