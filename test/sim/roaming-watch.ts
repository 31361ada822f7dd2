import { ClusterError, hasCode } from '#lib';
import type { Random } from '#lib';
import { WatchRequest } from '#proto';
import { StreamChecker } from '#test/_support/linearizability/store-watch';
import type { AgreedStates } from '#test/_support/linearizability/watch-checker';
import type { VirtualClock } from '#test/_support/virtual-clock';
import type { SimHost } from './cluster-host.ts';

export interface RoamingWatchOptions {
  readonly id: string;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly hosts: readonly SimHost[];
  readonly agreed: AgreedStates;
  /** A promise of the watch is broken. */
  readonly onWrong: (error: unknown) => void;
}

/** What ends a stream and leaves the watcher free to go on elsewhere. */
const passing = ['NOT_LEADER', 'NO_LEADER', 'UNAVAILABLE', 'LIMIT_EXCEEDED', 'CANCELLED'] as const;

/**
 * A user who watches through the API: hangs up now and then, loses managers that are killed or cut
 * off, and goes on from the version it has, on whatever manager it finds.
 */
export class RoamingWatch {
  readonly #options: RoamingWatchOptions;
  #checker: StreamChecker | undefined;
  #begun = 0;
  readonly counts = { resumed: 0, compacted: 0, commits: 0 };

  constructor(options: RoamingWatchOptions) {
    this.#options = options;
  }

  async run(isOver: () => boolean): Promise<void> {
    const { clock, random, hosts, onWrong } = this.#options;
    while (!isOver()) {
      // Away for long now and then: managers take snapshots and restart meanwhile.
      await clock.wait(random.below(4) === 0 ? 500 + random.below(2_500) : 5 + random.below(150));
      const host = hosts[random.below(hosts.length)];
      if (host === undefined) continue;
      try {
        await this.#follow(host, 60 + random.below(900));
      } catch (error) {
        if (hasCode(error, 'VERSION_COMPACTED')) {
          this.counts.compacted++;
          this.#checker = undefined;
        } else if (!passing.some((code) => hasCode(error, code))) onWrong(error);
      }
      this.#checker?.cut();
    }
  }

  async #follow({ manager, process }: SimHost, forMs: number): Promise<void> {
    if (manager === undefined || process === undefined) return;
    const { id, clock, agreed } = this.#options;
    const hangUp = new AbortController();
    const isOver = new Promise<undefined>((resolve) => {
      clock.after(forMs, () => {
        hangUp.abort(new ClusterError('CANCELLED', 'hung up'));
        resolve(undefined);
      });
    });
    const fromVersion = this.#checker?.version ?? 0;
    const checker = this.#checker ?? new StreamChecker(`${id}/${++this.#begun}`, agreed);
    const messages = manager.handlers.control
      .watch(WatchRequest.create({ fromVersion }), {
        caller: { kind: 'local' },
        address: '',
        signal: hangUp.signal,
      })
      [Symbol.asyncIterator]();
    for (let isFirst = true; ; isFirst = false) {
      const next = await Promise.race([process.guard(messages.next()), isOver]);
      if (next === undefined || next.done === true) return;
      const before = checker.commitCount;
      checker.message(next.value);
      this.#checker = checker;
      this.counts.commits += checker.commitCount - before;
      if (isFirst && fromVersion > 0) this.counts.resumed++;
    }
  }
}
