/**
 * Watchers of the control API that go from manager to manager: each goes on from the version it has,
 * wherever it gets an answer, and must hear every change of services once, in order and whole.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '#lib';
import type { Random } from '#lib';
import type { Service } from '#proto';
import { serviceStates, StreamChecker } from './linearizability/store-watch.ts';
import { AgreedStates } from './linearizability/watch-checker.ts';
import type { ManagerLine } from './manager-line.ts';

/** A watch is cut after so long at the latest, and goes on elsewhere. */
const stayMs = 4_000;

interface Follower {
  checker: StreamChecker;
  readonly name: string;
}

export class WatchFollower {
  readonly wrong: unknown[] = [];
  readonly #lines: readonly ManagerLine[];
  readonly #agreed = new AgreedStates();
  readonly #followers: readonly Follower[];
  readonly #running: Promise<unknown>;
  readonly #stopping = new AbortController();
  #resumed = 0;
  #compacted = 0;
  #commits = 0;

  /** One watcher for each of the lines, all over them. */
  constructor(lines: readonly ManagerLine[], random: Random) {
    this.#lines = lines;
    this.#followers = lines.map(({ host }, i) => {
      const name = `watcher ${i} (${host} first)`;
      return { name, checker: new StreamChecker(name, this.#agreed) };
    });
    const runs = this.#followers.map((one, i) => this.#follow(one, i, random.fork(`watch/${i}`)));
    this.#running = Promise.all(runs);
  }

  get commitCount(): number {
    return this.#commits + this.#followers.reduce((sum, one) => sum + one.checker.commitCount, 0);
  }

  get summary(): string {
    return (
      `${this.commitCount} commits heard, ${this.#resumed} times resumed, ` +
      `${this.#compacted} times begun anew, ${this.#agreed.versionCount} versions agreed on`
    );
  }

  /** Does every watcher have these services, and nothing else? */
  haveAll(services: readonly Service[]): boolean {
    const present = serviceStates(services);
    return this.#followers.every(({ checker }) => checker.has(present));
  }

  describe(): string {
    return this.#followers.map(({ name, checker }) => `${name} at ${checker.version}`).join(', ');
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    for (const line of this.#lines) line.close();
  }

  async #follow(follower: Follower, first: number, random: Random): Promise<void> {
    const { signal: stopping } = this.#stopping;
    for (let at = first; !stopping.aborted; at = random.below(this.#lines.length)) {
      const line = this.#lines[at] as ManagerLine;
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(500 + random.below(stayMs))]);
      const { checker } = follower;
      if (checker.version > 0) this.#resumed++;
      try {
        for await (const message of line.watch(checker.version, signal)) checker.message(message);
      } catch (error) {
        this.#ended(follower, error);
      }
      follower.checker.cut();
      await delay(random.below(200));
    }
  }

  #ended(follower: Follower, error: unknown): void {
    if (hasCode(error, 'VERSION_COMPACTED')) {
      this.#compacted++;
      this.#commits += follower.checker.commitCount;
      follower.checker = new StreamChecker(follower.name, this.#agreed);
    } else if (!isEnd(error)) this.wrong.push(error);
  }
}

/** How a watch may end at any time. */
function isEnd(error: unknown): boolean {
  const codes = [
    'CANCELLED',
    'UNAVAILABLE',
    'NOT_LEADER',
    'NO_LEADER',
    'DEADLINE_EXCEEDED',
  ] as const;
  return codes.some((code) => hasCode(error, code));
}
