import type { MemberId, Membership, MembershipChange } from 'raft-ts';
import type { RaftNode, RaftNodeOptions } from 'raft-ts';
import type { Besieged } from './raft-nemesis.ts';
import type { MemberWorld } from './raft-member.ts';
import type { Random } from '#lib';
import type { World, WorldResult } from './sim-failure.ts';
import { calmNetwork, SimNetwork } from './raft-network.ts';
import { drawChange, drawPossibleSet } from './raft-changes.ts';
import { isRaftError } from 'raft-ts';
import { RaftChecker } from './raft-checker.ts';
import { RaftNemesis } from './raft-nemesis.ts';
import { seededRandom } from '#lib';
import { SimFailure } from './sim-failure.ts';
import { SimMember } from './raft-member.ts';
import { Trace } from './sim-trace.ts';
import { VirtualClock } from '#test/_support/virtual-clock';

const CONVERGE_MS = 30_000;
const EVENTS_MAX = 100_000;

/** How far the members' clocks differ, as they are told and in truth. */
interface Clocks {
  readonly toldPerMille: number;
  readonly truePerMille: number;
}

/** Members, clients and faults drawn from one seed; first chaos, then everything heals. */
class RaftWorld implements MemberWorld, Besieged {
  readonly clock = new VirtualClock();
  readonly checker = new RaftChecker();
  readonly random: Random;
  readonly members = new Map<MemberId, SimMember>();
  readonly network: SimNetwork;
  readonly #trace = new Trace();
  readonly #options: RaftNodeOptions;
  readonly #bootstrap: Membership;
  readonly #clockDriftPerMille: number;
  readonly isAboutClocks: boolean;
  readonly #seed: number;
  readonly #nemesis = new RaftNemesis(this);
  isChaos = true;
  #failure: SimFailure | null = null;
  #writeCount = 0;
  readonly counts = {
    committed: 0,
    rejected: 0,
    unknown: 0,
    reads: 0,
    changes: 0,
    wedged: 0,
  };

