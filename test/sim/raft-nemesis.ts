/** What befalls the members of the world raft, drawn from its seed. */
import type { MemberId, RaftNode } from 'raft-ts';
import type { Random } from '#lib';
import type { SimMember } from './raft-member.ts';
import type { SimNetwork } from './raft-network.ts';
import type { VirtualClock } from '#test/_support/virtual-clock';
import { calmNetwork } from './raft-network.ts';

/** The world as its nemesis sees it. */
export interface Besieged {
  readonly clock: VirtualClock;
  readonly members: ReadonlyMap<MemberId, SimMember>;
  readonly network: SimNetwork;
  /** Until then nothing new befalls anybody. */
  readonly isChaos: boolean;
  /** Only what a slow clock does to leases is of interest. */
  readonly isAboutClocks: boolean;
  leader(): { readonly member: SimMember; readonly node: RaftNode } | null;
  start(member: SimMember): void;
  clockRate(id: MemberId): number;
  trace(text: string): void;
  write(node: RaftNode, paddingBytes: number): Promise<boolean>;
  /** Writes to the newest leader, and reads from all that believe to lead. */
  probe(times: number, random: Random): Promise<void>;
  /** Asks the leader for some change of members. */
  change(random: Random): void;
}

export class RaftNemesis {
  readonly #world: Besieged;
  readonly slowDisks = new Set<MemberId>();
  /** No call of the disk ends before this time. */
  readonly stuckUntil = new Map<MemberId, number>();
  faultCount = 0;

  constructor(world: Besieged) {
    this.#world = world;
  }

