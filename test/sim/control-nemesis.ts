import type { Random } from '#lib';
import type { VirtualClock } from '#test/_support/virtual-clock';
import type { SimHost } from './cluster-host.ts';
import type { ClusterNetwork } from './cluster-network.ts';

export interface ControlNemesisWorld {
  readonly clock: VirtualClock;
  readonly hosts: readonly SimHost[];
  readonly network: ClusterNetwork;
  readonly isChaos: boolean;
  /** All that think they lead. */
  leaders(): readonly SimHost[];
  trace(text: string): void;
}

/** Faults of managers, mostly of the one that leads: long enough for another one to take over. */
export class ControlNemesis {
  faultCount = 0;
  readonly #world: ControlNemesisWorld;
  readonly #random: Random;

  constructor(world: ControlNemesisWorld, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Until the chaos ends. Each seed has a nemesis of its own character. */
  async run(): Promise<void> {
    const random = this.#random;
    const faults = [
      (host: SimHost) => this.#end(host, 'kill'),
      (host: SimHost) => this.#end(host, 'power cut'),
      (host: SimHost) => this.#isolate(host),
      (host: SimHost) => this.#isolate(host),
      (host: SimHost) => this.#pause(host),
      (host: SimHost) => this.#pause(host),
      () => this.#world.network.heal(),
    ].flatMap((fault) => Array.from({ length: random.below(3) }, () => fault));
    const pauseMaxMs = 400 + random.below(2_000);
    while (this.#world.isChaos && faults.length > 0) {
      await this.#world.clock.wait(100 + random.below(pauseMaxMs));
      const host = this.#victim();
      if (!this.#world.isChaos || host === undefined) continue;
      this.faultCount++;
      faults[random.below(faults.length)]?.(host);
    }
  }

  #victim(): SimHost | undefined {
    const { hosts } = this.#world;
    const leaders = this.#random.below(3) > 0 ? this.#world.leaders() : [];
    const chosen = leaders.length > 0 ? leaders : hosts;
    return chosen[this.#random.below(chosen.length)];
  }

  #end(host: SimHost, how: 'kill' | 'power cut'): void {
    if (!host.isUp) return;
    this.#world.trace(`${how} ${host.id}`);
    if (how === 'kill') host.kill();
    else host.cutPower();
    this.#world.clock.after(this.#random.below(1_000), () => host.boot());
  }

  #isolate(host: SimHost): void {
    this.#world.trace(`isolate ${host.id}`);
    const { network, clock, hosts } = this.#world;
    for (const other of hosts) if (other !== host) network.cut(host.id, other.id);
    clock.after(100 + this.#random.below(1_200), () => network.heal());
  }

  #pause(host: SimHost): void {
    if (!host.isUp || host.isPaused) return;
    this.#world.trace(`pause ${host.id}`);
    host.pause();
    this.#world.clock.after(100 + this.#random.below(1_500), () => host.resume());
  }
}
