/** Breaks one host of a lab after the other, as a seed says, and mends it again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#lib';
import { LabFaults } from './lab-faults.ts';
import type { Lab } from './lab.ts';

export interface LabNemesisOptions {
  readonly lab: Lab;
  readonly random: Random;
  /** The host that leads, when one does. */
  readonly leader: () => Promise<string | undefined>;
  readonly say: (line: string) => void;
}

type Fault = readonly [name: string, run: (host: string, holdMs: number) => Promise<unknown>];

export class LabNemesis {
  readonly counts = new Map<string, number>();
  readonly #options: LabNemesisOptions;
  readonly #direct: LabFaults;
  readonly #faults: readonly Fault[];

  constructor(options: LabNemesisOptions) {
    this.#options = options;
    const { lab } = options;
    const direct = new LabFaults(lab);
    this.#direct = direct;
    const other = (host: string): string => this.#pick(lab.hosts.filter((one) => one !== host));
    const kill: Fault = ['kill -9', async (host) => direct.signal(host, 'SIGKILL')];
    const pause: Fault = [
      'pause',
      async (host, holdMs) => {
        direct.signal(host, 'SIGSTOP');
        await delay(holdMs);
        direct.signal(host, 'SIGCONT');
      },
    ];
    const cut: Fault = [
      'cut',
      async (host, holdMs) => {
        await direct.cut(host);
        await delay(holdMs);
        await direct.heal(host);
      },
    ];
    const powerCut: Fault = [
      'power cut',
      async (host) => {
        direct.cutPower(host);
        await direct.boot(host);
      },
    ];
    this.#faults = [
      ...[kill, kill, pause, pause, pause, cut, cut, powerCut],
      ['deaf to one', (host, holdMs) => this.#deaf(host, [other(host)], holdMs)],
      ['deaf', (host, holdMs) => this.#deaf(host, this.#others(host), holdMs)],
      ['mute', (host, holdMs) => this.#mute(host, holdMs)],
    ];
  }

  /** Mostly the leader suffers. Ends with everything mended. */
  async run(durationMs: number): Promise<void> {
    const { random, say, lab, leader } = this.#options;
    const startedAt = performance.now();
    const end = startedAt + durationMs;
    while (performance.now() < end) {
      const leading = random.below(3) > 0 ? await leader() : undefined;
      const host = leading ?? this.#pick(lab.hosts);
      const [name, run] = this.#faults[random.below(this.#faults.length)] as Fault;
      const holdMs = 300 + random.below(3_000);
      say(`${Math.round(performance.now() - startedAt)} ms: ${name} ${host} ${holdMs}`);
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      // A daemon that is just starting again has no process to be hurt.
      await run(host, holdMs).catch((error: unknown) => say(String(error)));
      await delay(200 + random.below(1_500));
    }
  }

  get summary(): string {
    return [...this.counts].map(([name, count]) => `${count} ${name}`).join(', ');
  }

  #pick(hosts: readonly string[]): string {
    return hosts[this.#options.random.below(hosts.length)] ?? '';
  }

  #others(host: string): readonly string[] {
    return this.#options.lab.hosts.filter((one) => one !== host);
  }

  /** What the others send does not reach `host`; what it sends reaches them. */
  async #deaf(host: string, to: readonly string[], holdMs: number): Promise<void> {
    await this.#direct.dropFrom(host, to);
    await delay(holdMs);
    await this.#direct.dropFrom(host, []);
  }

  /** Nobody hears `host`, which hears everybody. */
  async #mute(host: string, holdMs: number): Promise<void> {
    const others = this.#others(host);
    await Promise.all(others.map((one) => this.#direct.dropFrom(one, [host])));
    await delay(holdMs);
    await Promise.all(others.map((one) => this.#direct.dropFrom(one, [])));
  }
}