  async run(random: Random): Promise<void> {
    // Each seed has a nemesis of its own character: some faults often, some never.
    const faults = [
      () => this.#crash(random),
      () => this.#partition(random),
      () => this.#isolateLeader(random),
      () => void this.#succession(random),
      () => void this.#isolateSlowest(random),
      () => this.#pause(random),
      () => this.#weather(random),
      () => this.#disks(random),
      () => this.#world.change(random),
      () => this.#world.change(random),
      () => this.#transfer(random),
      () => this.#world.network.heal(),
    ].flatMap((fault) => Array.from({ length: random.below(4) }, () => fault));
    if (this.#world.isAboutClocks)
      faults.splice(0, faults.length, () => void this.#isolateSlowest(random));
    const pauseMaxMs = 100 + random.below(700);
    while (this.#world.isChaos && faults.length > 0) {
      await this.#world.clock.wait(
        (this.#world.isAboutClocks ? 1500 : 20) + random.below(pauseMaxMs),
      );
      if (!this.#world.isChaos) return;
      this.faultCount++;
      faults[random.below(faults.length)]?.();
    }
  }

  #any(random: Random): SimMember | undefined {
    const all = [...this.#world.members.values()];
    return random.below(3) === 0
      ? (this.#world.leader()?.member ?? all[0])
      : all[random.below(all.length)];
  }

  #crash(random: Random): void {
    const all = random.below(12) === 0;
    const one = this.#any(random);
    const victims = all ? [...this.#world.members.values()] : one === undefined ? [] : [one];
    for (const victim of victims) {
      if (random.below(4) === 0) void victim.stop();
      else victim.kill();
      this.#world.clock.after(random.below(1500), () => {
        if (victim.canStart) this.#world.start(victim);
      });
    }
  }

  #partition(random: Random): void {
    const ids = [...this.#world.members.keys()];
    this.#world.trace('partition');
    if (random.below(3) === 0) {
      for (const a of ids)
        for (const b of ids) if (random.below(4) === 0) this.#world.network.cut(a, b);
      return;
    }
    const side = ids.filter(() => random.below(2) === 0);
    const others = ids.filter((id) => !side.includes(id));
    if (random.below(3) > 0) this.#world.network.split(side, others);
    else for (const a of side) for (const b of others) this.#world.network.cut(a, b);
  }

  /** The leader goes on alone, maybe with a change of members that nobody else knows. */
  #isolateLeader(random: Random): void {
    const leader = this.#world.leader()?.member;
    if (leader === undefined) return;
    const others = [...this.#world.members.keys()].filter((id) => id !== leader.id);
    const company = others.slice(0, random.below(3) === 0 ? 1 : 0);
    this.#world.trace(`isolate ${leader.id} ${company.join()}`);
    const isAtOnce = random.below(2) === 0;
    const cut = (): void =>
      this.#world.network.split(
        [leader.id, ...company],
        others.filter((id) => !company.includes(id)),
      );
    if (isAtOnce) cut();
    else this.#world.clock.after(random.below(4), cut);
    for (let i = random.below(4); i > 0; i--) this.#world.change(random);
    void this.#world.probe(random.below(40), random);
    this.#world.clock.after(200 + random.below(2500), () => this.#world.network.heal());
  }

  /**
   * A leader is cut off with writes that nobody else has. Its successor is lost at the moment in
   * which it comes back, so that the others choose between old writes and committed ones.
   */
  async #succession(random: Random): Promise<void> {
    const leader = this.#world.leader();
    if (leader === null) return;
    const { member: first, node } = leader;
    const alone = (id: MemberId): void =>
      this.#world.network.split(
        [id],
        [...this.#world.members.keys()].filter((other) => other !== id),
      );
    this.#world.trace(`succession ${first.id}`);
    alone(first.id);
    for (let i = random.below(12); i > 0; i--) void this.#world.write(node, random.below(20));
    await this.#world.clock.wait(600 + random.below(1500));
    if (!this.#world.isChaos) return;
    const second = this.#world.leader()?.member;
    this.#world.network.heal();
    if (second === undefined || second === first) return;
    alone(second.id);
    this.#world.clock.after(500 + random.below(1500), () => this.#world.network.heal());
  }

  /** The leader whose lease lasts longest by true time is cut off: its clock is the slowest. */
  async #isolateSlowest(random: Random): Promise<void> {
    const node = this.#world.leader()?.node;
    const ids = node?.status().membership.members.map(({ id }) => id) ?? [];
    const slowest = ids.sort((a, b) => this.#world.clockRate(a) - this.#world.clockRate(b))[0];
    if (node === undefined || slowest === undefined) return;
    this.#world.network.heal();
    if (slowest !== node.status().id) await node.transferLeadership(slowest);
    await this.#world.clock.wait(50 + random.below(300));
    if (this.#world.isChaos) this.#isolateLeader(random);
  }

  #pause(random: Random): void {
    const victim = this.#any(random);
    if (!victim?.node || victim.isPaused) return;
    victim.pause();
    this.#world.trace(`pause ${victim.id}`);
    this.#world.clock.after(random.below(2500), () => victim.resume(random));
  }

  #weather(random: Random): void {
    const isBad = random.below(2) === 0;
    this.#world.network.faults = isBad
      ? {
          lossPerMille: random.below(300),
          duplicatePerMille: random.below(200),
          delayMinMs: random.below(20),
          delayMaxMs: 20 + random.below(300),
        }
      : { ...calmNetwork };
  }

  #disks(random: Random): void {
    const victim = this.#any(random);
    if (victim === undefined) return;
    const draw = random.below(6);
    if (draw === 0) this.#fillDisk(victim, random);
    else if (draw === 1) {
      this.stuckUntil.set(victim.id, this.#world.clock.monotonic() + 500 + random.below(3500));
    } else if (draw === 2) victim.isDiskFailing = true;
    else if (this.slowDisks.has(victim.id)) this.slowDisks.delete(victim.id);
    else this.slowDisks.add(victim.id);
    this.#world.clock.after(500, () => {
      if (victim.canStart) this.#world.start(victim);
    });
  }

  /** No write succeeds until there is room again; a member that starts meanwhile stops again. */
  #fillDisk(victim: SimMember, random: Random): void {
    victim.isDiskFull = true;
    this.#world.trace(`disk full ${victim.id}`);
    this.#world.clock.after(300 + random.below(2000), () => {
      victim.isDiskFull = false;
      if (victim.canStart) this.#world.start(victim);
    });
  }

  #transfer(random: Random): void {
    const to = this.#any(random);
    if (to !== undefined) void this.#world.leader()?.node.transferLeadership(to.id);
  }
}
