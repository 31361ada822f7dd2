import { ClusterError } from '#lib';
import type { Random } from '#lib';
import type { VirtualClock } from '#test/_support/virtual-clock';
import type { SimHost } from './cluster-host.ts';
import type { ClusterNetwork } from './cluster-network.ts';

export interface NemesisWorld {
  readonly clock: VirtualClock;
  readonly hosts: readonly SimHost[];
  readonly network: ClusterNetwork;
  readonly isChaos: boolean;
  leader(): SimHost | undefined;
  trace(text: string): void;
}

/** Makes faults. Each seed has one of its own character: some faults often, some never. */
export class Nemesis {
  faultCount = 0;
  readonly #world: NemesisWorld;
  readonly #random: Random;

  constructor(world: NemesisWorld, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Until the chaos ends. */
  async run(): Promise<void> {
    const random = this.#random;
    const faults = [
      () => this.#kill(this.#any(random), random),
      () => this.#kill(this.#world.leader(), random),
      () => this.#powerCut(random),
      () => this.#cut(random),
      () => this.#isolate(this.#world.leader(), random),
      () => this.#isolate(this.#any(random), random),
      () => this.#pause(random),
      () => this.#exitContainer(random),
      () => this.#exitContainer(random),
      () => this.#runtimeDown(random),
      () => this.#noImages(random),
      () => this.#runtimeDeaf(random),
      () => this.#diskFull(random),
      () => this.#world.network.heal(),
    ].flatMap((fault) => Array.from({ length: random.below(3) }, () => fault));
    const pauseMaxMs = 200 + random.below(3_000);
    while (this.#world.isChaos && faults.length > 0) {
      await this.#world.clock.wait(20 + random.below(pauseMaxMs));
      if (!this.#world.isChaos) return;
      this.faultCount++;
      faults[random.below(faults.length)]?.();
    }
  }

  #any(random: Random): SimHost | undefined {
    return this.#world.hosts[random.below(this.#world.hosts.length)];
  }

  #kill(host: SimHost | undefined, random: Random): void {
    if (host?.isUp !== true) return;
    this.#world.trace(`kill ${host.id}`);
    host.kill();
    this.#world.clock.after(random.below(4_000), () => host.boot());
  }

  #powerCut(random: Random): void {
    const host = this.#any(random);
    if (host === undefined) return;
    this.#world.trace(`power cut ${host.id}`);
    host.cutPower();
    this.#world.clock.after(random.below(12_000), () => host.boot());
  }

  #cut(random: Random): void {
    const [a, b] = [this.#any(random), this.#any(random)];
    if (a === undefined || b === undefined || a === b) return;
    this.#world.trace(`cut ${a.id} ${b.id}`);
    this.#world.network.cut(a.id, b.id);
  }

  #isolate(host: SimHost | undefined, random: Random): void {
    if (host === undefined) return;
    this.#world.trace(`isolate ${host.id}`);
    for (const other of this.#world.hosts)
      if (other !== host) this.#world.network.cut(host.id, other.id);
    this.#world.clock.after(random.below(10_000), () => this.#world.network.heal());
  }

  #pause(random: Random): void {
    const host = this.#any(random);
    if (host === undefined || host.isPaused) return;
    this.#world.trace(`pause ${host.id}`);
    host.pause();
    this.#world.clock.after(random.below(6_000), () => host.resume());
  }

  #exitContainer(random: Random): void {
    const states = this.#any(random)?.runtime.peek() ?? [];
    const state = states[random.below(Math.max(1, states.length))];
    const host = this.#world.hosts.find(({ runtime }) =>
      runtime.peek().some(({ id }) => id === state?.id),
    );
    if (state === undefined || host === undefined) return;
    this.#world.trace(`exit ${state.id.slice(0, 8)} on ${host.id}`);
    host.runtime.exit(state.id, random.below(2));
  }

  #runtimeDown(random: Random): void {
    const host = this.#any(random);
    if (host === undefined) return;
    this.#world.trace(`runtime of ${host.id} down`);
    host.runtime.isDown = true;
    this.#world.clock.after(random.below(4_000), () => {
      host.runtime.isDown = false;
    });
  }

  /** Exits are not told; some never are. */
  #runtimeDeaf(random: Random): void {
    const host = this.#any(random);
    if (host === undefined) return;
    this.#world.trace(`runtime of ${host.id} deaf`);
    host.runtime.isDeaf = true;
    this.#world.clock.after(random.below(4_000), () => {
      host.runtime.isDeaf = false;
      if (random.below(2) === 0) host.runtime.tellMissed();
    });
  }

  #diskFull(random: Random): void {
    const host = this.#any(random);
    if (host === undefined) return;
    this.#world.trace(`disk of ${host.id} full`);
    host.storage.isFull = true;
    this.#world.clock.after(random.below(8_000), () => {
      host.storage.isFull = false;
    });
  }

  #noImages(random: Random): void {
    const host = this.#any(random);
    if (host === undefined) return;
    this.#world.trace(`no images for ${host.id}`);
    host.runtime.images.pullError = () => new ClusterError('IMAGE_NOT_FOUND', 'no such image');
    this.#world.clock.after(random.below(4_000), () => {
      host.runtime.images.pullError = () => undefined;
    });
  }
}