  constructor(seed: number, clocks?: Clocks) {
    this.#seed = seed;
    this.random = seededRandom(seed);
    const draw = this.random.fork('world');
    const between = (low: number, high: number): number => low + draw.below(high - low + 1);
    // A world of one member is soon told: few of them.
    const drawnSize = [1, 3, 3, 3, 3, 5, 5][draw.below(7)] ?? 3;
    const size = drawnSize === 1 && seed % 4 !== 0 ? 3 : drawnSize;
    const ids = Array.from({ length: size }, (_, i) => i + 1);
    this.#bootstrap = { members: ids.map((id) => ({ id, role: 'voter', context: `m${id}` })) };
    const reads = draw.below(2) === 0 && clocks === undefined ? 'quorum' : 'lease';
    const clockDriftPerMille = clocks?.toldPerMille ?? between(1, 300);
    // Without leases clocks may go as they like, as long as elections come to an end.
    const drawn = reads === 'lease' ? clockDriftPerMille : between(1, 600);
    this.#clockDriftPerMille = clocks?.truePerMille ?? drawn;
    this.isAboutClocks = clocks !== undefined;
    this.#options = {
      reads,
      clockDriftPerMille,
      electionTicks: between(8, 12),
      heartbeatTicks: between(1, 2),
      snapshotEntries: between(8, 60),
      keepEntries: between(1, 20),
      segmentBytesMax: between(600, 6000),
      appendBytesMax: between(100, 4000),
      inflightMessagesMax: between(1, 8),
      uncommittedBytesMax: between(200, 4000),
      queueEntriesMax: between(2, 40),
      snapshotSendMs: 2000,
      writeStallMs: between(300, 1200),
      handOverPauseMs: between(500, 5000),
      promoteLagMax: between(1, 50),
    };
    this.network = new SimNetwork(this.clock, this.random.fork('network'), this.members, (text) =>
      this.trace(text),
    );
    for (const id of ids) this.members.set(id, new SimMember(id, this, this.#bootstrap));
    this.clock.onEvent(() => this.#afterEvent());
  }

  trace(text: string): void {
    this.#trace.add(this.clock.monotonic(), text);
  }

  transport(from: MemberId, isAlive: () => boolean): ReturnType<SimNetwork['transport']> {
    const inner = this.network.transport(from, isAlive);
    return {
      ...inner,
      send: (message) => {
        try {
          if (isAlive()) this.checker.sent(message);
        } catch (error) {
          this.#fail(error as SimFailure);
        }
        inner.send(message);
      },
    };
  }

  optionsOf(): RaftNodeOptions {
    return this.#options;
  }

  /**
   * How fast a member's clock is. Of two the slower one loses at most the drift on the faster: what
   * the option promises.
   */
  clockRate(id: MemberId): number {
    const slowest = 1 - this.#clockDriftPerMille / 1000;
    const draw = this.random.fork(`clock/${id}`).next() * 2 - 0.5;
    return slowest + (1 - slowest) * Math.min(1, Math.max(0, draw));
  }

  diskMs(id: MemberId): number {
    const stuckMs = (this.#nemesis.stuckUntil.get(id) ?? 0) - this.clock.monotonic();
    if (this.isChaos && stuckMs > 0) return stuckMs;
    const slow = this.isChaos && this.#nemesis.slowDisks.has(id);
    return (slow ? 60 : 0.1) * (1 + this.random.below(4));
  }

  failed(id: MemberId, code: string, error: unknown): void {
    this.trace(`failed ${id} ${code}`);
    if (code === 'DISK_FAILED') this.members.get(id)?.kill();
    else this.#fail(new SimFailure('assertion', `member ${id} stopped: ${code}`, error));
  }

  async run(): Promise<WorldResult> {
    try {
      for (const member of this.members.values()) this.start(member);
      for (let i = 0; i < 3; i++) void this.#client(this.random.fork(`client/${i}`));
      void this.#nemesis.run(this.random.fork('nemesis'));
      if (this.#seed % 3 === 1) void this.#reshape(this.random.fork('reshape'));
      await this.clock.advance(5000 + this.random.below(3000));
      await this.#converge();
    } catch (error) {
      const failure =
        error instanceof SimFailure ? error : new SimFailure('convergence', String(error));
      failure.message += `\n  ${this.#trace.tail().join('\n  ')}`;
      throw failure;
    }
    const { committed, rejected, unknown, reads, changes } = this.counts;
    return {
      traceHash: this.#trace.hash,
      eventCount: this.clock.eventCount,
      summary:
        `${this.#bootstrap.members.length} members, ${this.#nemesis.faultCount} faults, ${committed} committed, ` +
        `${rejected} rejected, ${unknown} unknown, ${reads} reads, ${changes} membership changes, ` +
        `${this.checker.jointCount} joint, ${this.counts.wedged} wedged leaders`,
    };
  }

  start(member: SimMember): void {
    member.start().catch((error: unknown) => {
      // A disk that fails while the process starts is a crash like any other.
      if (!isRaftError(error) && /EIO|ENOSPC/.test(String(error))) member.kill();
      else
        this.#fail(
          new SimFailure('checker', `member ${member.id} cannot start: ${String(error)}`, error),
        );
    });
  }

  leader(): { readonly member: SimMember; readonly node: RaftNode } | null {
    let best: { member: SimMember; node: RaftNode } | null = null;
    for (const member of this.members.values()) {
      const { node } = member;
      if (node === null || member.isPaused || node.inspection.role !== 'leader') continue;
      if (best === null || node.inspection.term > best.node.inspection.term)
        best = { member, node };
    }
    return best;
  }

  #fail(failure: SimFailure): void {
    this.#failure ??= failure;
  }

  #afterEvent(): void {
    for (const { id, node } of this.members.values()) {
      if (node !== null) this.checker.observe(id, node.inspection);
    }
    if (this.#failure !== null) throw this.#failure;
    if (this.clock.eventCount < EVENTS_MAX) return;
    throw new SimFailure('convergence', `more than ${EVENTS_MAX} events`);
  }

  /** Writes and reads, at the leader mostly and anywhere sometimes; nothing is awaited. */
  async #client(random: Random): Promise<void> {
    while (this.isChaos) {
      await this.clock.wait(5 + random.below(120));
      const all = [...this.members.values()];
      const any = all[random.below(all.length)];
      const member = random.below(10) < 7 ? (this.leader()?.member ?? any) : any;
      const node = member?.node;
      if (!member || !node) continue;
      const count = 1 + random.below(6);
      if (random.below(3) > 0) {
        for (let i = 0; i < count; i++) {
          const paddingBytes = random.below(200);
          member.deliver(() => void this.write(node, paddingBytes));
        }
      }
      this.#readEverywhere();
    }
  }

  /** All that believe to lead are asked: of two, at most one may answer. */
  #readEverywhere(): void {
    for (const one of this.members.values()) {
      if (one.node?.inspection.role === 'leader') one.deliver(() => this.#read(one));
    }
  }

  /** Writes to the newest leader, and at once reads: an older one has its last chance to be wrong. */
  async probe(times: number, random: Random): Promise<void> {
    for (let i = 0; i < times && this.isChaos; i++) {
      await this.clock.wait(10 + random.below(40));
      const node = this.leader()?.node;
      if (node === undefined) continue;
      void this.write(node, 0).then((isDone) => isDone && this.#readEverywhere());
    }
  }

  write(node: RaftNode, paddingBytes: number): Promise<boolean> {
    const name = `w${++this.#writeCount}`;
    return node.propose(Buffer.from(name + '.'.repeat(paddingBytes))).then((outcome) => {
      this.counts[outcome.kind]++;
      if (outcome.kind === 'committed') this.checker.acknowledged(outcome.index, name);
      if (outcome.kind === 'rejected') this.checker.rejected(name);
      return outcome.kind === 'committed';
    });
  }

  #read(member: SimMember): void {
    const { node } = member;
    if (node === null) return;
    const since = this.checker.acknowledgedMax;
    node.readIndex().then(
      (index) => {
        this.counts.reads++;
        const { appliedIndex } = node.status();
        try {
          this.checker.readAnswered(since, index, appliedIndex, member.machine.values);
        } catch (error) {
          this.#fail(error as SimFailure);
        }
      },
      (error: unknown) => {
        if (!isRaftError(error))
          this.#fail(new SimFailure('checker', `read failed: ${String(error)}`));
      },
    );
  }

  change(random: Random): void {
    const leader = this.leader();
    if (leader === null) return;
    const { membership } = leader.node.status();
    this.#propose(leader.node, drawChange(random, membership, this.members.size));
  }

  /** In some worlds the members change all the time, by sets that the leader can take. */
  async #reshape(random: Random): Promise<void> {
    while (this.isChaos) {
      await this.clock.wait(100 + random.below(600));
      const node = this.leader()?.node;
      if (node === undefined || !this.isChaos) continue;
      this.#propose(node, drawPossibleSet(random, node.status(), this.members.size));
    }
  }

  #propose(node: RaftNode, change: MembershipChange): void {
    const named = change.kind === 'set-members' ? change.members : [change];
    for (const { id } of named) {
      if (this.members.has(id)) continue;
      const joining = new SimMember(id, this, undefined);
      this.members.set(id, joining);
      this.start(joining);
    }
    const text = named.map((one) => ('role' in one ? `${one.id}${one.role}` : one.id)).join();
    this.trace(`change ${change.kind} ${text}`);
    void node.changeMembership(change).then(({ kind }) => {
      if (kind === 'committed') this.counts.changes++;
    });
  }

  /** All faults end; then a write must succeed and every member must have everything. */
  async #converge(): Promise<void> {
    this.isChaos = false;
    this.trace('heal');
    this.network.heal();
    this.network.faults = { ...calmNetwork };
    for (const member of this.members.values()) {
      member.isDiskFailing = false;
      member.isDiskFull = false;
      member.resume(this.random);
    }
    const end = this.clock.monotonic() + CONVERGE_MS;
    for (;;) {
      const left = end - this.clock.monotonic();
      if (left <= 0) throw new SimFailure('convergence', `no write succeeds in ${CONVERGE_MS} ms`);
      await this.clock.until(() => this.#startAll() && this.leader() !== null, left, 'a leader');
      const node = this.leader()?.node;
      if (node === undefined) continue;
      const write = this.write(node, 0);
      const isDone = await this.clock.resolve(write, Math.min(3000, left)).catch(() => false);
      if (isDone && this.leader()?.node === node) break;
      await this.clock.advance(100);
    }
    await this.clock.until(() => this.#isCaughtUp(), CONVERGE_MS, 'the same state everywhere');
    this.checker.finished(this.leader()?.member.machine.values ?? new Map<number, string>());
  }

  #startAll(): true {
    for (const member of this.members.values()) if (member.canStart) this.start(member);
    return true;
  }

  #isCaughtUp(): boolean {
    this.#startAll();
    const leader = this.leader();
    if (leader === null) return false;
    const { appliedIndex, commitIndex, lastIndex, membership } = leader.node.status();
    if (appliedIndex !== lastIndex || commitIndex !== lastIndex) return false;
    return membership.members.every(({ id }) => {
      const member = this.members.get(id);
      const isThere = member?.node?.status().appliedIndex === appliedIndex;
      return isThere && member?.machine.chain === leader.member.machine.chain;
    });
  }
}

/** Three or five members of `raft-ts` (sometimes one) under a seed. */
export const raftWorld: World = {
  name: 'raft',
  run: (seed) => new RaftWorld(seed).run(),
};

/** Leaders of slow clocks are cut off again and again, and reads are answered by lease. */
export function clocksWorld(clocks: Clocks): World {
  return { name: 'clocks', run: (seed) => new RaftWorld(seed, clocks).run() };
}
